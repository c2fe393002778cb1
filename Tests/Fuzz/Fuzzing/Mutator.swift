// Makes inputs: something well formed, and then what hostile or broken peers do to it.

/// Mutates inputs. Which bytes come out depends on the generator alone.
struct Mutator {
    static let bytesMax = 8 << 10

    /// The types of MessagePack, and their limits.
    private static let dictionary: [UInt8] =
        [0x00, 0x01, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x91, 0x93, 0x94, 0x96, 0x9f, 0xa0, 0xa1, 0xbf]
        + Array(0xc0...0xe0) + [0xff]
    private static let numbers: [UInt64] = [
        0, 1, 2, 31, 32, 33, 127, 128, 255, 256, 1024, 32_767, 32_768, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000,
        0xffff_ffff, 0x1_0000_0000, 1 << 62, (1 << 62) + 1, .max >> 1, .max - 1, .max,
    ]

    /// Changes `input` up to eight times; one in ten stays as it is.
    static func mutate(_ input: [UInt8], with other: () -> [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        guard !random.oneIn(10) else { return input }
        var bytes = input
        // Mostly few changes: what is broken in many places is refused at the first.
        for _ in 0...random.below(random.oneIn(4) ? 8 : 2) {
            change(&bytes, other, &random)
        }
        if bytes.count > bytesMax { bytes.removeLast(bytes.count - bytesMax) }
        return bytes
    }

    private static func change(_ bytes: inout [UInt8], _ other: () -> [UInt8], _ random: inout SplitMix64) {
        guard !bytes.isEmpty else {
            bytes.append(random.pick(dictionary))
            return
        }
        let at = random.below(bytes.count)
        switch random.below(11) {
        case 0: bytes[at] ^= 1 << UInt8(random.below(8))
        case 1: bytes[at] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes[at] = random.pick(dictionary)
        case 3: bytes.insert(random.pick(dictionary), at: at)
        case 4: bytes.removeSubrange(at..<min(bytes.count, at + 1 + random.below(8)))
        case 5: bytes.removeSubrange(at...)
        case 6: writeNumber(at: at, in: &bytes, &random)
        case 7: splice(&bytes, at: at, other(), &random)
        case 8: bytes += other()
        case 9: nest(&bytes, at: at, &random)
        default:
            let end = min(bytes.count, at + 1 + random.below(64))
            let copies = 1 + random.below(4)
            bytes.insert(contentsOf: (0..<copies).flatMap { _ in bytes[at..<end] }, at: end)
        }
    }

    /// A length or number of 1 to 8 bytes, behind a type byte or in place of what is there.
    private static func writeNumber(at: Int, in bytes: inout [UInt8], _ random: inout SplitMix64) {
        let width = 1 << random.below(4)
        let number = random.pick(numbers)
        for offset in 0..<width where at + offset < bytes.count {
            bytes[at + offset] = UInt8(truncatingIfNeeded: number >> UInt64(8 * (width - 1 - offset)))
        }
    }

    private static func splice(_ bytes: inout [UInt8], at: Int, _ other: [UInt8], _ random: inout SplitMix64) {
        guard !other.isEmpty else { return }
        let from = random.below(other.count)
        bytes.replaceSubrange(at..<min(bytes.count, at + random.below(16)), with: other[from...])
    }

    /// Arrays or maps inside one another, around the depth that is allowed.
    private static func nest(_ bytes: inout [UInt8], at: Int, _ random: inout SplitMix64) {
        let depth = random.oneIn(2) ? 28 + random.below(8) : 1 + random.below(200)
        let header: [UInt8] = random.oneIn(3) ? [0x81, 0xc0] : random.oneIn(8) ? [0xdc, 0x00, 0x01] : [0x91]
        bytes.insert(contentsOf: (0..<depth).flatMap { _ in header }, at: at)
    }
}
