// A publication on the wire, and the listing that tells a subscriber what it could have heard.
//
//     part 1  the topic's bytes, by which ZeroMQ filters      part 1  the prefix subscribed to
//     part 2  [2, topic, [publisher, sequence, value]]        part 2  [2, "$/topics", [publisher, prefix, count, sequence]]
//
// Both are MessagePack-RPC notifications. `publisher` is drawn at random when a publisher starts; sequences count from 1
// for each topic; `value` is bin for bytes. A listing follows the last values that a subscription is answered with: it
// says how many topics of the publisher begin with `prefix`, and the sequence of the topic of just that name (0: none).

import CShim

package enum PublicationFrame {
    static let reservedPrefix = Array("$/".utf8)
    static let listingName = Array("$/topics".utf8)

    /// A publication's or a listing's body; the bytes of `value` are those that were read.
    package enum Body {
        case publication(publisher: UInt64, sequence: UInt64, value: Value)
        case listing(publisher: UInt64, prefix: [UInt8], count: UInt64, sequence: UInt64)
    }

    /// A published value: bytes, or any other value in its encoding.
    package enum Value {
        case bytes(UnsafeRawBufferPointer)
        case encoded(UnsafeRawBufferPointer)
    }

    // MARK: Writing

    /// Writes everything before the value.
    package static func writeHead(topic: [UInt8], publisher: UInt64, sequence: UInt64, into body: inout [UInt8]) {
        body.append(contentsOf: [0x93, UInt8(RM_NOTIFICATION)])
        writeText(topic, into: &body)
        body.append(0x93)
        write(publisher, into: &body)
        write(sequence, into: &body)
    }

    /// Writes the header of a bin value of `count` bytes, which follow.
    static func writeBinHead(_ count: Int, into body: inout [UInt8]) {
        switch count {
        case ...0xff: body.append(contentsOf: [0xc4, UInt8(count)])
        case ...0xffff: body.append(contentsOf: [0xc5, UInt8(count >> 8), UInt8(truncatingIfNeeded: count)])
        default:
            body.append(0xc6)
            withUnsafeBytes(of: UInt32(count).bigEndian) { body.append(contentsOf: $0) }
        }
    }

    package static func listing(publisher: UInt64, prefix: [UInt8], count: Int, sequence: UInt64) -> [UInt8] {
        var body: [UInt8] = [0x93, UInt8(RM_NOTIFICATION)]
        writeText(listingName, into: &body)
        body.append(0x94)
        write(publisher, into: &body)
        writeText(prefix, into: &body)
        write(UInt64(count), into: &body)
        write(sequence, into: &body)
        return body
    }

    private static func write(_ number: UInt64, into body: inout [UInt8]) {
        if number <= 0x7f {
            body.append(UInt8(number))
        } else {
            body.append(0xcf)
            withUnsafeBytes(of: number.bigEndian) { body.append(contentsOf: $0) }
        }
    }

    /// At most 255 bytes.
    private static func writeText(_ text: [UInt8], into body: inout [UInt8]) {
        if text.count <= 31 {
            body.append(0xa0 | UInt8(text.count))
        } else {
            body.append(contentsOf: [0xd9, UInt8(text.count)])
        }
        body.append(contentsOf: text)
    }

    // MARK: Reading

    /// Reads the body that came with `topic` as part 1; nil where it is malformed or does not belong to it. The bytes of
    /// the value are those of `body`.
    package static func read(_ body: UnsafeRawBufferPointer, topic: UnsafeRawBufferPointer) -> Body? {
        var frame = rm_frame()
        let bytes = body.assumingMemoryBound(to: UInt8.self)
        let length = rm_frame_read(bytes.baseAddress, bytes.count, &frame)
        guard length == body.count, frame.kind == UInt32(RM_NOTIFICATION) else { return nil }
        let name = UnsafeRawBufferPointer(start: frame.method, count: frame.method_length)
        // The frame is well formed from here on: only types and counts remain to be seen.
        var params = Params(rest: UnsafeRawBufferPointer(start: frame.value, count: frame.value_length))
        guard let count = params.takeArray(), let publisher = params.takeNumber() else { return nil }
        if name.elementsEqual(listingName) {
            guard count == 4, let prefix = params.takeText(), prefix.elementsEqual(topic),
                let topics = params.takeNumber(), let sequence = params.takeNumber()
            else { return nil }
            return .listing(publisher: publisher, prefix: Array(prefix), count: topics, sequence: sequence)
        }
        guard count == 3, name.elementsEqual(topic), !name.starts(with: reservedPrefix),
            let sequence = params.takeNumber(), sequence > 0
        else { return nil }
        return .publication(publisher: publisher, sequence: sequence, value: params.takeLastValue())
    }

    /// A reader of well-formed params.
    private struct Params {
        var rest: UnsafeRawBufferPointer

        mutating func takeArray() -> Int? {
            guard let type = rest.first else { return nil }
            switch type {
            case 0x90...0x9f:
                take(1)
                return Int(type & 0x0f)
            case 0xdc: return takeBigEndian(2).map(Int.init(clamping:))
            case 0xdd: return takeBigEndian(4).map(Int.init(clamping:))
            default: return nil
            }
        }

        mutating func takeNumber() -> UInt64? {
            guard let type = rest.first else { return nil }
            switch type {
            case ...0x7f:
                take(1)
                return UInt64(type)
            case 0xcc...0xcf: return takeBigEndian(1 << Int(type - 0xcc))
            default: return nil
            }
        }

        mutating func takeText() -> UnsafeRawBufferPointer? {
            guard let type = rest.first else { return nil }
            let count: Int
            switch type {
            case 0xa0...0xbf:
                take(1)
                count = Int(type & 0x1f)
            case 0xd9...0xdb:
                guard let length = takeBigEndian(1 << Int(type - 0xd9)) else { return nil }
                count = Int(clamping: length)
            default: return nil
            }
            return rest.count >= count ? take(count) : nil
        }

        /// What is left is one value.
        func takeLastValue() -> Value {
            guard let type = rest.first, (0xc4...0xc6).contains(type) else { return .encoded(rest) }
            return .bytes(UnsafeRawBufferPointer(rebasing: rest.dropFirst(1 + 1 << Int(type - 0xc4))))
        }

        /// A number of `width` bytes behind the type byte.
        private mutating func takeBigEndian(_ width: Int) -> UInt64? {
            guard rest.count > width else { return nil }
            return take(1 + width).dropFirst().reduce(0) { $0 << 8 | UInt64($1) }
        }

        @discardableResult
        private mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
            defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count)) }
            return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        }
    }
}
