// Any MessagePack value as a tree: the fuzzer's own idea of it, to compare with the library's.

import RingmasterProtocol

/// A value with all that is in it. Floating-point numbers are their bits, so that equal means equal.
indirect enum Tree: Equatable {
    case null
    case bool(Bool)
    case unsigned(UInt64)
    case negative(Int64)
    case float(UInt32)
    case double(UInt64)
    case string(String)
    case binary([UInt8])
    case array([Tree])
    /// Keys and values in turn.
    case map([Tree])
    case ext(Int8, [UInt8])

    /// Reads the next value. What is nested too deep must have been refused before.
    init(from reader: inout MessagePackReader, markerAt marker: (Int) -> UInt8) throws(MessagePackError) {
        switch try reader.nextType() {
        case .null:
            _ = reader.readNilIfNext()
            self = .null
        case .bool: self = .bool(try reader.readBool())
        case .integer:
            let start = reader
            do throws(MessagePackError) {
                self = .unsigned(try reader.readInteger(UInt64.self))
            } catch {
                reader = start
                self = .negative(try reader.readInteger(Int64.self))
            }
        case .float:
            self =
                marker(reader.offset) == 0xca
                ? .float(try reader.readFloat().bitPattern) : .double(try reader.readDouble().bitPattern)
        case .string: self = .string(try reader.readString())
        case .binary: self = .binary(Array(try reader.readBinary()))
        case .array:
            let count = try reader.readArrayHeader()
            self = .array(try Tree.several(count, from: &reader, markerAt: marker))
        case .map:
            let count = try reader.readMapHeader()
            self = .map(try Tree.several(2 * count, from: &reader, markerAt: marker))
        case .ext:
            let (type, data) = try reader.readExtension()
            self = .ext(type, Array(data))
        }
    }

    private static func several(
        _ count: Int,
        from reader: inout MessagePackReader,
        markerAt marker: (Int) -> UInt8
    ) throws(MessagePackError) -> [Tree] {
        var trees: [Tree] = []
        for _ in 0..<count { trees.append(try Tree(from: &reader, markerAt: marker)) }
        return trees
    }

    func write(to writer: inout MessagePackWriter) {
        switch self {
        case .null: writer.writeNil()
        case .bool(let value): writer.write(value)
        case .unsigned(let value): writer.write(value)
        case .negative(let value): writer.write(value)
        case .float(let bits): writer.write(Float(bitPattern: bits))
        case .double(let bits): writer.write(Double(bitPattern: bits))
        case .string(let text): writer.write(text)
        case .binary(let bytes): writer.writeBinary(bytes)
        case .array(let elements):
            writer.writeArrayHeader(count: elements.count)
            for element in elements { element.write(to: &writer) }
        case .map(let elements):
            writer.writeMapHeader(count: elements.count / 2)
            for element in elements { element.write(to: &writer) }
        case .ext(let type, let data):
            data.withUnsafeBytes { writer.writeExtension(type: type, $0) }
        }
    }

    /// How many arrays and maps are around its innermost value, those that are empty included.
    var depth: Int {
        switch self {
        case .array(let elements), .map(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        default: 0
        }
    }

    /// A value of at most `size` values or so.
    static func random(size: Int, _ random: inout SplitMix64) -> Tree {
        switch random.below(size > 1 ? 13 : 9) {
        case 0: return .null
        case 1: return .bool(random.oneIn(2))
        case 2: return .unsigned(random.next() >> UInt64(random.below(64)))
        case 3: return .negative(-1 - Int64(random.next() >> UInt64(1 + random.below(63))))
        case 4: return .float(UInt32(truncatingIfNeeded: random.next()))
        case 5: return .double(random.next())
        case 6: return .string(text(&random))
        case 7: return .binary((0..<random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        case 8: return .ext(Int8(truncatingIfNeeded: random.next()), Array(repeating: 7, count: random.below(18)))
        case 9, 10, 11: return .array((0..<random.below(size)).map { _ in Tree.random(size: size / 4, &random) })
        default:
            return .map(
                (0..<random.below(size)).flatMap { _ in
                    [Tree.string(text(&random)), Tree.random(size: size / 4, &random)]
                }
            )
        }
    }

    private static func text(_ random: inout SplitMix64) -> String {
        let words = ["", "a", "item", "notes", "quantity", "ü", "…", "🙂", "current_job", "x"]
        return (0..<random.below(4)).map { _ in random.pick(words) }.joined()
    }
}
