// Network faults in schedules: drawn from the seed, written, read, and refused where the network cannot have them.

import Foundation
import Testing

@testable import ChaosKit

struct NetworkScheduleTests {
    private func settings(_ kinds: [FaultKind], _ network: NetworkMode? = nil) -> RunSettings {
        var settings = RunSettings()
        settings.faults = kinds
        settings.faultRate = 1
        settings.network = network
        return settings
    }

    @Test
    func aScheduleOfNetworkFaultsIsTheSameForItsSeedAndComesBackFromItsFile() throws {
        let settings = settings(FaultKind.allCases.filter(\.isOfNetwork), .namespaces)
        let schedule = Schedule(planning: settings, seed: 9)
        #expect(schedule == Schedule(planning: settings, seed: 9))
        #expect(try JSONDecoder().decode(Schedule.self, from: schedule.json()) == schedule)
        let orders = schedule.steps.compactMap { if case .fault(let order) = $0.action { order } else { nil } }
        #expect(Set(orders.map(\.kind)) == Set(FaultKind.allCases.filter(\.isOfNetwork)))
        #expect(orders.allSatisfy { $0.network != nil && $0.network?.mistake == nil })
    }

    @Test
    func aNetworkIsThereWhereAFaultNeedsIt() {
        #expect(NetworkMode.auto.settled(for: [.kill]) == .none)
        #expect(NetworkMode.auto.settled(for: [.kill, .oneWay]) == .proxy)
        #expect(NetworkMode.namespaces.settled(for: [.kill]) == .namespaces)
    }

    @Test(arguments: [
        ([FaultKind.loss], NetworkMode?.none), ([.reorder], .proxy), ([.reset], .namespaces),
        ([.delay], NetworkMode.none),
    ])
    func aFaultThatItsNetworkCannotHaveIsAMistake(kinds: [FaultKind], network: NetworkMode?) {
        #expect(settings(kinds, network).mistake != nil)
    }

    @Test
    func soaksMixNetworkFaultsThatNeedNoPrivileges() {
        let kinds = Set(SoakPlan(seed: 1, killRate: 1).prefix(30).flatMap(\.settings.faults))
        #expect(kinds.isSuperset(of: FaultKind.allCases.filter { $0.isOfNetwork && $0.network != .packets }))
        #expect(!kinds.contains { $0.network == .packets })
    }
}
