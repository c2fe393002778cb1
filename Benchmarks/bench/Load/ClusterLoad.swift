// Jobs on a cluster as fast as it takes them, through the public API and nothing else.

import BenchResults
import Foundation
import Measurement
import Ringmaster

/// The load of one order on the clients of one process.
struct ClusterLoad {
    private let clients: [Client]
    private let order: ClusterLoadOrder

    init(_ clients: [Client], _ order: ClusterLoadOrder) {
        self.clients = clients
        self.order = order
    }

    static func key(_ number: Int) -> [UInt8] { Array("key-\(number)".utf8) }

    /// Two runs of `submitAll` on each client, so that one is under way while the other drains; and, where pings are asked
    /// for, single jobs beside them whose latencies stand for all.
    func pipelined() async throws -> LoadReport {
        let streams = 2 * clients.count
        let window = max(1, order.inFlight / streams)
        let payload = [UInt8](repeating: 0x5a, count: order.payloadBytes)
        let before = ProcessAccount.current()
        let start = MonotonicTime.now.nanoseconds
        let end = start + Int64(order.seconds * 1e9)
        let pings = order.perSecond > 0 ? Pings(clients, order) : nil
        var report = await withTaskGroup(of: LoadReport.self) { group in
            for stream in 0..<streams {
                let jobs = (0..<(4 * window)).map {
                    (key: Self.key((stream + $0 * streams) % order.keys), argument: payload)
                }
                let client = clients[stream % clients.count]
                group.addTask { await Self.submit(jobs, window, client, until: end) }
            }
            return await group.reduce(into: LoadReport()) { $0.add($1) }
        }
        report.elapsedNs = MonotonicTime.now.nanoseconds - start
        report.account = ProcessAccount.current().since(before)
        if let pings {
            let timed = await pings.end()
            for (intended, acked) in zip(timed.intendedNs, timed.ackedNs) where acked > 0 {
                report.latency.record(acked - intended)
            }
            report.requests += timed.keys.count - timed.failures
            report.errors += timed.failures
            report.firstError = report.firstError ?? timed.firstError
        }
        return report
    }

    private static func submit(
        _ jobs: [(key: [UInt8], argument: [UInt8])],
        _ window: Int,
        _ client: Client,
        until end: Int64
    ) async -> LoadReport {
        var report = LoadReport()
        while MonotonicTime.now.nanoseconds < end {
            for result in await client.submitAll(BenchJob.overwrite, jobs, window: window) { report.count(result) }
        }
        return report
    }

    /// One job after the other, on the client's loop, where a program that cares for latency would call from.
    func sequential() async throws -> LoadReport {
        let (client, order) = (clients[0], order)
        return try await Task(executorPreference: EventLoop.shared.taskExecutor) {
            let payload = [UInt8](repeating: 0x5a, count: order.payloadBytes)
            let keys = (0..<order.keys).map(Self.key)
            for index in 0..<16 {
                _ = try await client.submitRaw(BenchJob.overwrite, key: keys[index % keys.count], payload)
            }
            var report = LoadReport()
            let before = ProcessAccount.current()
            let start = MonotonicTime.now.nanoseconds
            let end = start + Int64(order.seconds * 1e9)
            var now = start
            while now < end {
                let reply = try await client.submitRaw(
                    BenchJob.overwrite,
                    key: keys[report.requests % keys.count],
                    payload
                )
                let after = MonotonicTime.now.nanoseconds
                report.latency.record(after - now)
                now = after
                if reply.count == payload.count { report.requests += 1 } else { report.errors += 1 }
            }
            report.elapsedNs = now - start
            report.account = ProcessAccount.current().since(before)
            return report
        }.value
    }

    /// Gives every key a state of `payloadBytes` bytes.
    func fill() async throws -> LoadReport {
        let size = withUnsafeBytes(of: UInt64(order.payloadBytes).littleEndian) { Array($0) }
        let jobs = (0..<order.keys).map { (key: Self.key($0), argument: size) }
        var report = LoadReport()
        let start = MonotonicTime.now.nanoseconds
        let results = await clients[0].submitAll(BenchJob.fill, jobs, window: order.inFlight, timeout: .seconds(120))
        for result in results { report.count(result) }
        report.elapsedNs = MonotonicTime.now.nanoseconds - start
        return report
    }
}

extension LoadReport {
    fileprivate mutating func count(_ result: Result<[UInt8], ClusterError>) {
        switch result {
        case .success: requests += 1
        case .failure(let error):
            errors += 1
            if firstError == nil { firstError = "\(error)" }
        }
    }

    fileprivate mutating func add(_ part: LoadReport) {
        requests += part.requests
        errors += part.errors
        firstError = firstError ?? part.firstError
    }
}
