// The processes of one measurement: servers, and clients that load them.

import BenchResults
import Foundation
import Measurement

/// Servers and clients of one variant. Clients and servers are joined by as many connections as there are of whichever
/// are more: connection i runs from client i to server i, counted around.
final class Rig {
    let key: BenchKey
    let variant: Variant
    private let servers: [ServerProcess]
    private let clients: [ClientProcess]

    init(_ key: BenchKey, _ variant: Variant, in directory: URL) throws {
        self.key = key
        self.variant = variant
        var servers: [ServerProcess] = []
        var clients: [ClientProcess] = []
        do {
            for index in 0..<key.servers {
                let endpoint = Self.endpoint(key.transport, directory, "\(variant.rawValue)-\(index)")
                servers.append(
                    try ServerProcess(ServerOrder(variant: variant, endpoint: endpoint, coalesced: key.coalesced))
                )
            }
            let endpoints = try servers.map { try $0.endpoint() }
            let connections = max(key.servers, key.clients)
            for index in 0..<key.clients {
                let reached = stride(from: index, to: connections, by: key.clients).map {
                    endpoints[$0 % endpoints.count]
                }
                clients.append(
                    try ClientProcess(
                        ClientOrder(
                            variant: variant,
                            endpoints: reached,
                            coalesced: key.coalesced,
                            payloadBytes: key.payloadBytes,
                            inFlight: max(1, (key.inFlight ?? 65_536) / reached.count)
                        )
                    )
                )
            }
            for client in clients { try client.waitUntilReady() }
        } catch {
            for client in clients { client.end() }
            for server in servers { server.end() }
            throw error
        }
        self.servers = servers
        self.clients = clients
    }

    static func endpoint(_ transport: Transport, _ directory: URL, _ name: String) -> String {
        switch transport {
        case .tcp: "tcp://127.0.0.1:*"
        case .ipc: "ipc://\(directory.path(percentEncoded: false))/\(name)-\(UInt32.random(in: 0 ... .max))"
        case .inproc: preconditionFailure("processes do not share memory")
        }
    }

    /// Runs the load on all clients at once.
    func run(_ load: LoadOrder) throws -> RigReport {
        var share = load
        share.requests = load.requests.map { $0 / clients.count }
        share.requestsPerSecond = load.requestsPerSecond.map { $0 / Double(clients.count) }
        let before = try servers.map { try $0.account() }
        for client in clients { try client.begin(share) }
        let reports = try clients.map { try $0.report() }
        let after = try servers.map { try $0.account() }
        return RigReport(clients: reports, servers: zip(after, before).map { $0.since($1) })
    }

    func end() {
        // All at once: each takes a moment to end.
        for client in clients { client.beginEnd() }
        for client in clients { client.end() }
        for server in servers { server.beginEnd() }
        for server in servers { server.end() }
    }
}

/// What a run came to on all sides.
struct RigReport {
    let clients: [LoadReport]
    let servers: [ProcessAccount]

    var requests: Int { clients.map(\.requests).reduce(0, +) }
    var seconds: Double { Double(clients.map(\.elapsedNs).max() ?? 0) / 1e9 }
    var residentBytes: Int {
        clients.map(\.account.residentBytes).reduce(0, +) + servers.map(\.residentBytes).reduce(0, +)
    }

    var latency: LatencyHistogram {
        clients.reduce(into: LatencyHistogram()) { $0.merge($1.latency) }
    }

    private var accounts: [ProcessAccount] { clients.map(\.account) + servers }

    func row(_ key: BenchKey, _ variant: Variant) -> BenchRow {
        let count = Double(max(requests, 1))
        return BenchRow(
            key,
            variant,
            requests: requests,
            seconds: seconds,
            latency: LatencyFigures(latency),
            cpuNsPerRequest: accounts.map { Double($0.cpuNs) }.reduce(0, +) / count,
            allocsPerRequest: accounts.map { Double($0.ownAllocations) }.reduce(0, +) / count
        )
    }
}
