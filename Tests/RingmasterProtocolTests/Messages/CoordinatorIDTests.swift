// What a peer may send as the name of a coordinator, and that it keeps its identity and order.

import RingmasterProtocol
import Testing

struct CoordinatorIDTests {
    @Test func aCoordinatorIDTakesOneTo64Bytes() throws {
        #expect(throws: MessageError.coordinatorIDEmpty) { try CoordinatorID(validating: "") }
        #expect(try CoordinatorID(validating: String(repeating: "c", count: 64)).name.utf8.count == 64)
        #expect(throws: MessageError.coordinatorIDTooLong(byteCount: 66)) {
            try CoordinatorID(validating: String(repeating: "ü", count: 33))
        }
    }

    @Test func coordinatorsAreTheSameOnlyWhenTheirBytesAre() throws {
        let composed = try CoordinatorID(validating: "Gr\u{fc}n")
        let decomposed = try CoordinatorID(validating: "Gru\u{308}n")
        #expect(composed != decomposed && composed > decomposed)
        #expect(Set([composed, decomposed, composed]).count == 2)
    }

    @Test func aCoordinatorIDIsCodedAsASingleValue() throws {
        let id: CoordinatorID = "c-1"
        #expect(try hex(MessagePackEncoder().encode(id)) == "a3632d31")
        #expect(try recoded(id) == id)
        #expect(throws: DecodingError.self) { try MessagePackDecoder().decode(CoordinatorID.self, from: hex("a0")) }
    }
}
