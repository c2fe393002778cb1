// Jobs at fixed times, key by key, whether or not replies come: what a user of each key sees while something happens to the
// cluster. A ping counts from the time at which it was meant to be sent.

import BenchResults
import Foundation
import Measurement
import Ringmaster

/// Sends pings from its making to `end`. A thread of its own keeps the times.
final class Pings: @unchecked Sendable {
    // @unchecked: `lock` guards what changes.
    private let lock = NSLock()
    private var report = PingReport()
    private var isEnding = false
    private var isAlive = true
    private var open = 0
    private var ended: CheckedContinuation<Void, Never>?
    private let before = ProcessAccount.current()

    init(_ clients: [Client], _ order: ClusterLoadOrder) {
        let thread = Thread { [self] in send(clients, order) }
        thread.qualityOfService = .userInteractive
        thread.start()
    }

    /// Stops, waits for what is under way, and tells of all.
    func end() async -> PingReport {
        lock.withLock { isEnding = true }
        await withCheckedContinuation { continuation in
            let isDone = lock.withLock {
                if open == 0, !isAlive { return true }
                ended = continuation
                return false
            }
            if isDone { continuation.resume() }
        }
        return lock.withLock {
            report.account = ProcessAccount.current().since(before)
            return report
        }
    }

    private func send(_ clients: [Client], _ order: ClusterLoadOrder) {
        let payload = [UInt8](repeating: 0x5a, count: order.payloadBytes)
        let keys = (0..<order.keys).map(ClusterLoad.key)
        let start = MonotonicTime.now.nanoseconds
        var number = 0
        while !lock.withLock({ isEnding }) {
            let due = start + Int64(Double(number) * 1e9 / order.perSecond)
            Self.sleep(until: due)
            let index = lock.withLock {
                report.keys.append(number % keys.count)
                report.intendedNs.append(due)
                report.ackedNs.append(0)
                open += 1
                return report.keys.count - 1
            }
            let (client, key) = (clients[number % clients.count], keys[number % keys.count])
            Task(executorPreference: EventLoop.shared.taskExecutor) { [self] in
                do throws(ClusterError) {
                    _ = try await client.submitRaw(BenchJob.overwrite, key: key, payload)
                    acknowledge(index, nil)
                } catch {
                    acknowledge(index, error)
                }
            }
            number += 1
        }
        finish { isAlive = false }
    }

    private func acknowledge(_ index: Int, _ error: ClusterError?) {
        let now = MonotonicTime.now.nanoseconds
        finish {
            if let error {
                report.firstError = report.firstError ?? "\(error)"
            } else {
                report.ackedNs[index] = now
            }
            open -= 1
        }
    }

    private func finish(_ change: () -> Void) {
        let waiter: CheckedContinuation<Void, Never>? = lock.withLock {
            change()
            guard open == 0, !isAlive else { return nil }
            defer { ended = nil }
            return ended
        }
        waiter?.resume()
    }

    private static func sleep(until time: Int64) {
        var deadline = timespec(tv_sec: Int(time / 1_000_000_000), tv_nsec: Int(time % 1_000_000_000))
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, nil) == EINTR {}
    }
}
