// What a test throws at a parser, and how it sees that nothing grew.

import Glibc

extension [UInt8] {
    /// A copy with one to four changes: bits turned, bytes set to what MessagePack finds special, ranges cut out, doubled
    /// or filled with noise.
    func mutated(using random: inout SplitMix64) -> [UInt8] {
        var bytes = self
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            guard !bytes.isEmpty else { return [.random(in: .min ... .max, using: &random)] }
            let at = Int.random(in: bytes.indices, using: &random)
            let end = Swift.min(bytes.count, at + .random(in: 1...8, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[at] = .random(in: 0x80...0xff, using: &random)
            case 2: bytes.removeSubrange(at..<end)
            case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
            case 4: bytes.removeLast(bytes.count - at)
            default: for index in at..<end { bytes[index] = .random(in: .min ... .max, using: &random) }
            }
        }
        return bytes
    }
}

/// Memory of this process that is in RAM, in bytes. See proc(5), statm.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, 128, file) != nil else { return 0 }
    let fields = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
}
