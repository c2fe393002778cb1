// The error of a response: its bytes, its limit, and what of a peer's is refused.

import RingmasterProtocol
import Testing

struct WireErrorTests {
    @Test func anErrorIsItsCodeAndMessage() throws {
        let error = WireError(code: .unknownMethod, message: "no such method: add")
        // As python3-msgpack 1.0.3 packs [1, "no such method: add"].
        let bytes = "9201b36e6f2073756368206d6574686f643a20616464"
        #expect(hex(error.encoded()) == bytes)
        #expect(try WireError(decoding: hex(bytes)) == error)
    }

    @Test func everyCodeComesBack() throws {
        for code in [Int32.min, -1, 0, 10, 11, Int32.max].map(RPCErrorCode.init(rawValue:)) {
            let error = WireError(code: code, message: "")
            #expect(try WireError(decoding: error.encoded()) == error)
        }
    }

    @Test func aLongMessageIsCutBetweenTwoCharacters() throws {
        let limit = MessageLimits.errorMessageBytesMax
        for character in ["a", "ü", "€", "😀"] {
            for lead in 0..<4 {
                let message = String(repeating: "x", count: lead) + String(repeating: character, count: limit)
                let cut = WireError(code: .handlerFailed, message: message).message
                #expect(message.hasPrefix(cut))
                #expect(cut.utf8.count <= limit && cut.utf8.count > limit - character.utf8.count)
            }
        }
        let whole = String(repeating: "a", count: limit)
        #expect(WireError(code: .handlerFailed, message: whole).message == whole)
    }

    @Test func aMessageTooLongOrNotTextDoesNotCostTheCode() throws {
        // [3, <2000 bytes of "€" cut anywhere>]
        let long = Array(String(repeating: "€", count: 700).utf8.prefix(2000))
        let error = try WireError(decoding: hex("9203da07d0") + long)
        #expect(error.code == .handlerFailed)
        #expect(error.message == String(repeating: "€", count: 341))
        #expect(try WireError(decoding: hex("9203a361e282")) == WireError(code: .handlerFailed, message: "a\u{fffd}"))
    }

    @Test func everythingElseIsRefused() {
        refuses("c0", with: mismatch(.array, .null, 0))
        refuses("a178", with: mismatch(.array, .string, 0))
        refuses("820102", with: .encoding(.tooLarge(count: 2, remaining: 2, offset: 0)))
        refuses("90", with: .errorElementCount(0))
        refuses("9101", with: .errorElementCount(1))
        refuses("9301a0c0", with: .errorElementCount(3))
        refuses("92a178a0", with: mismatch(.integer, .string, 1))
        refuses("9201c400", with: mismatch(.string, .binary, 2))
        refuses("92ce80000000a0", with: .encoding(.outOfRange(offset: 1)))
        refuses("9201a0c0", with: .encoding(.trailingBytes(count: 1, offset: 3)))
        refuses("ddffffffff", with: .encoding(.tooLarge(count: Int(UInt32.max), remaining: 0, offset: 0)))
        let bytes = WireError(code: .overloaded, message: "later").encoded()
        for length in 0..<bytes.count {
            #expect(throws: MessageError.self) { try WireError(decoding: Array(bytes[..<length])) }
        }
    }

    private func refuses(_ bytes: String, with error: MessageError, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(throws: error, sourceLocation: sourceLocation) { try WireError(decoding: hex(bytes)) }
    }

    private func mismatch(_ expected: MessagePackType, _ found: MessagePackType, _ offset: Int) -> MessageError {
        .encoding(.typeMismatch(expected: expected, found: found, offset: offset))
    }
}
