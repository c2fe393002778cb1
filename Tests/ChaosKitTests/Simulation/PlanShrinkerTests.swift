// Plans that fail, made small, and plans as files.

import Foundation
import RingmasterProtocol
import Testing

@testable import ChaosKit

@Suite("Shrinking of plans") struct PlanShrinkerTests {
    private func step(_ number: Int, _ kind: SimulationStep.Kind) -> SimulationStep {
        SimulationStep(
            number: number,
            atNs: Int64(number) * 100_000_000,
            lastsNs: 700_000_000,
            pick: 12345,
            kind: kind,
            occurrence: 9
        )
    }

    private var large: SimulationPlan {
        var plan = SimulationPlan(seed: 3)
        plan.replicas = 5
        plan.workers = 6
        plan.lanes = 8
        plan.slots = 256
        plan.steps = [
            .slowDisk, .killWorker, .addWorker, .pauseLeader, .killLeader, .removeWorker, .cutOneWay, .snapshot,
            .lossyNetwork,
        ].enumerated().map { step($0.offset + 1, $0.element) }
        return plan
    }

    @Test func whatTheFailureNeedsIsLeftAndNothingElse() throws {
        var shrinker = PlanShrinker(large) { plan in
            let kinds = plan.steps.map(\.kind)
            return kinds.contains(.killLeader) && kinds.contains(.addWorker) && plan.workers >= 2 && plan.replicas >= 3
                && plan.steps.contains { $0.lastsNs >= 100_000_000 }
        }
        let small = try shrinker.shrink()
        #expect(Set(small.steps.map(\.kind)) == [.killLeader, .addWorker])
        #expect(small.steps.count == 2)
        #expect(small.replicas == 3)
        #expect(small.workers == 2)
        #expect(small.clients == 1)
        #expect(small.lanes == 1)
        #expect(small.slots == 1)
        #expect(small.loadNs == 100_000_000)
        let lasts = small.steps.map(\.lastsNs).sorted()
        #expect(lasts[0] == 0)
        #expect((100_000_000..<200_000_000).contains(lasts[1]))
        #expect(small.steps.allSatisfy { $0.pick == 0 && $0.occurrence == 1 })
        #expect(shrinker.tries < 200)
    }

    @Test func noPlanThatDoesNotFailIsTaken() throws {
        var shrinker = PlanShrinker(large) { _ in false }
        #expect(try shrinker.shrink() == large)
    }

    @Test func thereIsAnEndToTheTries() throws {
        var shrinker = PlanShrinker(large) { $0.steps.contains { $0.kind == .snapshot } }
        shrinker.triesMax = 5
        _ = try shrinker.shrink()
        #expect(shrinker.tries == 5)
    }

    @Test func aPlanComesBackFromItsFile() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "plan-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        for seed in 1...50 as ClosedRange<UInt64> {
            var plan = SimulationPlan.drawn(seed: seed)
            plan.planted = seed.isMultiple(of: 2) ? .leaseIgnored : nil
            try plan.write(to: file)
            #expect(try SimulationPlan(path: file) == plan)
        }
    }

    @Test func aFileThatIsNoPlanIsRefused() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "plan-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        #expect(throws: SimulationError.self) { try SimulationPlan(path: file) }
        try "{}".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(throws: SimulationError.self) { try SimulationPlan(path: file) }
        var plan = SimulationPlan(seed: 1)
        plan.slots = 3
        try plan.write(to: file)
        #expect(throws: SimulationError.self) { try SimulationPlan(path: file) }
    }

    @Test(arguments: [
        ("lost-append x3: lines [1, 2]", "lost-append"),
        ("at 512 ns: replicas differ at index 7: coordinator-1 and coordinator-2", "replicas differ at index"),
        ("at 99 ns: slot 5 is served by worker-1 and worker-2", "slot is served by and"),
        ("3 operations without an end", "operations without an end"),
    ]) func theKindOfAFindingIsWithoutItsNumbers(finding: String, kind: String) {
        #expect(PlanRun.kind(of: finding) == kind)
    }
}
