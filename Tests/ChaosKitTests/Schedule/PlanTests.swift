// A schedule is fixed by its seed, and has what its settings say.

import Testing

@testable import ChaosKit

struct PlanTests {
    private func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        var settings = RunSettings()
        settings.durationNs = 1_000_000_000_000
        change(&settings)
        return settings
    }

    private func faults(_ schedule: Schedule) -> [(atNs: Int64, order: FaultOrder)] {
        schedule.steps.compactMap { step in
            if case .fault(let order) = step.action { (step.atNs, order) } else { nil }
        }
    }

    private func resizes(_ schedule: Schedule) -> [(atNs: Int64, order: ResizeOrder)] {
        schedule.steps.compactMap { step in
            if case .resize(let order) = step.action { (step.atNs, order) } else { nil }
        }
    }

    @Test
    func theSeedFixesTheSchedule() {
        let settings = settings { $0.faults = FaultKind.allCases }
        let one = Schedule(planning: settings, seed: 7)
        #expect(one == Schedule(planning: settings, seed: 7))
        #expect(one.steps != Schedule(planning: settings, seed: 8).steps)
    }

    @Test(arguments: FaultWindow.allCases)
    func killsComeAtTheirRate(during: FaultWindow) {
        let settings = settings {
            $0.killRate = 2
            $0.during = during
        }
        // 2,000 are expected, with a standard deviation of 45.
        #expect((1800...2200).contains(faults(Schedule(planning: settings, seed: 1)).count))
    }

    @Test
    func eachOtherKindComesAtTheFaultRate() {
        let settings = settings {
            $0.faults = [.pause, .killAll]
            $0.faultRate = 1
        }
        let orders = faults(Schedule(planning: settings, seed: 2)).map(\.order)
        #expect(Set(orders.map(\.kind)) == [.pause, .killAll])
        #expect((850...1150).contains(orders.count { $0.kind == .pause }))
        #expect(orders.allSatisfy { $0.kind != .pause || RunLimits.pauseNs.contains($0.lastsNs) })
        #expect(orders.allSatisfy { $0.kind != .killAll || $0.target == .any(.everything, pick: 0) })
    }

    @Test
    func faultsOfResizesAloneBeginWithinThem() {
        let settings = settings { $0.during = .resize }
        let schedule = Schedule(planning: settings, seed: 3)
        let begins = resizes(schedule).map(\.atNs)
        for fault in faults(schedule) {
            #expect(begins.contains { (0..<RunLimits.resizeWindowNs).contains(fault.atNs - $0) })
        }
        #expect(!faults(schedule).isEmpty)
    }

    @Test(arguments: [1, 2, 4, 32])
    func aResizeAlwaysChangesTheNumberOfWorkers(workers: Int) {
        let schedule = Schedule(planning: settings { $0.workers = workers }, seed: 4)
        var present = workers
        for resize in resizes(schedule) {
            #expect(resize.order.workers != present)
            #expect((1...RunLimits.workersMax).contains(resize.order.workers))
            #expect(abs(resize.order.workers - workers) <= RunLimits.resizeSpread)
            present = resize.order.workers
        }
        #expect(resizes(schedule).count == 499)
    }

    @Test
    func everyRoleIsMetAndNoOther() {
        let settings = settings { $0.killTargets = [.leader, .clients] }
        let roles = faults(Schedule(planning: settings, seed: 5)).map { fault in
            if case .any(let role, _) = fault.order.target { role } else { TargetRole.everything }
        }
        #expect(Set(roles) == [.leader, .clients])
    }

    @Test
    func stepsAreInOrderAndFaultsNumberedInIt() {
        let settings = settings { $0.faults = FaultKind.allCases.filter { $0.network != .packets } }
        let schedule = Schedule(planning: settings, seed: 6)
        #expect(zip(schedule.steps, schedule.steps.dropFirst()).allSatisfy { $0.atNs <= $1.atNs })
        #expect(faults(schedule).map(\.order.id) == Array(1...Int64(faults(schedule).count)))
        #expect(schedule.mistake == nil)
    }

    @Test
    func nothingHappensWhereNothingIsToHappen() {
        let settings = settings {
            $0.killRate = 0
            $0.resizeEveryNs = 0
        }
        #expect(Schedule(planning: settings, seed: 1).steps.isEmpty)
    }
}
