// What clients ask for is fixed by the seed, at the rate and in the shares that the settings say.

import Testing

@testable import ChaosKit

struct LoadPlanTests {
    private func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        var settings = RunSettings()
        settings.load.perSecond = 1000
        change(&settings)
        return settings
    }

    @Test
    func theSeedFixesWhatAClientAsksFor() {
        let settings = settings()
        let one = Array(LoadPlan(settings, seed: 1, client: 1).prefix(100))
        #expect(one == Array(LoadPlan(settings, seed: 1, client: 1).prefix(100)))
        #expect(one != Array(LoadPlan(settings, seed: 1, client: 2).prefix(100)))
        #expect(one != Array(LoadPlan(settings, seed: 2, client: 1).prefix(100)))
    }

    @Test(arguments: LoadSettings.Spacing.allCases)
    func theClientsShareTheRate(spacing: LoadSettings.Spacing) throws {
        let settings = settings { $0.load.spacing = spacing }
        // 250 a second each: 10,000 take 40 s; for Poisson with a standard deviation of 0.4 s.
        let last = try #require(Array(LoadPlan(settings, seed: 3, client: 2).prefix(10_000)).last?.intendedNs)
        #expect((38_000_000_000...42_000_000_000).contains(last))
    }

    @Test
    func clientsOfAFixedSpacingAskInTurn() {
        let settings = settings { $0.load.spacing = .fixed }
        let firsts = (1...4).map { LoadPlan(settings, seed: 3, client: $0).first { _ in true }?.intendedNs }
        #expect(firsts == [0, 1_000_000, 2_000_000, 3_000_000])
    }

    @Test
    func readsHaveTheirShare() {
        let settings = settings { $0.load.readShare = 0.3 }
        let reads = LoadPlan(settings, seed: 4, client: 1).prefix(10_000).count { $0.isRead }
        #expect((2800...3200).contains(reads))
    }

    @Test
    func aListStaysShortAsItsKeyIsFollowedByAnother() {
        let settings = settings {
            $0.keys = 2
            $0.clients = 2
        }
        var lengths: [Int: Int] = [:]
        var keys: [Int] = []
        var plans = (1...2).map { LoadPlan(settings, seed: 5, client: $0) }
        for round in 0..<5000 {
            guard let operation = plans[round % 2].next() else { continue }
            keys.append(operation.key)
            if !operation.isRead { lengths[operation.key, default: 0] += 1 }
        }
        #expect(Set(keys.prefix(10)).isSubset(of: [0, 1]))
        #expect(keys.max()! >= 10)
        #expect(lengths.values.max()! < RunLimits.valuesPerKey * 2)
    }

    @Test
    func aLoadWithoutARateHasNoTimes() {
        let settings = settings { $0.load.perSecond = nil }
        #expect(LoadPlan(settings, seed: 6, client: 1).prefix(100).allSatisfy { $0.intendedNs == nil })
    }
}
