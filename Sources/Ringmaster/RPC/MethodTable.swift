// Finding a handler by the bytes of a method's name, without making a string of them.

import Glibc
import RingmasterProtocol

/// The methods of a service, frozen: an open-addressing table over the hash of the name, with the last find kept in
/// front of it. A lookup is O(length of the name) and allocates nothing.
struct MethodTable {
    private struct Entry {
        let name: [UInt8]
        let handler: RPCService.Handler
    }

    private let entries: [Entry]
    /// Indices of entries; -1 where there is none. A power of two, at most half full.
    private let buckets: [Int]

    init(_ service: RPCService) {
        entries = service.handlers.map { Entry(name: Array($0.key.name.utf8), handler: $0.value) }
        var size = 2
        while size < 2 * entries.count { size *= 2 }
        var buckets = [Int](repeating: -1, count: size)
        for (index, entry) in entries.enumerated() {
            var bucket = entry.name.withUnsafeBytes { Self.bucket(of: $0, among: size) }
            while buckets[bucket] >= 0 { bucket = (bucket + 1) & (size - 1) }
            buckets[bucket] = index
        }
        self.buckets = buckets
    }

    /// The index of the method with this name, tried first at `hint`; nil where there is none.
    @inline(__always)
    func index(of name: UnsafeRawBufferPointer, hint: Int) -> Int? {
        if hint < entries.count, matches(hint, name) { return hint }
        return search(name)
    }

    @inline(__always)
    func handler(_ index: Int) -> RPCService.Handler { entries[index].handler }

    private func search(_ name: UnsafeRawBufferPointer) -> Int? {
        var bucket = Self.bucket(of: name, among: buckets.count)
        while buckets[bucket] >= 0 {
            if matches(buckets[bucket], name) { return buckets[bucket] }
            bucket = (bucket + 1) & (buckets.count - 1)
        }
        return nil
    }

    @inline(__always)
    private func matches(_ index: Int, _ name: UnsafeRawBufferPointer) -> Bool {
        entries[index].name.withUnsafeBytes {
            $0.count == name.count && memcmp($0.baseAddress!, name.baseAddress!, name.count) == 0
        }
    }

    private static func bucket(of name: UnsafeRawBufferPointer, among count: Int) -> Int {
        Int(truncatingIfNeeded: KeyHash(of: name).rawValue) & (count - 1)
    }
}
