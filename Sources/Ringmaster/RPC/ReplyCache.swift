// Replies kept for resends: a client that heard nothing asks again, and gets what it would have got.

import DequeModule
import RingmasterProtocol

/// The encoded response frames of idempotent calls, for a time and up to a number of bytes.
///
/// Finding is O(1); adding is O(1) amortised, the oldest making room.
struct ReplyCache {
    /// A call: its client and its msgid.
    struct Key: Hashable {
        let peer: PeerIdentity
        let msgid: UInt32
    }

    private struct Kept {
        let frame: [UInt8]
        let number: Int
    }

    private struct Turn {
        let key: Key
        let number: Int
        let expiry: MonotonicTime
        let cost: Int
    }

    /// What an entry costs beside its frame: two copies of the key, and the tables' share.
    static let overheadBytes = 160

    private let bytesMax: Int
    private let duration: Duration
    private var replies: [Key: Kept] = [:]
    private var turns: Deque<Turn> = []
    private var number = 0
    private(set) var bytes = 0

    init(bytesMax: Int, duration: Duration) {
        self.bytesMax = bytesMax
        self.duration = duration
    }

    var count: Int { replies.count }

    /// The reply to an earlier attempt, if it is still there.
    mutating func reply(to key: Key, now: MonotonicTime) -> [UInt8]? {
        expire(now)
        return replies[key]?.frame
    }

    /// Keeps a reply in place of any under the same key.
    mutating func keep(_ frame: [UInt8], for key: Key, now: MonotonicTime) {
        expire(now)
        let cost = frame.count + Self.overheadBytes
        guard cost <= bytesMax else { return }
        while bytes + cost > bytesMax { dropOldest() }
        number += 1
        replies[key] = Kept(frame: frame, number: number)
        turns.append(Turn(key: key, number: number, expiry: now.advanced(by: duration), cost: cost))
        bytes += cost
    }

    /// Forgets the reply under `key`: its msgid is used anew.
    mutating func forget(_ key: Key) {
        // Its turn stays, and is passed over by its number.
        replies[key] = nil
    }

    private mutating func expire(_ now: MonotonicTime) {
        while let oldest = turns.first, oldest.expiry <= now { dropOldest() }
    }

    private mutating func dropOldest() {
        guard let oldest = turns.popFirst() else { return }
        bytes -= oldest.cost
        if replies[oldest.key]?.number == oldest.number { replies[oldest.key] = nil }
    }
}
