// That what never came is counted once, and what came twice not at all.

import Testing

@testable import Ringmaster

/// A tracker that an expectation can change.
private final class Tracker {
    private(set) var state: SequenceTracker

    init(topicsMax: Int = 100) {
        state = SequenceTracker(topicsMax: topicsMax)
    }

    func receive(_ topic: String, _ sequence: UInt64, from publisher: UInt64 = 1) -> SequenceTracker.Outcome {
        state.receive(publisher: publisher, topic: Array(topic.utf8), sequence: sequence)
    }

    func list(
        _ prefix: String,
        _ count: UInt64,
        _ sequence: UInt64 = 0,
        from publisher: UInt64 = 1,
        for filters: Set<TopicFilter>
    ) {
        state.list(publisher: publisher, prefix: Array(prefix.utf8), count: count, sequence: sequence, for: filters)
    }

    func forget(_ filter: TopicFilter, remaining: Set<TopicFilter>) {
        state.forget(filter, remaining: remaining)
    }
}

struct SequenceTrackerTests {
    @Test func aLateJoinerMissesNothingThatWasBeforeItsTime() {
        #expect(Tracker().receive("a", 1000) == .fresh(missed: 0))
    }

    @Test func aGapIsCountedOnceAndRepeatsAreNot() {
        let tracker = Tracker()
        #expect(tracker.receive("a", 1) == .fresh(missed: 0))
        #expect(tracker.receive("a", 5) == .fresh(missed: 3))
        #expect(tracker.receive("a", 5) == .duplicate)
        #expect(tracker.receive("a", 3) == .duplicate)
        #expect(tracker.receive("a", 6) == .fresh(missed: 0))
        #expect(tracker.receive("b", 2) == .fresh(missed: 0))
    }

    @Test func whatATopicBeganWithCountsOnceAllTopicsWereKnown() {
        let tracker = Tracker()
        let filters: Set<TopicFilter> = [.prefix("x")]
        #expect(tracker.receive("xa", 7) == .fresh(missed: 0))
        tracker.list("x", 2, for: filters)
        #expect(!tracker.state.isComplete(.prefix("x")), "one of two topics is known")
        #expect(tracker.receive("xb", 9) == .fresh(missed: 0))
        tracker.list("x", 2, for: filters)
        #expect(tracker.state.isComplete(.prefix("x")))
        #expect(tracker.receive("xc", 4) == .fresh(missed: 3))
    }

    @Test func aListingOfAnotherPrefixProvesNothing() {
        let tracker = Tracker()
        tracker.list("y", 0, for: [.prefix("x"), .exact("y")])
        #expect(!tracker.state.isComplete(.prefix("x")))
        #expect(tracker.state.isComplete(.exact("y")), "the topic does not exist yet")
        #expect(tracker.receive("x", 3) == .fresh(missed: 0))
        #expect(tracker.receive("y", 3) == .fresh(missed: 2))
    }

    @Test func anExactFilterIsCompleteWhenItsTopicIsKnown() {
        let tracker = Tracker()
        tracker.list("a", 5, 12, for: [.exact("a")])
        #expect(!tracker.state.isComplete(.exact("a")))
        #expect(tracker.receive("a", 12) == .fresh(missed: 0))
        tracker.list("a", 5, 12, for: [.exact("a")])
        #expect(tracker.state.isComplete(.exact("a")))
    }

    @Test func aRestartedPublisherBeginsAnew() {
        let tracker = Tracker()
        #expect(tracker.receive("a", 50, from: 1) == .fresh(missed: 0))
        #expect(tracker.receive("a", 3, from: 2) == .fresh(missed: 0))
        #expect(tracker.receive("a", 5, from: 2) == .fresh(missed: 1))
        #expect(tracker.state.publisher == 2)
        tracker.list("", 0, from: 3, for: [.all])
        #expect(tracker.state.publisher == 3)
        #expect(tracker.receive("a", 2, from: 3) == .fresh(missed: 1), "the new one had no topics when it was listed")
    }

    @Test func topicsAreBounded() {
        let tracker = Tracker(topicsMax: 2)
        #expect(tracker.receive("a", 1) == .fresh(missed: 0))
        #expect(tracker.receive("b", 1) == .fresh(missed: 0))
        #expect(tracker.receive("c", 1) == .beyondLimit)
        #expect(tracker.receive("a", 2) == .fresh(missed: 0))
    }

    @Test func aTopicGivenUpAndTakenUpAgainIsNewAgain() {
        let tracker = Tracker()
        _ = tracker.receive("xa", 5)
        _ = tracker.receive("ya", 5)
        tracker.forget(.prefix("x"), remaining: [.prefix("y")])
        #expect(tracker.receive("xa", 50) == .fresh(missed: 0))
        #expect(tracker.receive("ya", 50) == .fresh(missed: 44))
    }

    @Test func theHighestSequenceDoesNotOverflow() {
        let tracker = Tracker()
        #expect(tracker.receive("a", 1) == .fresh(missed: 0))
        #expect(tracker.receive("a", .max) == .fresh(missed: .max - 2))
        var statistics = SubscriberStatistics()
        statistics.addMissed(.max)
        statistics.addMissed(.max)
        #expect(statistics.missed == .max)
    }

    /// A lossy, repeating channel: what was sent from the first one heard on was either heard or is counted.
    @Test(arguments: 0..<20) func whatWasSentWasHeardOrCounted(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let tracker = Tracker()
        let topics = ["a", "b", "c"]
        var sent: [String: UInt64] = [:]
        var first: [String: UInt64] = [:]
        var last: [String: UInt64] = [:]
        var heard: UInt64 = 0
        var missed: UInt64 = 0
        for _ in 0..<5000 {
            let topic = topics.randomElement(using: &generator)!
            let isRepeat = Int.random(in: 0..<4, using: &generator) == 0 && sent[topic] != nil
            if !isRepeat { sent[topic, default: 0] += 1 }
            guard Int.random(in: 0..<3, using: &generator) > 0 else { continue }
            let sequence = sent[topic]!
            switch tracker.receive(topic, sequence) {
            case .fresh(let lost):
                #expect(last[topic] != sequence)
                heard += 1
                missed += lost
            case .duplicate: #expect(last[topic] == sequence)
            case .beyondLimit: Issue.record("three topics are no limit")
            }
            if first[topic] == nil { first[topic] = sequence }
            last[topic] = sequence
        }
        let due = topics.reduce(0) { $0 + (last[$1] ?? 0) - (first[$1] ?? 1) + 1 }
        #expect(heard + missed == due)
    }
}
