// A value of any shape: as JSON where people see it, as MessagePack where the cluster does.

import Ringmaster

/// A MessagePack value. Maps keep their order.
enum PlainValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Above `Int64.max`.
    case unsigned(UInt64)
    case double(Double)
    case text(String)
    case bytes([UInt8])
    case array([PlainValue])
    case map([(key: String, value: PlainValue)])
    /// An application's own type.
    case ext(Int8, [UInt8])

    static func == (a: PlainValue, b: PlainValue) -> Bool {
        a.messagePack == b.messagePack
    }

    // MARK: MessagePack

    var messagePack: [UInt8] {
        var writer = MessagePackWriter()
        write(to: &writer)
        return writer.bytes
    }

    private func write(to writer: inout MessagePackWriter) {
        switch self {
        case .null: writer.writeNil()
        case .bool(let value): writer.write(value)
        case .integer(let value): writer.write(value)
        case .unsigned(let value): writer.write(value)
        case .double(let value): writer.write(value)
        case .text(let value): writer.write(value)
        case .bytes(let value): writer.writeBinary(value)
        case .array(let values):
            writer.writeArrayHeader(count: values.count)
            for value in values { value.write(to: &writer) }
        case .map(let entries):
            writer.writeMapHeader(count: entries.count)
            for (key, value) in entries {
                writer.write(key)
                value.write(to: &writer)
            }
        case .ext(let type, let data): data.withUnsafeBytes { writer.writeExtension(type: type, $0) }
        }
    }

    /// Reads a value that fills the bytes.
    /// - Throws: `MessagePackError`.
    init(messagePack bytes: [UInt8]) throws(MessagePackError) {
        let span = bytes.span
        self = try span.bytes.withUnsafeBytes { buffer throws(MessagePackError) in
            var reader = MessagePackReader(buffer)
            let value = try PlainValue(reading: &reader, depth: 0)
            try reader.finish()
            return value
        }
    }

    private init(reading reader: inout MessagePackReader, depth: Int) throws(MessagePackError) {
        guard depth < MessagePackLimits.depthMax else { throw .tooDeep(offset: reader.offset) }
        switch try reader.nextType() {
        case .null:
            _ = reader.readNilIfNext()
            self = .null
        case .bool: self = .bool(try reader.readBool())
        case .integer:
            if let value = try? reader.readInteger(Int64.self) {
                self = .integer(value)
            } else {
                self = .unsigned(try reader.readInteger(UInt64.self))
            }
        case .float: self = .double(try reader.readDouble())
        case .string: self = .text(try reader.readString())
        case .binary: self = .bytes(Array(try reader.readBinary()))
        case .array:
            var values: [PlainValue] = []
            for _ in 0..<(try reader.readArrayHeader()) {
                values.append(try PlainValue(reading: &reader, depth: depth + 1))
            }
            self = .array(values)
        case .map:
            var entries: [(key: String, value: PlainValue)] = []
            for _ in 0..<(try reader.readMapHeader()) {
                let key = try PlainValue(reading: &reader, depth: depth + 1)
                let text = if case .text(let text) = key { text } else { key.json }
                entries.append((text, try PlainValue(reading: &reader, depth: depth + 1)))
            }
            self = .map(entries)
        case .ext:
            let (type, data) = try reader.readExtension()
            self = .ext(type, Array(data))
        }
    }
}
