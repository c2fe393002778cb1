// A process that gets little of a CPU: it is bound to one, and others that do nothing else spin there, above it where
// whoever runs this may have them so.

import Foundation
import Glibc
import RingmasterCommand
import Synchronization

/// Verified by the system's count of how long the victim's threads ran and how long they waited for the CPU while they
/// could have run: they wait most of the time, and the spinners run. After the healing the spinners are gone, and the victim
/// may run everywhere again.
final class StarveFault: Fault {
    private static let lookInterval: Duration = .milliseconds(200)
    private static let looksMax = 25
    /// Of the time in which a starved process could run, what it waits.
    private static let waitShareMin = 0.5

    private let targets: [NodeName]
    private let spinners: Int
    private let children = Mutex<[ChildProcess]>([])

    init(targets: [NodeName], spinners: Int) {
        self.targets = targets
        self.spinners = spinners
    }

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        var met: [NodeName] = []
        for target in targets {
            guard let pid = await cluster.pid(target) else { continue }
            let cpus = CPUSet.all.cpus
            let cpu = cpus[Int(pid) % cpus.count]
            guard CPUSet([cpu]).bindAll(of: pid) else {
                throw FaultFailure("\(target) could not be bound to CPU \(cpu): \(String(cString: strerror(errno)))")
            }
            for _ in 0..<spinners {
                do {
                    let order = NodeOrder.spinner(SpinnerOrder(cpu: cpu))
                    let child = try ChildProcess(["node", order.argument]) { _ in }
                    children.withLock { $0.append(child) }
                } catch {
                    throw FaultFailure("no process to take CPU \(cpu): \(error)")
                }
            }
            try await see(target, pid, in: cluster)
            met.append(target)
        }
        return met
    }

    private func see(_ target: NodeName, _ pid: pid_t, in cluster: RunningCluster) async throws(FaultFailure) {
        let spinning = children.withLock { $0.map(\.pid) }
        var seen = "nothing"
        for _ in 0..<Self.looksMax {
            let (before, spun) = (SchedulerTimes(of: pid), spinning.map { SchedulerTimes(of: $0).ranNs }.reduce(0, +))
            try? await Task.sleep(for: Self.lookInterval)
            guard await cluster.isRunning(target) else { return }
            let after = SchedulerTimes(of: pid)
            let spunNs = spinning.map { SchedulerTimes(of: $0).ranNs }.reduce(0, +) - spun
            let (ran, waited) = (after.ranNs - before.ranNs, after.waitedNs - before.waitedNs)
            // Of one CPU, the spinners have half at least.
            let isTaken = Duration.nanoseconds(spunNs) > Self.lookInterval / 2
            if isTaken, waited > 0, Double(waited) >= Self.waitShareMin * Double(waited + ran) { return }
            seen = "it ran \(ran) ns and waited \(waited) ns, the spinners ran \(spunNs) ns"
        }
        throw FaultFailure("\(target) was not seen to want for its CPU: \(seen)")
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        let spinning = children.withLock { $0 }
        for child in spinning { child.signal(SIGKILL) }
        for target in targets {
            guard let pid = await cluster.pid(target) else { continue }
            guard CPUSet.all.bindAll(of: pid) || kill(pid, 0) != 0 else {
                throw FaultFailure("\(target) could not be given all CPUs again: \(String(cString: strerror(errno)))")
            }
        }
        let end = ContinuousClock.now + RunningCluster.signalTimeout
        for child in spinning {
            while kill(child.pid, 0) == 0 {
                guard ContinuousClock.now < end else { throw FaultFailure("the process \(child.pid) goes on spinning") }
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
    }
}

/// What the threads of a process had of the CPUs, by the system's count.
struct SchedulerTimes {
    private(set) var ranNs: Int64 = 0
    /// Of the time in which they could have run.
    private(set) var waitedNs: Int64 = 0

    init(of pid: pid_t) {
        for thread in Self.threads(of: pid) {
            guard let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/schedstat", encoding: .utf8)
            else {
                continue
            }
            // ran, waited, times
            let fields = text.split(whereSeparator: \.isWhitespace).compactMap { Int64($0) }
            guard fields.count >= 2 else { continue }
            ranNs += fields[0]
            waitedNs += fields[1]
        }
    }

    static func threads(of pid: pid_t) -> [pid_t] {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task"))?.compactMap { pid_t($0) } ?? []
    }
}
