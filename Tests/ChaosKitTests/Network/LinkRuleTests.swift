// Which links a rule meets, and what it does to what passes them.

import Testing

@testable import ChaosKit

struct LinkRuleTests {
    private let c1 = NodeName(.coordinator, 1)
    private let c2 = NodeName(.coordinator, 2)
    private let w1 = NodeName(.worker, 1)
    private let client = NodeName(.client, 1)

    @Test
    func aRuleMeetsTheTargetsLinksToTheFarOnesAndNoOthers() {
        let all = LinkRule(id: 1, target: [c1, w1])
        #expect(all.covers(from: c1, to: c2) && all.covers(from: client, to: w1))
        // Not within the target, not among the others, not the run's own.
        #expect(!all.covers(from: c1, to: w1) && !all.covers(from: client, to: c2))
        #expect(!all.covers(from: nil, to: c1) && !all.covers(from: c1, to: nil))
        let into = LinkRule(id: 1, target: [c1], direction: .into)
        #expect(into.covers(from: c2, to: c1) && !into.covers(from: c1, to: c2))
        let out = LinkRule(id: 1, target: [c1], far: .role(.worker), direction: .outOf)
        #expect(out.covers(from: c1, to: w1) && !out.covers(from: w1, to: c1) && !out.covers(from: c1, to: c2))
        #expect(LinkRule(id: 1, target: [w1], far: .named([c2])).covers(between: c2, and: w1))
    }

    @Test
    func aDelayIsAtLeastWhatItSaysAndAtMostThatAndItsJitter() {
        var random = RandomSource(seed: 1)
        let link = link(LinkEffect(delayNs: 1000, jitterNs: 500))
        let times = (0..<200).map { _ in
            link.streamLeavesNs(bytes: 1, nowNs: 10_000, notBeforeNs: 0, &random)
        }
        #expect(times.allSatisfy { (11_000...11_500).contains($0) } && Set(times).count > 100)
        // What came before leaves before.
        #expect(link.streamLeavesNs(bytes: 1, nowNs: 10_000, notBeforeNs: 99_000, &random) == 99_000)
    }

    @Test
    func allConnectionsShareTheBandwidthOfALink() {
        var random = RandomSource(seed: 1)
        let rule = ImposedRule(LinkRule(id: 1, target: [c1], effect: LinkEffect(bytesPerSecond: 1_000_000)))
        let (one, other) = (LinkState([rule], from: c1, to: c2), LinkState([rule], from: c1, to: w1))
        #expect(one.streamLeavesNs(bytes: 1000, nowNs: 0, notBeforeNs: 0, &random) == 1_000_000)
        #expect(other.streamLeavesNs(bytes: 1000, nowNs: 0, notBeforeNs: 0, &random) == 2_000_000)
        // The other way has its own.
        #expect(
            LinkState([rule], from: c2, to: c1).streamLeavesNs(bytes: 1000, nowNs: 0, notBeforeNs: 0, &random)
                == 1_000_000
        )
    }

    @Test
    func packetsAreLostTwiceThereAndOvertakenInTheirShares() {
        var random = RandomSource(seed: 7)
        func outcomes(_ effect: LinkEffect) -> [Passage] {
            let link = link(effect)
            return (0..<2000).map { _ in link.packet(bytes: 100, nowNs: 0, &random) }
        }
        let lost = outcomes(LinkEffect(lossShare: 0.25)).count { $0 == .lost }
        #expect((400...600).contains(lost))
        let twice = outcomes(LinkEffect(duplicateShare: 0.25)).count { $0 == .leaves(atNs: 0, againAtNs: 0) }
        #expect((400...600).contains(twice))
        let late = outcomes(LinkEffect(reorderShare: 0.25, overtakenNs: 9)).count {
            $0 == .leaves(atNs: 9, againAtNs: nil)
        }
        #expect((400...600).contains(late))
        #expect(outcomes(LinkEffect(isBlocked: true)).allSatisfy { $0 == .lost })
    }

    private func link(_ effect: LinkEffect) -> LinkState {
        LinkState([ImposedRule(LinkRule(id: 1, target: [c1], effect: effect))], from: c1, to: c2)
    }
}
