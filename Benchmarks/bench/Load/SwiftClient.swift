// The load of the Swift variant: through the public API and nothing else.

import Measurement
import Ringmaster

/// One client a connection, all on one loop.
struct SwiftClient {
    private static let echo: RPCMethod = "echo"
    private let order: ClientOrder
    private let clients: [RPCClient]

    init(_ order: ClientOrder) async throws {
        self.order = order
        var configuration = RPCClientConfiguration()
        configuration.coalescing = order.coalesced
        configuration.inFlightMax = max(order.inFlight, 1)
        var clients: [RPCClient] = []
        for endpoint in order.endpoints {
            clients.append(try await RPCClient(Endpoint(endpoint), configuration: configuration))
        }
        self.clients = clients
        // The connections stand before anything is measured.
        for client in clients { _ = try await client.call(Self.echo, payload: [], options: .idempotent()) }
    }

    func run(_ load: LoadOrder) async throws -> LoadReport {
        switch load.pattern {
        case .sequential:
            // On the client's loop, where a program that cares for latency would call from.
            return try await Task(executorPreference: clients[0].loop.taskExecutor) { [order, client = clients[0]] in
                try await Self.sequential(client, order.payloadBytes, load)
            }.value
        case .elsewhere: return try await Self.sequential(clients[0], order.payloadBytes, load)
        case .probe: return try await Self.probe(clients[0], load)
        case .pipelined, .openLoop: return try await pipelined(load)
        }
    }

    func close() async {
        for client in clients { await client.close() }
    }

    private static func sequential(
        _ client: RPCClient,
        _ payloadBytes: Int,
        _ load: LoadOrder
    ) async throws -> LoadReport {
        var report = LoadReport()
        let payload = [UInt8](repeating: 0x5a, count: payloadBytes)
        let buffer = ReplyBuffer(capacity: payloadBytes)
        let limit = load.requests ?? .max
        // What grows once has grown before anything is counted.
        for _ in 0..<16 {
            let span = payload.span
            try await client.call(echo, payload: span.bytes, into: buffer)
        }
        report.latency.record(1)
        report.latency.removeAll()
        let before = ProcessAccount.current()
        let start = MonotonicTime.now.nanoseconds
        let end = start + Int64(load.seconds * 1e9)
        var now = start
        while now < end, report.requests + report.errors < limit {
            let span = payload.span
            try await client.call(echo, payload: span.bytes, into: buffer)
            let after = MonotonicTime.now.nanoseconds
            report.latency.record(after - now)
            now = after
            if buffer.count == payloadBytes { report.requests += 1 } else { report.errors += 1 }
        }
        report.elapsedNs = now - start
        report.account = ProcessAccount.current().since(before)
        return report
    }

    private static func probe(_ client: RPCClient, _ load: LoadOrder) async throws -> LoadReport {
        var report = LoadReport()
        let retry = RetryPolicy(
            base: .milliseconds(1),
            cap: .milliseconds(10),
            attemptsMax: 10_000,
            attemptTimeout: .milliseconds(20),
            budget: .seconds(10)
        )
        let start = MonotonicTime.now.nanoseconds
        let end = start + Int64(load.seconds * 1e9)
        var last = start
        while last < end {
            _ = try await client.call(echo, payload: [1, 2, 3], options: .idempotent(retry))
            let now = MonotonicTime.now.nanoseconds
            if now - last > report.silence.map({ $0.upperBound - $0.lowerBound }) ?? 0 { report.silence = last...now }
            report.latency.record(now - last)
            report.requests += 1
            last = now
        }
        report.elapsedNs = last - start
        return report
    }

    /// Runs a source on each connection at once.
    private func pipelined(_ load: LoadOrder) async throws -> LoadReport {
        let before = ProcessAccount.current()
        let start = MonotonicTime.now
        let parts = try await withThrowingTaskGroup(of: LoadReport.self) { group in
            for client in clients {
                group.addTask { [order, count = clients.count] in
                    try await Self.pipelined(client, order, load, share: count, start: start)
                }
            }
            var parts: [LoadReport] = []
            for try await part in group { parts.append(part) }
            return parts
        }
        var report = LoadReport()
        report.elapsedNs = MonotonicTime.now.nanoseconds - start.nanoseconds
        report.account = ProcessAccount.current().since(before)
        for part in parts {
            report.requests += part.requests
            report.errors += part.errors
            report.late += part.late
            report.latency.merge(part.latency)
            report.firstError = report.firstError ?? part.firstError
        }
        return report
    }

    private static func pipelined(
        _ client: RPCClient,
        _ order: ClientOrder,
        _ load: LoadOrder,
        share: Int,
        start: MonotonicTime
    ) async throws -> LoadReport {
        if let rate = load.requestsPerSecond {
            let source = OpenLoopLoad(
                payloadBytes: order.payloadBytes,
                start: start,
                requests: Int(rate * load.seconds) / share,
                requestsPerSecond: rate / Double(share),
                sampleEvery: load.sampleEvery
            )
            let options = CallOptions(timeout: .seconds(30))
            try await client.pipeline(source, method: echo, window: order.inFlight, options: options)
            return source.report
        }
        let source = PipelinedLoad(
            payloadBytes: order.payloadBytes,
            window: order.inFlight,
            end: start.adding(nanoseconds: Int64(load.seconds * 1e9)),
            requestsMax: (load.requests ?? .max) / share,
            sampleEvery: load.sampleEvery
        )
        try await client.pipeline(source, method: echo, window: order.inFlight)
        return source.report
    }
}
