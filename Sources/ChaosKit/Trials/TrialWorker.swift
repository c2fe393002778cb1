// The program of a worker in a trial that needs jobs that take long: `chaos trial-worker`, which no person calls.

import Glibc
import Ringmaster
import RingmasterCommand

/// A worker with the jobs of `ringmaster worker`, and a slow one.
public enum TrialWorker {
    /// The built-in `append` of byte strings, which takes `slowness` before it writes.
    static let slowJob = "append-slowly"
    /// Longer than a round takes from its intent to what its gainers load; shorter than a lease.
    static let slowness: Duration = .milliseconds(250)

    /// Runs until it is told to end, or whoever started it is no more.
    public static func run(name: String, cluster: [String]) async throws {
        let worker = Worker(
            WorkerConfiguration(
                name: try WorkerID(validating: name),
                coordinators: try cluster.map { try Endpoint($0) }
            )
        )
        BuiltInHandlers.add(to: worker)
        worker.handle(slowJob, state: ByteString.self) { (string: inout ByteString, more: [UInt8], _) in
            try await Task.sleep(for: slowness)
            string.bytes += more
            return string.bytes.count
        }
        let stop = Task.detached {
            if await StopOrder.wait(isSupervised: true) == .supervisorGone { _exit(0) }
            worker.leave()
        }
        try await worker.run()
        stop.cancel()
    }

    /// A state as the built-in `append` keeps it.
    private struct ByteString: KeyedState {
        var bytes: [UInt8] = []

        init() {}

        init(from decoder: any Decoder) throws {
            bytes = try decoder.singleValueContainer().decode([UInt8].self)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(bytes)
        }
    }
}
