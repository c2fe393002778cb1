// A cluster in this process: real sockets and event loops, the log in memory or on disk.

import Glibc
import Logging
import Ringmaster
import Testing

/// The state of the keys in the tests of clusters.
struct Account: KeyedState {
    var balance = 0
    var history: [Int] = []

    init() {}
}

/// One coordinator and some workers, in this process. Ended by `close`.
final class ClusterFixture: Sendable {
    let coordinator: Coordinator

    init(_ configuration: CoordinatorConfiguration = CoordinatorConfiguration(endpoint: "tcp://127.0.0.1:*"))
        async throws
    {
        coordinator = try await Coordinator(configuration, logger: Self.quiet)
    }

    static var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = getenv("CLUSTER_LOG") == nil ? .critical : .debug
        return logger
    }

    /// A worker with the accounts' handlers, and the task that runs it.
    func startWorker(_ name: WorkerID) -> (worker: Worker, run: Task<Void, any Error>) {
        let worker = Worker(WorkerConfiguration(name: name, coordinators: [coordinator.endpoint]), logger: Self.quiet)
        worker.handle("deposit", state: Account.self) { (account: inout Account, amount: Int, _: Job) in
            guard amount != 0 else { throw RemoteError(code: .handlerFailed, message: "nothing to deposit") }
            account.balance += amount
            account.history.append(amount)
            return account.balance
        }
        worker.handleRaw("append") { state, argument, _ in
            state.bytes = (state.bytes ?? []) + argument
            return state.bytes ?? []
        }
        return (worker, Task { try await worker.run() })
    }

    /// Waits until the ring has these members, all of them settled.
    func waitForMembers(_ names: Set<String>, within limit: Duration = .seconds(10)) async throws {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let status = await coordinator.status
            if Set(status.workers.map(\.name)) == names, status.intentEpoch == 0 { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        Issue.record("the ring has \(await coordinator.status.workers.map(\.name)), not \(names)")
    }

    func client() async throws -> Client {
        try await Client(ClientConfiguration(coordinators: [coordinator.endpoint]))
    }
}
