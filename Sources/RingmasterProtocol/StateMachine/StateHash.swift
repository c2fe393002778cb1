// The hash of the state: a sum, modulo 2^64, of a digest for each item, so that it does not depend on the order of items
// and follows a change at the cost of that item. Replicas compare it to find out whether they have the same state.

import CShimHash

/// Digests of items. Source of the mixing: the finaliser of SplitMix64; of the hash: https://xxhash.com.
enum StateHash {
    /// What an item is, so that no item of one sort has the digest of one of another.
    private enum Sort: UInt64 {
        case keyWithState = 1
        case keyWithoutState
        case session
        case record
        case scalars
    }

    /// - Parameter keyHash: Stands for the key: two keys of one hash are a chance of 2^-64 apart in their digests.
    @inline(__always)
    static func key(_ keyHash: UInt64, version: UInt64, state: UnsafeRawBufferPointer?) -> UInt64 {
        guard let state else { return mixed(mixed(Sort.keyWithoutState.rawValue, keyHash), version) }
        return rm_hash64(state.baseAddress, state.count, mixed(mixed(Sort.keyWithState.rawValue, keyHash), version))
    }

    @inline(__always)
    static func session(_ client: UInt64, ackedBelow: UInt64, lastActiveMs: UInt64) -> UInt64 {
        mixed(mixed(mixed(Sort.session.rawValue, client), ackedBelow), lastActiveMs)
    }

    @inline(__always)
    static func record(_ record: JobRecord, of client: UInt64) -> UInt64 {
        let name = mixed(mixed(Sort.record.rawValue, client), record.sequence)
        let seed = mixed(mixed(name, record.job.rawValue), record.version)
        return record.reply.withUnsafeBytes { rm_hash64($0.baseAddress, $0.count, seed) }
    }

    /// Of everything that is one number each.
    static func scalars(_ numbers: UInt64...) -> UInt64 {
        numbers.reduce(Sort.scalars.rawValue, mixed)
    }

    static func bytes(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes(checksum)
    }

    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        rm_hash64(bytes.baseAddress, bytes.count, 0)
    }

    @inline(__always)
    static func mixed(_ seed: UInt64, _ value: UInt64) -> UInt64 {
        var mixed = (seed &+ 0x9e37_79b9_7f4a_7c15) ^ value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
