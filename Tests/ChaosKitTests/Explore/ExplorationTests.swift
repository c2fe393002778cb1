// Small explorations: sound clusters break no promise in any state, and each planted mistake of the cores is found.

import RingmasterProtocol
import Testing

@testable import ChaosKit

@Suite struct ExplorationTests {
    private static let statesMax = 200_000

    private func explore(_ setting: ExploreSetting) -> ExplorationResult {
        var exploration = Exploration(setting, statesMax: Self.statesMax)
        return exploration.run()
    }

    private static func setting(_ change: (inout ExploreSetting) -> Void) -> ExploreSetting {
        var setting = ExploreSetting()
        (setting.jobs, setting.crashes, setting.leaderChanges) = (1, 0, 0)
        change(&setting)
        return setting
    }

    /// Each has one kind of fault, and is explored to its end.
    static let sound: [ExploreSetting] = [
        setting { $0.jobs = 2 },
        setting { $0.mode = .barrier },
        setting { ($0.joins, $0.leaves) = (0, 1) },
        setting { $0.leaderChanges = 1 },
        setting { ($0.joins, $0.silences) = (0, 1) },
        setting { ($0.joins, $0.crashes, $0.restarts) = (0, 1, 1) },
        setting { ($0.joins, $0.copies) = (0, 1) },
    ]

    @Test(arguments: sound)
    func noStateOfASoundClusterBreaksAPromise(setting: ExploreSetting) {
        let result = explore(setting)
        #expect(result.end == .complete, "\(setting.line)")
        #expect(result.states > 10 && result.statesAtRest > 1, "\(result.states) states of \(setting.line)")
    }

    /// Those that show soon; `chaos explore --planted all` has the others, too.
    static let shallow: [PlantedBug] = [
        .staleOwnerAccepted, .fencedAccepted, .staleBaseAccepted, .noSessionTable, .duplicateDeltaApplied,
        .repliesLostInSnapshot, .onlyNewestReplyKept, .newestReplyRepeated, .expiredSessionRevived, .oldLifeAccepted,
        .epochReused, .commitWithoutBarrier, .handOverBeforeDrain, .gateReopenedEarly, .staleViewAccepted,
        .oldEpochServed,
    ]

    @Test(arguments: shallow)
    func aPlantedMistakeIsFoundAndItsTracePlaysAgain(bug: PlantedBug) throws {
        let setting = try #require(ExploreSetting.revealing(bug))
        guard case .violation(let broken, let trace) = explore(setting).end else {
            Issue.record("\(bug.rawValue) is not found")
            return
        }
        #expect(trace.hasSuffix("    broken \(broken)\n"))
        #expect(try ExplorationTrace(playing: trace, setting).text == trace)
    }

    @Test func aRoundThatCanNeverEndIsFound() throws {
        let setting = try #require(ExploreSetting.revealing(.deadMemberAwaited))
        guard case .violation(let broken, let trace) = explore(setting).end else {
            Issue.record("the round that waits for the dead is not found")
            return
        }
        #expect(broken.invariant == "I5")
        #expect(trace.contains("kill c") && trace.contains("round 2 is under way"))
    }

    /// Every step has a line of its own in every state, or traces could not be played: here on a walk with all kinds of faults.
    @Test func aTraceNamesEachStepThatMayHappen() throws {
        var all = ExploreSetting()
        (all.jobs, all.restarts, all.silences, all.copies, all.expiries, all.leaves) = (2, 1, 1, 1, 1, 1)
        all.formerLingers = true
        for seed in 0..<40 {
            var cluster = try SmallCluster(all)
            for turn in 0..<60 {
                let steps = cluster.steps()
                let lines = steps.map { cluster.line(of: $0) }
                #expect(Set(lines).count == lines.count, "\(lines)")
                guard !steps.isEmpty else { break }
                try cluster.perform(steps[(seed * 31 + turn * turn * 7 + turn) % steps.count])
            }
        }
    }

    @Test func aBoundEndsItWithoutAVerdict() {
        var exploration = Exploration(ExploreSetting(), statesMax: 100)
        #expect(exploration.run().end == .statesExhausted)
        exploration = Exploration(ExploreSetting(), statesMax: 100)
        #expect(exploration.run { _, _, _ in false }.end == .stopped)
    }

    /// By hand: one member, no job and no fault. It can do nothing but live.
    @Test func aClusterInWhichNothingCanHappenHasOneState() {
        let alone = Self.setting { ($0.members, $0.joins, $0.jobs) = (1, 0, 0) }
        let result = explore(alone)
        #expect(result.end == .complete && result.states == 1 && result.steps == 0)
    }
}
