// The hash of a job's key. It is taken once, by whoever first sees the key; RingSize turns it into a slot.

import CShimHash

/// The xxHash64 (XXH64, seed 0) of the bytes of a key.
///
/// This is a wire contract: every client and worker, in whatever language, must get the same hash for the same bytes.
/// A text's bytes are its UTF-8 as it stands, without Unicode normalisation. Source: https://xxhash.com.
public struct KeyHash: Hashable, Sendable {
    /// The 64 bits of the hash.
    public let rawValue: UInt64

    /// Takes a hash that was computed elsewhere.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Hashes the bytes of a key, which may be empty. O(bytes), no allocation.
    public init(of key: UnsafeRawBufferPointer) {
        rawValue = rm_hash64(key.baseAddress, key.count, 0)
    }

    /// Hashes the bytes of a key, which may be empty. O(bytes), no allocation.
    public init(of key: RawSpan) {
        self = key.withUnsafeBytes { KeyHash(of: $0) }
    }

    /// Hashes the UTF-8 of a key. O(bytes), no allocation.
    public init(of key: String) {
        var key = key
        self = key.withUTF8 { KeyHash(of: UnsafeRawBufferPointer($0)) }
    }
}
