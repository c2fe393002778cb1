// That replies are kept for resends as long as promised, and never beyond the limits of bytes and time.

import RingmasterProtocol
import Testing

@testable import Ringmaster

struct ReplyCacheTests {
    private func key(_ msgid: UInt32, peer: [UInt8] = [1]) -> ReplyCache.Key {
        ReplyCache.Key(peer: peer.withUnsafeBytes { PeerIdentity($0) }, msgid: msgid)
    }

    private func time(_ ms: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: ms * 1_000_000) }

    @Test func aReplyIsThereUntilItsTimeIsOver() {
        var cache = ReplyCache(bytesMax: 10_000, duration: .milliseconds(100))
        cache.keep([1, 2], for: key(1), now: time(0))
        cache.keep([3], for: key(2), now: time(50))
        #expect(cache.reply(to: key(1), now: time(99)) == [1, 2])
        #expect(cache.reply(to: key(1), now: time(100)) == nil)
        #expect(cache.reply(to: key(2), now: time(149)) == [3])
        #expect(cache.reply(to: key(2), now: time(150)) == nil)
        #expect(cache.count == 0 && cache.bytes == 0)
    }

    @Test func theOldestMakeRoom() {
        let cost = 1000 + ReplyCache.overheadBytes
        var cache = ReplyCache(bytesMax: 3 * cost, duration: .seconds(100))
        for msgid: UInt32 in 0..<10 {
            cache.keep([UInt8](repeating: UInt8(msgid), count: 1000), for: key(msgid), now: time(Int64(msgid)))
            #expect(cache.bytes <= 3 * cost)
        }
        #expect(cache.count == 3)
        for msgid: UInt32 in 0..<7 { #expect(cache.reply(to: key(msgid), now: time(10)) == nil) }
        for msgid: UInt32 in 7..<10 { #expect(cache.reply(to: key(msgid), now: time(10))?.first == UInt8(msgid)) }
    }

    @Test func aReplyThatIsLargerThanTheCacheIsNotKeptAndPushesNothingOut() {
        var cache = ReplyCache(bytesMax: 1000, duration: .seconds(1))
        cache.keep([1], for: key(1), now: time(0))
        cache.keep([UInt8](repeating: 0, count: 1000), for: key(2), now: time(0))
        #expect(cache.reply(to: key(1), now: time(0)) == [1])
        #expect(cache.reply(to: key(2), now: time(0)) == nil)
    }

    @Test func aMsgidThatIsUsedAnewHasItsNewReplyForItsWholeTime() {
        var cache = ReplyCache(bytesMax: 10_000, duration: .milliseconds(100))
        cache.keep([1], for: key(1), now: time(0))
        cache.forget(key(1))
        #expect(cache.reply(to: key(1), now: time(1)) == nil)
        cache.keep([2], for: key(1), now: time(60))
        // The first one's time passes without harm to the second.
        #expect(cache.reply(to: key(1), now: time(120)) == [2])
        #expect(cache.reply(to: key(1), now: time(160)) == nil)
        #expect(cache.bytes == 0)
    }

    @Test func clientsDoNotShareMsgids() {
        var cache = ReplyCache(bytesMax: 10_000, duration: .seconds(1))
        cache.keep([1], for: key(1, peer: [1]), now: time(0))
        #expect(cache.reply(to: key(1, peer: [1, 0]), now: time(0)) == nil)
        #expect(cache.reply(to: key(1, peer: []), now: time(0)) == nil)
        #expect(cache.reply(to: key(1, peer: [UInt8](repeating: 1, count: 255)), now: time(0)) == nil)
        #expect(cache.reply(to: key(1, peer: [1]), now: time(0)) == [1])
    }

    @Test func itNeverGoesBeyondItsBytesWhateverComes() {
        var cache = ReplyCache(bytesMax: 50_000, duration: .milliseconds(30))
        var random = SplitMix64(seed: 11)
        for step: Int64 in 0..<20_000 {
            let key = key(.random(in: 0..<50, using: &random), peer: [.random(in: 0..<4, using: &random)])
            switch Int.random(in: 0..<4, using: &random) {
            case 0: cache.forget(key)
            case 1: _ = cache.reply(to: key, now: time(step / 10))
            default:
                let count = Int.random(in: 0..<5000, using: &random)
                let frame = [UInt8](repeating: UInt8(key.msgid), count: count + 1)
                cache.keep(frame, for: key, now: time(step / 10))
                #expect(cache.reply(to: key, now: time(step / 10)) == frame)
            }
            if cache.bytes > 50_000 || cache.bytes < 0 { Issue.record("\(cache.bytes) bytes at step \(step)") }
        }
        _ = cache.reply(to: key(0), now: time(100_000))
        #expect(cache.count == 0 && cache.bytes == 0)
    }
}
