// What a simulation did, as one number: two runs of a seed that differ in anything differ in it.

/// A running hash (FNV-1a over 64-bit words) of every message, turn and fault with its time; and, where it is asked for, a line of
/// text for each.
final class SimulationTrace {
    @exclusivity(unchecked) private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    @exclusivity(unchecked) private(set) var count = 0
    /// Takes the lines; nil: nobody wants them.
    @exclusivity(unchecked) var print: ((String) -> Void)?

    /// - Parameters:
    ///   - kind: What happened, as a number of its own.
    ///   - word: With the one after it, what tells it from others of its kind.
    @inline(__always)
    func note(
        _ nowNs: Int64,
        _ kind: UInt64,
        _ word: UInt64? = nil,
        _ another: UInt64? = nil,
        line: @autoclosure () -> String
    ) {
        mix(UInt64(bitPattern: nowNs))
        mix(kind)
        if let word { mix(word) }
        if let another { mix(another) }
        count += 1
        guard let print else { return }
        let us = nowNs / 1000
        print("\(us / 1_000_000).\(String(us % 1_000_000 + 1_000_000).dropFirst()) \(line())")
    }

    func mix(_ word: UInt64) {
        hash = (hash ^ word) &* 0x0000_0100_0000_01b3
        hash ^= hash >> 29
    }

    /// A hash of bytes, eight at a time.
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(bytes.count) ^ 0x9e37_79b9_7f4a_7c15
        var at = 0
        while at + 8 <= bytes.count {
            hash = (hash ^ bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) &* 0xff51_afd7_ed55_8ccd
            hash ^= hash >> 32
            at += 8
        }
        while at < bytes.count {
            hash = (hash ^ UInt64(bytes[at])) &* 0xff51_afd7_ed55_8ccd
            at += 1
        }
        return hash ^ hash >> 29
    }
}
