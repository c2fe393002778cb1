// The load of the baseline, as the tests call it.

import Glibc
import RawBaseline

/// What to run; the defaults are one client that sends 1000 requests of 64 bytes.
struct Load: Sendable {
    struct Outcome: Sendable {
        var status: Int32
        var result: raw_load_result
        var samples: [UInt64]
    }

    var endpoint: String
    var payloadBytes: UInt32 = 64
    var inFlight: UInt32 = 16
    var framesPerMessage: UInt32 = 1
    var clients: UInt32 = 1
    var warmUpRequests: UInt64 = 0
    var seconds = 0.0
    var requests: UInt64 = 1000
    var requestsPerSecond = 0.0
    var lateNanoseconds: UInt64 = 1_000_000
    var sampleEvery: UInt32 = 1
    var samplesCapacity = 100_000
    var replyTimeoutMilliseconds: UInt32 = 20_000

    init(to endpoint: String) {
        self.endpoint = endpoint
    }

    /// Runs the load on a thread of its own.
    func run() async throws -> Outcome {
        try await onOwnThread(runHere)
    }

    @Sendable private func runHere() -> Outcome {
        var samples = [UInt64](repeating: 0, count: samplesCapacity)
        var result = raw_load_result()
        let status = samples.withUnsafeMutableBufferPointer { samples in
            endpoint.withCString { endpoint in
                var options = raw_load_options()
                options.endpoint = endpoint
                options.payload_bytes = payloadBytes
                options.in_flight = inFlight
                options.frames_per_message_max = framesPerMessage
                options.clients = clients
                options.warm_up_requests = warmUpRequests
                options.seconds = seconds
                options.requests = requests
                options.requests_per_second = requestsPerSecond
                options.late_ns = lateNanoseconds
                options.sample_every = sampleEvery
                options.samples = samples.baseAddress
                options.samples_capacity = samples.count
                options.reply_timeout_ms = replyTimeoutMilliseconds
                return raw_load_run(&options, &result)
            }
        }
        return Outcome(status: status, result: result, samples: Array(samples.prefix(result.samples)))
    }
}
