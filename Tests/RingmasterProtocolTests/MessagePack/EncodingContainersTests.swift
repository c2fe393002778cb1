// What `Codable` lets a type do with its encoder beyond the usual: containers in turns, nesting by hand, super encoders
// that are used late or never, and failures that are caught.

import RingmasterProtocol
import Testing

struct EncodingContainersTests {
    @Test func containersWrittenToInTurnsEachKeepTheirOrder() throws {
        let bytes = try encoding { encoder in
            var outer = encoder.container(keyedBy: TextKey.self)
            var first = outer.nestedUnkeyedContainer(forKey: "a")
            var second = outer.nestedContainer(keyedBy: TextKey.self, forKey: "b")
            for number in 0..<3 {
                try first.encode(number)
                try second.encode(number, forKey: TextKey(stringValue: "k\(number)"))
            }
            try outer.encode(true, forKey: "c")
            try first.encode("late")
            try second.encode([9], forKey: "late")
        }
        // {"a": [0, 1, 2, "late"], "b": {"k0": 0, "k1": 1, "k2": 2, "late": [9]}, "c": true}
        let golden = "83a16194000102a46c617465a16284a26b3000a26b3101a26b3202a46c6174659109a163c3"
        #expect(hex(bytes) == golden)
    }

    @Test func aClosedContainerMayStillOutgrowItsHeader() throws {
        let bytes = try encoding { encoder in
            var outer = encoder.unkeyedContainer()
            var arrays = [outer.nestedUnkeyedContainer(), outer.nestedUnkeyedContainer()]
            for number in 0..<20 {
                for index in arrays.indices { try arrays[index].encode(Point(x: number, y: index, label: "")) }
            }
            try outer.encode("end")
            #expect(outer.count == 3 && arrays[0].count == 20)
        }
        let rows = try decodedRows(bytes)
        for (index, row) in rows.enumerated() {
            #expect(row == (0..<20).map { Point(x: $0, y: index, label: "") })
        }
    }

    @Test func superEncodersMayBeUsedLateOrNever() throws {
        let bytes = try encoding { encoder in
            var outer = encoder.unkeyedContainer()
            let (first, second, third) = (outer.superEncoder(), outer.superEncoder(), outer.superEncoder())
            try outer.encode("end")
            var inside = second.container(keyedBy: TextKey.self)
            try inside.encode(2, forKey: "two")
            var value = first.singleValueContainer()
            try value.encode("one")
            try inside.encode(22, forKey: "more")
            _ = third
        }
        // ["one", {"two": 2, "more": 22}, {}, "end"]
        #expect(hex(bytes) == "94a36f6e6582a374776f02a46d6f72651680a3656e64")
    }

    @Test func nestingDeeperByHandInTurnsStaysInPlace() throws {
        let bytes = try encoding { encoder in
            var outer = encoder.unkeyedContainer()
            var first = outer.nestedUnkeyedContainer()
            try outer.encode(0)
            var inner = first.nestedUnkeyedContainer()
            try first.encode("f")
            try inner.encode("i")
            var innermost = inner.nestedContainer(keyedBy: TextKey.self)
            try innermost.encode(["v"], forKey: "k")
            try inner.encode("j")
        }
        // [[["i", {"k": ["v"]}, "j"], "f"], 0]
        #expect(hex(bytes) == "929293a16981a16b91a176a16aa16600")
    }

    @Test func askingTwiceGivesTheSameContainer() throws {
        let bytes = try encoding { encoder in
            var first = encoder.container(keyedBy: TextKey.self)
            try first.encode(1, forKey: "a")
            var second = encoder.container(keyedBy: TextKey.self)
            try second.encode(2, forKey: "b")
        }
        #expect(hex(bytes) == "82a16101a16202")
    }

    @Test func anElementThatFailsLeavesNoTrace() throws {
        let bytes = try encoding { encoder in
            var outer = encoder.unkeyedContainer()
            try outer.encode(1)
            #expect(throws: Refusal.self) { try outer.encode(Refusing()) }
            try outer.encode(2)
        }
        #expect(hex(bytes) == "920102")
    }

    @Test func theCodingPathLeadsToTheContainer() throws {
        _ = try encoding { encoder in
            var outer = encoder.container(keyedBy: TextKey.self)
            var list = outer.nestedUnkeyedContainer(forKey: "list")
            try list.encode(0)
            let inner = list.nestedContainer(keyedBy: TextKey.self)
            #expect(encoder.codingPath.isEmpty)
            #expect(list.codingPath.map(\.stringValue) == ["list"])
            #expect(inner.codingPath.map(\.stringValue) == ["list", "Index 1"])
            #expect(inner.codingPath.last?.intValue == 1)
            #expect(outer.superEncoder().codingPath.map(\.stringValue) == ["super"])
        }
    }

    @Test func thirtyTwoLevelsAreEncodedAndNoMore() throws {
        let deepest = try MessagePackEncoder().encode(Nested(levels: 32))
        #expect(hex(deepest) == String(repeating: "91", count: 31) + "90")
        #expect(try MessagePackDecoder().decode(Nested.self, from: deepest).levels == 32)
        #expect(throws: EncodingError.self) { try MessagePackEncoder().encode(Nested(levels: 33)) }
        #expect(throws: EncodingError.self) { try MessagePackEncoder().encode(Endless()) }
    }

    private func decodedRows(_ bytes: [UInt8]) throws -> [[Point]] {
        try bytes.withUnsafeBytes { bytes in
            var reader = MessagePackReader(bytes)
            #expect(try reader.readArrayHeader() == 3)
            return try (0..<2).map { _ in
                let start = reader.offset
                try reader.skipValue()
                let row = UnsafeRawBufferPointer(rebasing: bytes[start..<reader.offset])
                return try MessagePackDecoder().decode([Point].self, from: row)
            }
        }
    }

    private func encoding(_ body: @escaping (any Encoder) throws -> Void) throws -> [UInt8] {
        try MessagePackEncoder().encode(ByHand(body: body))
    }
}

private struct ByHand: Encodable {
    let body: (any Encoder) throws -> Void

    func encode(to encoder: any Encoder) throws {
        try body(encoder)
    }
}

/// Arrays inside arrays.
private struct Nested: Codable {
    let levels: Int

    init(levels: Int) {
        self.levels = levels
    }

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        levels = try container.isAtEnd ? 1 : container.decode(Nested.self).levels + 1
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        if levels > 1 { try container.encode(Nested(levels: levels - 1)) }
    }
}

/// A value that is inside itself.
private struct Endless: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(Endless())
    }
}

extension TextKey: ExpressibleByStringLiteral {
    init(stringLiteral value: String) {
        self.init(stringValue: value)
    }
}
