// Values of all shapes come back from the encoder and decoder as they went in.

import RingmasterProtocol
import Testing

struct CodableRoundTripTests {
    @Test func limitsOfEveryScalarComeBack() throws {
        let least = Scalars(
            double: -Double.greatestFiniteMagnitude,
            float: -Float.greatestFiniteMagnitude,
            int: .min,
            int8: .min,
            int16: .min,
            int32: .min,
            int64: .min
        )
        let most = Scalars(
            bool: true,
            string: String(repeating: "\u{1f600}", count: 20_000),
            double: .infinity,
            float: .leastNonzeroMagnitude,
            int: .max,
            int8: .max,
            int16: .max,
            int32: .max,
            int64: .max,
            uint: .max,
            uint8: .max,
            uint16: .max,
            uint32: .max,
            uint64: .max,
            bytes: Array(repeating: 7, count: 70_000),
            maybeString: "s",
            maybeInt: -1,
            maybeBytes: [1],
            maybePoint: Point(x: 1, y: 2, label: "")
        )
        for scalars in [Scalars(), least, most] { #expect(try recoded(scalars) == scalars) }
    }

    @Test func notANumberComesBackInBothWidths() throws {
        #expect(try recoded(Double.nan).isNaN)
        #expect(try recoded(Float.nan).isNaN)
        #expect(try MessagePackDecoder().decode(Float.self, from: MessagePackEncoder().encode(Double.nan)).isNaN)
    }

    @Test func randomNestedValuesComeBack() throws {
        var random = SplitMix64(seed: 1)
        for _ in 0..<300 {
            let value = Everything.random(using: &random)
            #expect(try recoded(value) == value)
        }
    }

    @Test func collectionsOfEverySizeOfHeaderComeBack() throws {
        for count in [0, 1, 15, 16, 17, 255, 256, 65_535, 65_536] {
            #expect(try recoded(Array(0..<count)) == Array(0..<count))
            let byNumber = Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, $0 % 3 == 0) })
            #expect(try recoded(byNumber) == byNumber)
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            #expect(try recoded(bytes) == bytes)
            let text = String(repeating: "x", count: count)
            #expect(try recoded(text) == text)
        }
    }

    @Test func manyNestedStructsInOneArrayComeBack() throws {
        let records = (0..<1000).map { Point(x: $0, y: -$0, label: String(repeating: "l", count: $0 % 40)) }
        #expect(try recoded([records, [], records]) == [records, [], records])
    }

    @Test func topLevelOptionalsAndWrappersComeBack() throws {
        #expect(try hex(MessagePackEncoder().encode(Int?.none)) == "c0")
        #expect(try recoded(Int?.none) == nil)
        #expect(try recoded([UInt8]?.some([1, 2])) == [1, 2])
        #expect(try hex(MessagePackEncoder().encode([UInt8]?.some([1, 2]))) == "c4020102")
        #expect(try recoded(Colour.green) == .green)
        #expect(try recoded(JobID(7)) == JobID(7))
        #expect(try recoded(WorkerID("w")) == WorkerID("w"))
        #expect(try recoded(Empty()) == Empty())
        #expect(try hex(MessagePackEncoder().encode([Empty(), Empty()])) == "928080")
    }

    @Test func aSuperclassIsCodedInItsOwnMap() throws {
        let lorry = try recoded(Lorry(wheels: 6, load: "sand"))
        #expect(lorry.wheels == 6 && lorry.load == "sand")
        #expect(
            try MessagePackDecoder().decode([String: [String: Int]].self, from: hex("81a5737570657281a6776865656c7306"))
                == ["super": ["wheels": 6]]
        )
    }

    @Test func encodingAppendsAndLeavesNothingBehindOnFailure() throws {
        var writer = MessagePackWriter()
        writer.writeArrayHeader(count: 2)
        try MessagePackEncoder().encode(1, into: &writer)
        try MessagePackEncoder().encode(Point(x: 1, y: -2, label: "p"), into: &writer)
        #expect(hex(writer.bytes) == "920183a17801a179fea56c6162656ca170")
        #expect(throws: Refusal.self) { try MessagePackEncoder().encode([Refusing()], into: &writer) }
        #expect(hex(writer.bytes) == "920183a17801a179fea56c6162656ca170")
    }

    @Test func allSourcesOfBytesDecodeAlike() throws {
        let bytes = hex("83a17801a179fea56c6162656ca170")
        let point = Point(x: 1, y: -2, label: "p")
        #expect(try MessagePackDecoder().decode(Point.self, from: bytes) == point)
        #expect(try MessagePackDecoder().decode(Point.self, from: bytes.span.bytes) == point)
        #expect(try bytes.withUnsafeBytes { try MessagePackDecoder().decode(Point.self, from: $0) } == point)
    }
}

struct Refusal: Error {}

/// A value that writes something and then cannot be encoded.
struct Refusing: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: TextKey.self)
        var inner = container.nestedUnkeyedContainer(forKey: TextKey(stringValue: "inner"))
        try inner.encode("half")
        throw Refusal()
    }
}

func recoded<Value: Codable>(_ value: Value) throws -> Value {
    try MessagePackDecoder().decode(Value.self, from: MessagePackEncoder().encode(value))
}

extension Everything {
    static func random(using random: inout SplitMix64) -> Everything {
        func count() -> Int { Int.random(in: 0...20, using: &random) }
        func text() -> String { String((0..<count()).map { _ in "aü€😀\u{0}z".randomElement(using: &random)! }) }
        func number() -> Int { Int(truncatingIfNeeded: random.next()) >> Int.random(in: 0...63, using: &random) }
        func bytes() -> [UInt8] { (0..<count()).map { _ in UInt8.random(in: 0...255, using: &random) } }
        func point() -> Point { Point(x: number(), y: number(), label: text()) }
        func tree(_ depth: Int) -> Tree {
            depth == 0 || Bool.random(using: &random) ? .leaf(number()) : .node(tree(depth - 1), tree(depth - 1))
        }
        func step() -> Step {
            [.circle(radius: Double(number())), .move(number(), number()), .idle].randomElement(using: &random)!
        }
        var value = Everything()
        value.scalars.bool = Bool.random(using: &random)
        value.scalars.string = text()
        value.scalars.double = Double(number()) / 7
        value.scalars.float = Float(number()) / 7
        value.scalars.int = number()
        value.scalars.uint64 = random.next()
        value.scalars.int8 = Int8(truncatingIfNeeded: number())
        value.scalars.uint16 = UInt16(truncatingIfNeeded: number())
        value.scalars.bytes = bytes()
        value.scalars.maybeInt = Bool.random(using: &random) ? number() : nil
        value.scalars.maybePoint = Bool.random(using: &random) ? point() : nil
        value.points = (0..<count()).map { _ in point() }
        value.optionals = (0..<count()).map { _ in Bool.random(using: &random) ? number() : nil }
        for _ in 0..<count() { value.byName[text()] = (0..<3).map { _ in point() } }
        for _ in 0..<count() { value.byNumber[number()] = text() }
        value.byColour = [.red: number(), .green: number()]
        value.steps = (0..<count()).map { _ in step() }
        value.tree = tree(6)
        value.colours = Bool.random(using: &random) ? [.red] : [.red, .green]
        value.matrix = (0..<count()).map { _ in (0..<count()).map { _ in Double(number()) } }
        value.blobs = (0..<count()).map { _ in bytes() }
        return value
    }
}
