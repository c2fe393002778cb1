// JSON on the command line, MessagePack in the cluster.

import Testing

@testable import RingmasterCommand

struct PlainValueTests {
    @Test(arguments: [
        "null", "true", "0", "-9223372036854775808", "18446744073709551615", "1.5", "\"\"", "\"é\\n\\\"\"", "[]",
        "[1,[2,{}]]", "{\"b\":1,\"a\":[null]}",
    ])
    func jsonComesBackAsItWas(json: String) throws {
        let value = try PlainValue(json: json)
        #expect(value.json == json)
        #expect(try PlainValue(messagePack: value.messagePack).json == json)
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\"}", "01", "+1", "1.", ".5", "1e999", "nul", "\"\\x\"", "\"\\ud800\"", "\"", "1 2",
        "\u{1}",
        String(repeating: "[", count: 100_000),
    ])
    func whatIsNoJSONIsText(text: String) {
        #expect(throws: JSONError.self) { try PlainValue(json: text) }
        #expect(PlainValue(argument: text) == .text(text))
    }

    @Test
    func surrogatePairsAreOneCharacter() throws {
        #expect(try PlainValue(json: #""\ud83d\ude00""#) == .text("😀"))
    }

    @Test
    func bytesAreShownInHexadecimal() {
        #expect(PlainValue.bytes([0, 255]).json == #"{"$bytes":"00ff"}"#)
    }
}
