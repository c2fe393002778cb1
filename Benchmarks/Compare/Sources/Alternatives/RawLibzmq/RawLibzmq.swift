// Plain C on libzmq and msgpack-c, one message a request: what a C programmer writes, and the ceiling without coalescing. It does
// calls alone, and brings its own loop.

import Foundation
import Measurement
import RawBaseline
import Ringmaster

struct RawLibzmq: Alternative {
    let name = "libzmq-c"

    func find() -> Description {
        Description(
            version: "libzmq \(MessagingContext.libraryVersion)",
            settings: [.calls: "DEALER and ROUTER, one message a request, queues without limit"]
        )
    }

    func promise(_ work: Work) -> Promise? {
        work == .calls ? Promise(.atMostOnce, isSynced: false, replicas: 0, "no time-outs, no retries, no errors") : nil
    }

    /// The baseline's server is 221 lines of C of its own; it has no file that holds the service alone.
    func userSources(_ work: Work) -> [String] { ["../../../RawBaseline/server.c"] }

    func start(_ instance: Instance) throws {
        _ = try instance.takePort("worker")
        try instance.startRole("worker")
    }

    func serve(role: String, at address: Address, ready: () -> Void) throws {
        // The port is bound before the loop runs, and requests wait in its queue.
        ready()
        let status = "tcp://127.0.0.1:\(address.port("worker"))".withCString { endpoint in
            var options = raw_server_options()
            options.endpoint = endpoint
            options.frames_per_message_max = 1
            options.stop_descriptor = -1
            return raw_server_run(&options)
        }
        throw AlternativeError.failed("raw C server: \(String(cString: strerror(-status)))")
    }

    func line(_ order: LineOrder) -> any ClientLine { RawLine(order) }
}

private final class RawLine: ClientLine {
    /// Latencies that one run can hold.
    private static let samplesMax = 4_000_000
    private let order: LineOrder

    init(_ order: LineOrder) { self.order = order }

    func run(_ source: any LoadSource) async throws {
        guard let load = source as? Load else {
            throw AlternativeError.failed("libzmq-c runs the benchmark's loads alone")
        }
        let plan = load.plan
        let samples = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.samplesMax)
        defer { samples.deallocate() }
        var result = raw_load_result()
        let status = "tcp://127.0.0.1:\(order.address.port("worker"))".withCString { endpoint in
            var options = raw_load_options()
            options.endpoint = endpoint
            options.payload_bytes = UInt32(plan.payloadBytes)
            options.in_flight = UInt32(plan.inFlight)
            options.frames_per_message_max = 1
            options.clients = 1
            options.warm_up_requests = 100
            options.seconds = plan.seconds
            options.requests_per_second = plan.requestsPerSecond ?? 0
            options.late_ns = 1_000_000
            options.sample_every = plan.inFlight >= 1024 && plan.requestsPerSecond == nil ? 16 : 1
            options.samples = samples
            options.samples_capacity = Self.samplesMax
            options.reply_timeout_ms = 10_000
            return raw_load_run(&options, &result)
        }
        guard status == 0 else { throw AlternativeError.failed("raw C load: \(String(cString: strerror(-status)))") }
        var report = LoadResult()
        report.requests = Int(result.requests)
        report.errors = Int(result.errors) + Int(result.samples_dropped)
        if result.samples_dropped > 0 { report.firstError = "\(result.samples_dropped) latencies had no room" }
        report.late = Int(result.late)
        report.elapsedNs = Int64(result.elapsed_ns)
        for index in 0..<result.samples { report.latency.record(Int64(samples[index])) }
        load.adopt(report)
    }

    func close() async {}
}
