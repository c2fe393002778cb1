// What simulations count as reached, and where they are steered by it.

import Ringmaster
import Testing

@testable import ChaosKit

@Suite("Coverage of simulations") struct CoverageTests {
    private func plan(replicas: Int) -> SimulationPlan {
        var plan = SimulationPlan(seed: 21)
        plan.replicas = replicas
        plan.loadNs = 1_000_000_000
        return plan
    }

    @Test func whatARunReachesIsCounted() throws {
        var series = SimulationSeries(isCovered: true)
        let result = try series.run(plan(replicas: 3))
        #expect(result.isValid, "\(result.report)")
        for name in [
            "point worker.job.run", "point coordinator.log.loaded", "sent job.submit", "received job.submit",
            "sent cluster.raft append-entries", "delta accepted", "entry view committed", "slot serving", "role leader",
            "round committed",
        ] {
            #expect(series.coverage.count(of: name).times > 0, "\(name)")
            #expect(SimulationCoverage.everything.contains(name), "\(name)")
        }
        // Nothing was struck, and nobody left.
        #expect(series.coverage.unreached.contains("point worker.leave.sending"))
    }

    @Test func whatIsCountedHasAName() throws {
        var series = SimulationSeries(isCovered: true)
        _ = try series.run(plan(replicas: 1))
        let names = Set(SimulationCoverage.everything)
        #expect(series.coverage.counts.keys.filter { !names.contains($0) }.sorted() == [])
    }

    @Test func sharesAddUp() {
        var (sum, one) = (SimulationCoverage(times: ["a": 2]), SimulationCoverage(times: ["a": 3, "b": 1]))
        sum.add(one)
        one.add(SimulationCoverage(times: ["a": 2]))
        #expect(sum == one)
        #expect(sum.count(of: "a").times == 5)
        #expect(sum.count(of: "a").seeds == 2)
    }

    @Test func strikesGoWhereFewHaveBeen() {
        var times: [String: Int] = [:]
        for point in FaultPoint.allCases { times[CoverageItem.point(point)] = 5 }
        var coverage = SimulationCoverage(times: times)
        let rare: [FaultPoint] = [.workerLookUpAnswered, .coordinatorSteppedDown]
        for point in FaultPoint.allCases where !rare.contains(point) {
            coverage.add(SimulationCoverage(times: [CoverageItem.point(point): 1]))
        }
        let orders = (1...100 as ClosedRange<UInt64>).flatMap { SimulationSteering.strikes(seed: $0, coverage) }
        #expect(orders == (1...100 as ClosedRange<UInt64>).flatMap { SimulationSteering.strikes(seed: $0, coverage) })
        // A twelfth each, if the choice is even; elsewhere they would get a hundredth.
        for point in rare { #expect(orders.count { $0.hasPrefix(point.rawValue) } > 5) }
    }
}
