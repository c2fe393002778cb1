// Faults of disks, clocks and CPUs as they are planned: within what they are, and never more than is promised.

import Foundation
import Ringmaster
import Testing

@testable import ChaosKit

struct MachineShapeTests {
    private static let kinds: [FaultKind] = [
        .diskFull, .diskSlow, .diskFailing, .tornTail, .lostData, .clockJump, .clockDrift, .cpuStarve,
    ]

    private func orders(_ change: (inout RunSettings) -> Void = { _ in }) -> [FaultOrder] {
        var settings = RunSettings()
        settings.durationNs = 1_000_000_000_000
        settings.faults = Self.kinds
        settings.faultRate = 1
        change(&settings)
        return Schedule(planning: settings, seed: 3).steps.compactMap { step in
            if case .fault(let order) = step.action { order } else { nil }
        }
    }

    @Test
    func everyPlannedFaultSaysHowStrongItIs() {
        let orders = orders()
        #expect(Set(orders.map(\.kind)) == Set(Self.kinds))
        #expect(orders.allSatisfy { $0.machineShapeMistake == nil })
        for order in orders {
            switch order.kind {
            case .diskSlow: #expect(order.disk?.delayNs.map(RunLimits.diskDelayNs.contains) == true)
            case .clockJump: #expect(order.clock?.jumpNs.map { RunLimits.clockJumpNs.contains(abs($0)) } == true)
            case .cpuStarve: #expect(order.cpu.map { RunLimits.spinners.contains($0.spinners) } == true)
            default: break
            }
        }
    }

    @Test
    func clocksDriftNoFurtherApartThanLeasesAllow() {
        let rates = orders().compactMap { $0.clock?.ratePpm }
        #expect(rates.contains { $0 > 0 } && rates.contains { $0 < 0 })
        let fastest = 1 + Double(rates.max() ?? 0) / 1e6
        let slowest = 1 + Double(rates.min() ?? 0) / 1e6
        // The leader, by a fast clock, gives a slow worker up after its lease and the margin: not before the lease is over.
        let waits = (ClusterLimits.lease + ClusterLimits.leaseMargin) / fastest
        #expect(waits >= ClusterLimits.lease / slowest)
    }

    @Test
    func faultsOfDisksMeetCoordinatorsAlone() {
        let orders = orders { $0.killTargets = [.workers, .clients, .leader] }
        for order in orders {
            guard case .any(let role, _) = order.target else { continue }
            if FaultKind.ofDisks.contains(order.kind) { #expect(role == .leader) } else { #expect(role != .clients) }
        }
    }

    @Test
    func shapesAreReadAsTheyWereWritten() throws {
        var settings = RunSettings()
        settings.faults = Self.kinds
        settings.faultRate = 1
        let schedule = Schedule(planning: settings, seed: 4)
        #expect(schedule.mistake == nil)
        #expect(try JSONDecoder().decode(Schedule.self, from: schedule.json()) == schedule)
    }

    @Test
    func whatTheClusterCannotBearIsRefused() {
        var settings = RunSettings()
        (settings.coordinators, settings.replicas) = (1, 1)
        settings.faults = [.lostData]
        #expect(settings.mistake?.contains("lost-data needs 3 or 5") == true)
        settings.replicas = 0
        settings.faults = [.tornTail]
        #expect(settings.mistake?.contains("torn-tail needs a log on disk") == true)
        let order = FaultOrder(id: 1, kind: .clockDrift, target: .named("w1"), lastsNs: 1)
        let schedule = Schedule(seed: 1, settings: RunSettings(), steps: [.init(atNs: 1, .fault(order))])
        #expect(schedule.mistake?.contains("clock.ratePpm") == true)
    }

    @Test
    func aSoakHasOnlyWhatTheMachineAndTheClusterCanDo() {
        for schedule in SoakPlan(seed: 5, killRate: 1, kinds: [.kill, .lostData, .clockJump]).prefix(40) {
            #expect(schedule.kinds.isSubset(of: [.kill, .lostData, .clockJump]))
            #expect(schedule.settings.coordinators > 1 || !schedule.settings.faults.contains(.lostData))
            #expect(schedule.mistake == nil)
        }
    }
}
