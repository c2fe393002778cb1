// A worker as a process of a run: it appends to lists, and tells of its epochs.

import Logging
import Ringmaster

extension Node {
    private static let workerWatchInterval: Duration = .milliseconds(50)
    /// Of so many looks one tells what it has counted.
    private static let looksPerCounters = 10

    static func runWorker(_ order: WorkerOrder) async throws {
        try obey(order.ordersPath, directory: nil)
        let (logged, continuation) = AsyncStream<LoggedEvent>.makeStream()
        var configuration = WorkerConfiguration(
            name: try WorkerID(validating: order.name),
            coordinators: try order.coordinators.map { try Endpoint($0) }
        )
        try configuration.take(order.place)
        let worker = Worker(
            configuration,
            logger: Logger(label: order.name) { _ in EventLogHandler(continuation: continuation) }
        )
        AppendJob.add(to: worker)
        let telling = Task.detached {
            for await event in logged { NodeReport.say(.note(event.message, event.details), at: event.time) }
        }
        let watching = Task.detached { await watch(worker) }
        let stop = Task.detached {
            await waitForStop()
            // The run says when it has taken too long.
            worker.leave(within: RunningCluster.leaveTimeout * 2)
        }
        NodeReport.say(.ready)
        try await worker.run()
        stop.cancel()
        watching.cancel()
        telling.cancel()
    }

    private static func watch(_ worker: Worker) async {
        var last: (epoch: UInt64, incarnation: UInt64) = (0, 0)
        var counters = CounterTeller()
        var looks = 0
        while !Task.isCancelled {
            if let status = await worker.status {
                if status.epoch > 0, (status.epoch, status.incarnation) != last {
                    last = (status.epoch, status.incarnation)
                    NodeReport.say(
                        .epoch(status.epoch, incarnation: Int64(truncatingIfNeeded: status.incarnation & .max >> 1))
                    )
                }
                looks += 1
                if looks.isMultiple(of: looksPerCounters) {
                    counters.tell([
                        .resends: status.batchesResent, .duplicatesSuppressed: status.duplicatesSuppressed,
                    ])
                }
            }
            try? await Task.sleep(for: workerWatchInterval)
        }
    }
}
