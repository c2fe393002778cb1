// Whole clusters in this process, on a time of their own.

import Foundation
import Ringmaster
import RingmasterProtocol
import Testing

@testable import ChaosKit

@Suite("Simulation") struct SimulationTests {
    private func plan(seed: UInt64, replicas: Int, steps: [SimulationStep] = []) -> SimulationPlan {
        var plan = SimulationPlan(seed: seed, steps: steps)
        plan.replicas = replicas
        plan.loadNs = 2_000_000_000
        return plan
    }

    private func step(_ number: Int, _ kind: SimulationStep.Kind, atMs: Int64, lastsMs: Int64, pick: Int = 0)
        -> SimulationStep
    {
        SimulationStep(
            number: number,
            atNs: atMs * 1_000_000,
            lastsNs: lastsMs * 1_000_000,
            pick: pick,
            kind: kind
        )
    }

    @Test(arguments: [0, 1, 3]) func aClusterWithoutFaultsAnswersEverything(replicas: Int) throws {
        let result = try Simulation(plan(seed: 7, replicas: replicas)).run()
        #expect(result.findings == [])
        #expect(result.problems == [])
        #expect(result.operations > 100)
        #expect(result.acknowledged == result.operations)
    }

    @Test func aLeaderThatDiesInAResizeLosesNothing() throws {
        let steps = [
            step(1, .addWorker, atMs: 500, lastsMs: 0), step(2, .killLeader, atMs: 502, lastsMs: 300),
            step(3, .removeWorker, atMs: 1200, lastsMs: 0), step(4, .killWorker, atMs: 1203, lastsMs: 200, pick: 1),
        ]
        let result = try Simulation(plan(seed: 11, replicas: 3, steps: steps)).run()
        #expect(result.findings == [])
        #expect(result.problems == [])
        #expect(result.faults == 2)
    }

    /// A leader that stood still comes back, proposes a round with nobody to follow it, and dies as it hears that it leads no more.
    @Test func aRoundThatOnlyADeadLeaderKnewOfIsOver() throws {
        let result = try Simulation(seed: 4582).run()
        #expect(result.isValid, "\(result.report)")
        let history = String(decoding: result.history, as: UTF8.self)
        #expect(history.contains("\"resize-end\",\"value\":{\"epoch\":7,\"outcome\":\"superseded\"}"))
    }

    /// A process runs one simulation after the other.
    @Test func nothingOfASimulationOutlivesIt() throws {
        let steps = [
            step(1, .addWorker, atMs: 300, lastsMs: 0), step(2, .killLeader, atMs: 502, lastsMs: 300),
            step(3, .killWorker, atMs: 900, lastsMs: 200, pick: 1), step(4, .killAll, atMs: 1500, lastsMs: 200),
        ]
        var simulation: Simulation? = Simulation(plan(seed: 14, replicas: 3, steps: steps))
        final class Lives {
            weak var host: VirtualHost?
            weak var context: MessagingContext?
            init(_ host: VirtualHost) { (self.host, context) = (host, host.context) }
        }
        var lives: [Lives] = []
        simulation!.cluster.began = { lives.append(Lives($1)) }
        let result = try simulation!.run()
        #expect(result.isValid && lives.count > 12, "\(result.report)")
        weak let network = simulation!.cluster.network
        simulation = nil
        #expect(network == nil)
        #expect(lives.filter { $0.host != nil || $0.context != nil }.isEmpty)
    }

    @Test func aWorkerCutOffIsGivenUpAndComesBack() throws {
        let steps = [step(1, .isolateWorker, atMs: 300, lastsMs: 1500)]
        let result = try Simulation(plan(seed: 12, replicas: 3, steps: steps)).run()
        #expect(result.isValid, "\(result.report)")
        let history = String(decoding: result.history, as: UTF8.self)
        #expect(history.contains("\"resize-begin\""))
    }

    @Test func everybodyMayDieAtOnce() throws {
        let steps = [step(1, .killAll, atMs: 700, lastsMs: 400)]
        let result = try Simulation(plan(seed: 13, replicas: 3, steps: steps)).run()
        #expect(result.isValid, "\(result.report)")
        #expect(result.faults == 6)
    }

    @Test func aSeedDrawsOnePlan() {
        for seed in 1...200 as ClosedRange<UInt64> {
            #expect(SimulationPlan.drawn(seed: seed) == .drawn(seed: seed))
        }
        let kinds = Set((1...200).flatMap { SimulationPlan.drawn(seed: $0).steps.map(\.kind) })
        #expect(kinds == Set(SimulationStep.Kind.allCases))
    }

    @Test func aSeedGivesTheSameTraceInTwoProcesses() throws {
        let arguments = ["--seeds", "8...9", "--verbose"]
        let first = try ChaosProgram.run(["simulate"] + arguments)
        let second = try ChaosProgram.run(["simulate"] + arguments)
        #expect(first.text == second.text)
        #expect(first.text.contains("trace"))
        #expect(first.status == 0, "\(first.text)")
    }
}
