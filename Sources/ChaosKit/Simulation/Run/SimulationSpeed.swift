// How fast time goes in a simulation.

import Foundation
import Glibc

/// One cluster under a load without faults, and how long its simulation took.
public struct SimulationSpeed: Sendable {
    public let virtualSeconds: Double
    public let wallSeconds: Double
    /// Of the process's CPU: less than the wall's where others want the core, too.
    public let cpuSeconds: Double
    public let jobs: Int
    public let isValid: Bool

    /// Three coordinators, four workers, 1,000 jobs a second. Only the load's time counts: what comes before and after is idle.
    public static func measure(virtualSeconds: Int) throws -> SimulationSpeed {
        var plan = SimulationPlan(seed: 1)
        plan.replicas = 3
        plan.workers = 4
        plan.clients = 4
        plan.lanes = 64
        plan.keys = 1024
        plan.slots = 4096
        plan.perSecond = 1000
        plan.readShare = 0
        plan.loadNs = Int64(virtualSeconds) * 1_000_000_000
        let simulation = Simulation(plan)
        var (wall, cpu) = (0.0, 0.0)
        simulation.loadIsOn = { isOn in
            wall = seconds(CLOCK_MONOTONIC) - wall
            cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu
        }
        let result = try simulation.run()
        return SimulationSpeed(
            virtualSeconds: Double(virtualSeconds),
            wallSeconds: wall,
            cpuSeconds: cpu,
            jobs: result.acknowledged,
            isValid: result.isValid
        )
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    public var text: String {
        let (wall, cpu) = (virtualSeconds / wallSeconds, virtualSeconds / cpuSeconds)
        return """
            3 coordinators, 4 workers, 1,000 jobs/s asked for, n=3: \(Int(virtualSeconds)) virtual s, \(jobs) operations; \
            \(String(format: "%.1f", wall)) virtual s per s of the wall clock, \
            \(String(format: "%.1f", cpu)) per s of one core
            """
    }
}
