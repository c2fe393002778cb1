// The load of the raw C variant.

import Foundation
import Measurement
import RawBaseline

/// A thread and a socket for each connection, all of it in C.
struct RawClient {
    private let order: ClientOrder
    /// Latencies that one run can hold; beyond, they are dropped and the run says so.
    private static let samplesMax = 2_000_000

    init(_ order: ClientOrder) {
        self.order = order
    }

    func run(_ load: LoadOrder) throws -> LoadReport {
        let before = ProcessAccount.current()
        let parts: [LoadReport]
        if order.endpoints.count == 1 {
            parts = [try run(load, endpoint: order.endpoints[0], share: 1)]
        } else {
            parts = try runConcurrently(load)
        }
        var report = LoadReport()
        report.account = ProcessAccount.current().since(before)
        for part in parts {
            report.requests += part.requests
            report.errors += part.errors
            report.late += part.late
            report.elapsedNs = max(report.elapsedNs, part.elapsedNs)
            report.latency.merge(part.latency)
        }
        // Where it is known, the measured part alone: connecting is not the load.
        if parts.count == 1 { report.account.cpuNs = parts[0].account.cpuNs }
        return report
    }

    private func run(_ load: LoadOrder, endpoint: String, share: Int) throws -> LoadReport {
        let samples = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.samplesMax / share)
        defer { samples.deallocate() }
        var result = raw_load_result()
        let status = endpoint.withCString { endpoint in
            var options = raw_load_options()
            options.endpoint = endpoint
            options.payload_bytes = UInt32(order.payloadBytes)
            options.in_flight = UInt32(order.inFlight)
            options.frames_per_message_max = order.coalesced ? 128 : 1
            options.clients = 1
            options.warm_up_requests = 100
            options.seconds = load.seconds
            options.requests = UInt64((load.requests ?? 0) / share)
            options.requests_per_second = (load.requestsPerSecond ?? 0) / Double(share)
            options.late_ns = 1_000_000
            options.sample_every = UInt32(load.sampleEvery)
            options.samples = samples
            options.samples_capacity = Self.samplesMax / share
            options.reply_timeout_ms = 10_000
            return raw_load_run(&options, &result)
        }
        guard status == 0 else { throw ChildError("raw C load: \(String(cString: strerror(-status)))") }
        guard result.samples_dropped == 0 else {
            throw ChildError("raw C load: \(result.samples_dropped) latencies had no room; sample fewer")
        }
        var report = LoadReport()
        report.requests = Int(result.requests)
        report.errors = Int(result.errors)
        report.late = Int(result.late)
        report.elapsedNs = Int64(result.elapsed_ns)
        report.account.cpuNs = Int64(result.cpu_ns)
        for index in 0..<result.samples { report.latency.record(Int64(samples[index])) }
        return report
    }

    /// The C load knows one endpoint, so each has a thread that runs it.
    private func runConcurrently(_ load: LoadOrder) throws -> [LoadReport] {
        final class Outcome: @unchecked Sendable {
            // @unchecked: written by one thread, read after it was joined.
            var result: Result<LoadReport, any Error>?
        }
        let outcomes = order.endpoints.map { _ in Outcome() }
        let done = DispatchGroup()
        for (endpoint, outcome) in zip(order.endpoints, outcomes) {
            done.enter()
            let thread = Thread { [self] in
                outcome.result = Result { try run(load, endpoint: endpoint, share: order.endpoints.count) }
                done.leave()
            }
            thread.start()
        }
        done.wait()
        return try outcomes.compactMap { try $0.result?.get() }
    }
}
