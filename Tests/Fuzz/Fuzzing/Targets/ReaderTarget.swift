// `MessagePackReader` and `MessagePackWriter`: values one by one.

import RingmasterProtocol

/// Any values, passed over, read as every type there is, and read into a tree that is written again.
final class ReaderTarget: FuzzTarget {
    let name: StaticString = "reader"
    private let memory = GuardedMemory(capacity: Mutator.bytesMax)

    let seeds: [[UInt8]] = [
        [0xc0], [0xc2], [0x7f], [0xe0], [0xcd, 1, 0], [0xd3, 255, 255, 255, 255, 255, 255, 255, 0],
        [0xca, 0x7f, 0xa0, 0, 1], [0xcb, 0x40, 9, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18],
        [0xa3, 97, 98, 99], [0xd9, 3, 0xe2, 0x80, 0xa6], [0xc4, 2, 1, 2], [0xc7, 3, 5, 1, 2, 3],
        [0xd6, 0xff, 1, 2, 3, 4],
        [0x93, 1, 0xa1, 97, 0xc0], [0xdc, 0, 2, 0x80, 0x90], [0x82, 0xa1, 97, 1, 0xa1, 98, 0x91, 2],
        Array(repeating: 0x91, count: 32) + [0x90], Array(repeating: 0x81, count: 40) + [0xc0],
    ]

    func make(_ random: inout SplitMix64) -> [UInt8]? {
        var writer = MessagePackWriter()
        Tree.random(size: 40, &random).write(to: &writer)
        return writer.bytes.count <= Mutator.bytesMax ? writer.bytes : nil
    }

    func read(_ input: [UInt8], _ random: inout SplitMix64) throws(BrokenPromise) -> String {
        let bytes = memory.place(input)
        try readAsEveryType(bytes)
        var reader = MessagePackReader(bytes)
        do {
            try reader.skipValue()
        } catch {
            try promise("a reader that throws stays where it was", reader.offset == 0)
            return "refused: \(error.kind)"
        }
        try promise("a reader stays within its bytes", reader.offset > 0 && reader.offset <= bytes.count)
        let length = reader.offset
        var strict = MessagePackReader(bytes)
        guard (try? strict.skipValue(checkingText: true)) != nil else {
            return "read: text that is not UTF-8"
        }
        try promise("text that is UTF-8 changes no length", strict.offset == length)
        try checkTree(bytes, length)
        return "read: a \((try? MessagePackReader(bytes).nextType()).map { "\($0)" } ?? "value")"
    }

    private func checkTree(_ bytes: UnsafeRawBufferPointer, _ length: Int) throws(BrokenPromise) {
        var reader = MessagePackReader(bytes)
        let tree: Tree
        do {
            tree = try Tree(from: &reader) { bytes[$0] }
        } catch {
            throw BrokenPromise("what can be passed over can be read (\(error))")
        }
        try promise("reading ends where passing over does", reader.offset == length)
        var writer = MessagePackWriter()
        tree.write(to: &writer)
        try promise("what is written is in the shortest form", writer.bytes.count <= length)
        let again = writer.bytes.withUnsafeBytes { written -> Tree? in
            var reader = MessagePackReader(written)
            let tree = try? Tree(from: &reader) { written[$0] }
            return reader.isAtEnd ? tree : nil
        }
        try promise("what was written is read as what it was", again == tree)
    }

    private func readAsEveryType(_ bytes: UnsafeRawBufferPointer) throws(BrokenPromise) {
        try attempt(bytes) { (reader) throws(MessagePackError) in _ = try reader.readBool() }
        try attempt(bytes) { (reader) throws(MessagePackError) in _ = try reader.readInteger(UInt8.self) }
        try attempt(bytes) { (reader) throws(MessagePackError) in _ = try reader.readInteger(Int64.self) }
        try attempt(bytes) { (reader) throws(MessagePackError) in _ = try reader.readDouble() }
        try attempt(bytes) { (reader) throws(MessagePackError) in _ = try reader.readFloat() }
        try attempt(bytes) { (reader) throws(MessagePackError) in _ = try reader.readString() }
        try attempt(bytes) { (reader) throws(MessagePackError) in _ = try reader.readBinary() }
        try attempt(bytes) { (reader) throws(MessagePackError) in _ = try reader.readExtension() }
        try attempt(bytes) { (reader) throws(MessagePackError) in _ = try reader.readArrayHeader() }
        try attempt(bytes) { (reader) throws(MessagePackError) in _ = try reader.readMapHeader() }
    }

    private func attempt(
        _ bytes: UnsafeRawBufferPointer,
        _ read: (inout MessagePackReader) throws(MessagePackError) -> Void
    ) throws(BrokenPromise) {
        var reader = MessagePackReader(bytes)
        let isRead = (try? read(&reader)) != nil
        try promise("a reader that throws stays where it was", isRead || reader.offset == 0)
        try promise("a reader that reads moves, within its bytes", !isRead || (1...bytes.count).contains(reader.offset))
    }
}

extension MessagePackError {
    /// The fault without its place.
    var kind: String {
        switch self {
        case .truncated: "truncated"
        case .malformed: "malformed"
        case .typeMismatch: "type mismatch"
        case .outOfRange: "number out of range"
        case .invalidText: "text not UTF-8"
        case .tooDeep: "too deep"
        case .tooLarge: "count beyond the bytes"
        case .trailingBytes: "trailing bytes"
        }
    }
}
