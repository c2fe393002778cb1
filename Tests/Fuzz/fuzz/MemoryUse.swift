// What a run's inputs take of memory, and whether they keep it.

import Glibc

/// Resident memory over a run: early, at its highest, and at the end.
struct MemoryUse: CustomStringConvertible {
    /// The growth that the allocator and the tables of a run may have. A leak of a byte an input is above it.
    static let growthMax = 512 << 10
    /// What one input may take for a moment, at the most.
    static let peakMax = 64 << 20

    private var early: Int?
    private var last = 0

    /// Notes the memory in use; the first looks are of a process that still warms up.
    mutating func look() {
        looks += 1
        last = Self.residentBytes
        if looks == 4 { early = last }
    }

    private var looks = 0

    var description: String {
        "resident memory: \((early ?? 0) >> 10) KiB early, \(last >> 10) KiB at the end, \(Self.peakBytes >> 10) KiB at most"
    }

    /// What is wrong with it; nil where nothing is.
    var complaint: String? {
        guard let early else { return nil }
        if last - early > Self.growthMax {
            return "memory grew by \((last - early) >> 10) KiB: something is kept of each input"
        }
        if Self.peakBytes - early > Self.peakMax { return "an input took more than \(Self.peakMax >> 20) MiB" }
        return nil
    }

    private static var residentBytes: Int { bytes(of: "VmRSS:") }
    /// Not `getrusage`, whose maximum is also that of the program that this process was before `exec`.
    private static var peakBytes: Int { bytes(of: "VmHWM:") }

    private static func bytes(of field: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            let words = text.split(whereSeparator: \.isWhitespace)
            if words.first == Substring(field), let kibibytes = words.dropFirst().first.flatMap({ Int($0) }) {
                return kibibytes << 10
            }
        }
        return 0
    }
}
