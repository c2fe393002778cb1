// What the decoder accepts beyond what the encoder writes, and what it says about what it refuses.

import RingmasterProtocol
import Testing

struct DecoderTests {
    @Test func keysMayComeInAnyOrderAndUnknownOnesArePassedOver() throws {
        // {"label": "p", "z": [1, {"x": 9}], 7: 0, "y": -2, nil: 1, "x": 1}
        let bytes = hex("86a56c6162656ca170a17a920181a178090700a179fec001a17801")
        #expect(try MessagePackDecoder().decode(Point.self, from: bytes) == Point(x: 1, y: -2, label: "p"))
    }

    @Test func aKeyMayBeAnIntegerWhereTheTypeNumbersItsKeys() throws {
        struct Numbered: Codable, Equatable {
            enum CodingKeys: Int, CodingKey { case first = 1, second = 300 }
            var first: String
            var second: Bool
        }
        let value = Numbered(first: "f", second: true)
        #expect(try MessagePackDecoder().decode(Numbered.self, from: hex("8201a166cd012cc3")) == value)
        #expect(try MessagePackDecoder().decode(Numbered.self, from: hex("82cd012cc301a166")) == value)
        #expect(try recoded(value) == value)
        #expect(try MessagePackDecoder().decode([Int: Int].self, from: hex("820102fe03")) == [1: 2, -2: 3])
    }

    @Test func formsLongerThanNeedBeAreAccepted() throws {
        for bytes in ["05", "cc05", "cd0005", "ce00000005", "cf0000000000000005", "d005", "d10005", "d200000005"] {
            #expect(try MessagePackDecoder().decode(UInt8.self, from: hex(bytes)) == 5)
        }
        for bytes in ["a161", "d90161", "da000161", "db0000000161"] {
            #expect(try MessagePackDecoder().decode(String.self, from: hex(bytes)) == "a")
        }
        for bytes in ["9105", "dc000105", "dd0000000105"] {
            #expect(try MessagePackDecoder().decode([Int].self, from: hex(bytes)) == [5])
        }
        for bytes in ["81a16105", "de0001d9016105", "df00000001da000161cc05"] {
            #expect(try MessagePackDecoder().decode([String: Int].self, from: hex(bytes)) == ["a": 5])
        }
        for bytes in ["c40105", "c5000105", "c60000000105", "9105", "dc0001cc05"] {
            #expect(try MessagePackDecoder().decode([UInt8].self, from: hex(bytes)) == [5])
        }
    }

    @Test func numbersConvertOnlyWhereNothingIsLost() throws {
        let decoder = MessagePackDecoder()
        #expect(try decoder.decode(Double.self, from: hex("ca3fc00000")) == 1.5)
        #expect(try decoder.decode(Float.self, from: hex("cb3ff8000000000000")) == 1.5)
        #expect(try decoder.decode(Double.self, from: hex("03")) == 3)
        #expect(try decoder.decode(Double.self, from: hex("d0df")) == -33)
        refuses(Float.self, "cb3ff199999999999a", with: .outOfRange(offset: 0))
        refuses(Double.self, "cf0020000000000001", with: .outOfRange(offset: 0))
        refuses(Float.self, "ce01000001", with: .outOfRange(offset: 0))
        refuses(UInt8.self, "cd0100", with: .outOfRange(offset: 0))
        refuses(UInt64.self, "ff", with: .outOfRange(offset: 0))
        refuses(Int64.self, "cf8000000000000000", with: .outOfRange(offset: 0))
        refuses([UInt8].self, "9201cd0100", with: .outOfRange(offset: 2))
        #expect(throws: DecodingError.self) { try decoder.decode(Int.self, from: hex("ca3f800000")) }
    }

    @Test func whatIsNotOneWholeValueIsRefused() {
        refuses(Int.self, "", with: .truncated(offset: 0))
        refuses(Int.self, "0101", with: .trailingBytes(count: 1, offset: 1))
        refuses(Point.self, "83a17801a179fea56c6162656ca17000", with: .trailingBytes(count: 1, offset: 15))
        refuses(Point.self, "c1", with: .malformed(offset: 0))
        refuses(Point.self, "81a17ac1", with: .malformed(offset: 3))
        refuses(String.self, "a2c328", with: .invalidText(offset: 0))
        refuses(Empty.self, "81a17aa1ff", with: .invalidText(offset: 3))
        refuses([String: Int].self, "81a1ff01", with: .invalidText(offset: 1))
    }

    @Test func hostileCountsAreRefusedBeforeAnythingIsReserved() {
        let most = Int(UInt32.max)
        refuses([Int].self, "ddffffffff", with: .tooLarge(count: most, remaining: 0, offset: 0))
        refuses([Int].self, "ddffffffff00", with: .tooLarge(count: most, remaining: 1, offset: 0))
        refuses([UInt8].self, "ddffffffff00", with: .tooLarge(count: most, remaining: 1, offset: 0))
        refuses([String: Int].self, "dfffffffffa16100", with: .tooLarge(count: most, remaining: 3, offset: 0))
        refuses([[Int]].self, "91dcffff", with: .tooLarge(count: 65_535, remaining: 0, offset: 1))
        refuses(String.self, "dbffffffff61", with: .truncated(offset: 0))
        refuses([UInt8].self, "c6ffffffff61", with: .truncated(offset: 0))
        let deep = String(repeating: "91", count: 100_000)
        refuses(Empty.self, deep + "00", with: .tooDeep(offset: 32))
    }

    @Test func theErrorNamesThePath() throws {
        // {"points": [{"x": 1, "y": "two", "label": ""}]}
        let bytes = hex("81a6706f696e74739183a17801a179a374776fa56c6162656ca0")
        let error = try #require(throws: DecodingError.self) {
            try MessagePackDecoder().decode([String: [Point]].self, from: bytes)
        }
        guard case .typeMismatch(_, let context) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(context.codingPath.map(\.stringValue) == ["points", "Index 0", "y"])
        #expect(
            context.underlyingError as? MessagePackError
                == .typeMismatch(expected: .integer, found: .string, offset: 15)
        )
    }

    @Test func whatIsMissingIsSaidToBe() {
        #expect {
            try MessagePackDecoder().decode(Point.self, from: hex("82a17801a179fe"))
        } throws: { error in
            guard case .keyNotFound(let key, _) = error as? DecodingError else { return false }
            return key.stringValue == "label"
        }
        #expect {
            try MessagePackDecoder().decode([Int].self, from: hex("91c0"))
        } throws: { error in
            guard case .valueNotFound(_, let context) = error as? DecodingError else { return false }
            return context.codingPath.first?.intValue == 0
        }
        #expect {
            try MessagePackDecoder().decode(Pair.self, from: hex("9101"))
        } throws: { error in
            guard case .valueNotFound = error as? DecodingError else { return false }
            return true
        }
    }

    @Test func anElementThatFailsMayBeTriedAsAnotherType() throws {
        struct TextOrNumber: Decodable {
            var texts: [String] = []

            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                while !container.isAtEnd {
                    if let number = try? container.decode(Int.self) {
                        texts.append("\(number)")
                    } else {
                        texts.append(try container.decode(String.self))
                    }
                }
            }
        }
        let decoded = try MessagePackDecoder().decode(TextOrNumber.self, from: hex("9301a161cd0100"))
        #expect(decoded.texts == ["1", "a", "256"])
    }

    @Test func keysAreFoundInAnyOrderOfALargeMap() throws {
        var random = SplitMix64(seed: 3)
        for count in [0, 1, 16, 17, 500] {
            let pairs = (0..<count).map { ("key-\($0)", $0) }
            let bytes = try MessagePackEncoder().encode(OrderedPairs(pairs))
            let found = try Lookup.$keys.withValue(pairs.map(\.0).shuffled(using: &random)) {
                try MessagePackDecoder().decode(Lookup.self, from: bytes).found
            }
            #expect(found == Dictionary(uniqueKeysWithValues: pairs))
        }
    }

    @Test(.timeLimit(.minutes(1))) func aMapOfOneKeyAMillionTimesOverIsSearchedInTime() throws {
        var writer = MessagePackWriter()
        let count = 1_000_000
        writer.writeMapHeader(count: count)
        for _ in 0..<count {
            writer.write("k")
            writer.writeNil()
        }
        let found = try Lookup.$keys.withValue((0..<200).map { "absent-\($0)" }) {
            try MessagePackDecoder().decode(Lookup.self, from: writer.bytes).found
        }
        #expect(found.isEmpty)
    }
}

private struct Pair: Decodable {
    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        _ = (try container.decode(Int.self), try container.decode(Int.self))
    }
}

/// Asks a map for the keys that a test has set, in that order.
private struct Lookup: Decodable {
    @TaskLocal static var keys: [String] = []
    var found: [String: Int] = [:]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: TextKey.self)
        for key in Lookup.keys {
            found[key] = try container.decodeIfPresent(Int.self, forKey: TextKey(stringValue: key))
        }
    }
}

private func refuses<Value: Decodable>(
    _ type: Value.Type,
    _ bytes: String,
    with expected: MessagePackError,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(sourceLocation: sourceLocation) {
        try MessagePackDecoder().decode(type, from: hex(bytes))
    } throws: { error in
        guard case .dataCorrupted(let context) = error as? DecodingError else { return false }
        return context.underlyingError as? MessagePackError == expected
    }
}
