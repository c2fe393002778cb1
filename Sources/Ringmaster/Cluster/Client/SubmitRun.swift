// Many jobs of one caller on their way through a window.

import RingmasterProtocol

/// A run of `submitAll`. Confined to the loop's thread once it has begun.
final class SubmitRun: @unchecked Sendable {
    // @unchecked: made by the caller, then handed to the loop.
    private let core: ClusterClientCore
    private let job: String
    private let jobs: [(key: [UInt8], argument: [UInt8])]
    private let timeout: Duration
    private let continuation: Resumption<[Result<[UInt8], ClusterError>]>
    private var results: [Result<[UInt8], ClusterError>]
    private var next = 0
    private var ended = 0
    private var room = 0
    private var isSending = false

    init(
        core: ClusterClientCore,
        job: String,
        jobs: [(key: [UInt8], argument: [UInt8])],
        timeout: Duration,
        continuation: Resumption<[Result<[UInt8], ClusterError>]>
    ) {
        self.core = core
        self.job = job
        self.jobs = jobs
        self.timeout = timeout
        self.continuation = continuation
        results = Array(repeating: .failure(.closed), count: jobs.count)
    }

    func begin(window: Int) {
        room = window
        send()
    }

    private func send() {
        // A request may end while it is begun; the loop below then goes on with the room that it left.
        guard !isSending else { return }
        isSending = true
        defer { isSending = false }
        while room > 0, next < jobs.count {
            let index = next
            next += 1
            room -= 1
            core.begin(
                ClientRequest(
                    .job,
                    method: job,
                    key: jobs[index].key,
                    argument: jobs[index].argument,
                    timeout: timeout,
                    waiter: .run(self, index)
                )
            )
        }
    }

    /// A job of the run has ended.
    func end(_ index: Int, _ result: Result<[UInt8], ClusterError>) {
        results[index] = result
        ended += 1
        room += 1
        if ended == jobs.count { continuation.resume(returning: results) } else { send() }
    }
}
