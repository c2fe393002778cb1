// What tells one measurement from another: the scenario and its settings. Rows of equal key and variant are
// repetitions; rows of equal key and different variant are a pair of Swift and raw C.

import Measurement

/// What a measurement is about.
public enum Scenario: String, Sendable, Hashable, CaseIterable, Codable {
    /// One request in flight; latency from send to reply.
    case roundtrip
    /// A fixed number of requests in flight, a new one for each reply.
    case throughput
    /// Throughput with several server and client processes.
    case scaling
    /// Requests at a fixed rate; latency from the intended send time.
    case openLoop = "open-loop"
    /// The first reply after a server was killed and started again.
    case restart
    /// Resident memory after many requests.
    case memory
    /// Durable jobs on a cluster; `requests` are jobs, `servers` workers.
    case jobs
    /// Jobs at a fixed rate while a worker joins and leaves: latencies of the keys that stay, pauses of those that move.
    case resize
    /// From a worker's SIGKILL to the first acknowledged job on one of its keys.
    case recoveryWorker = "recovery-worker"
    /// From the leader's SIGKILL to the first acknowledged job on any key.
    case recoveryLeader = "recovery-leader"
    /// Jobs while the leader takes a snapshot.
    case snapshot
    /// The states of keys on their way to a new owner; `requests` are keys, `payload_bytes` the size of a state.
    case handOver = "hand-over"

    /// The measure that `ratio_to_raw` and the comparison of runs go by; nil where neither latency nor rate is meant.
    public var measure: BenchMeasure? {
        switch self {
        case .roundtrip, .restart: .p50
        case .throughput, .scaling, .jobs, .snapshot, .handOver: .rate
        case .openLoop, .resize: .p99
        case .recoveryWorker, .recoveryLeader: .recoveryP50
        case .memory: nil
        }
    }

    /// Whether requests a second say something.
    var hasRate: Bool {
        switch self {
        case .restart, .memory, .recoveryWorker, .recoveryLeader: false
        case .roundtrip, .throughput, .scaling, .openLoop, .jobs, .resize, .snapshot, .handOver: true
        }
    }
}

/// A measured column of `bench.csv`.
public enum BenchMeasure: String, Sendable, Hashable, CaseIterable {
    case rate = "requests_per_s"
    case p50 = "p50_us"
    case p90 = "p90_us"
    case p99 = "p99_us"
    case p999 = "p999_us"
    case max = "max_us"
    case cpu = "cpu_ns_per_request"
    case allocations = "allocs_per_request"
    case pause = "pause_p99_us"
    case recoveryP50 = "recovery_p50_us"
    case recoveryP99 = "recovery_p99_us"

    /// Which way it gets better.
    public var better: Direction { self == .rate ? .higher : .lower }
}

/// Who did the work, or under what circumstances: what a pair holds against each other.
public enum Variant: String, Sendable, Hashable, CaseIterable, Codable {
    /// Ringmaster's public Swift API.
    case swift
    /// The same workload in plain C on libzmq and msgpack-c.
    case rawC = "raw-c"
    /// The log of a cluster alone: libraft driven from plain C with the same entries.
    case libraft
    /// The same cluster with nothing disturbing it.
    case quiet
}

/// What an acknowledged job outlives.
public enum Durability: String, Sendable, Hashable, CaseIterable, Codable {
    /// Nothing: the log is in memory.
    case memory
    /// The log is on disk, synchronised before a job is acknowledged.
    case fsync
}

/// What carried the messages.
public enum Transport: String, Sendable, Hashable, CaseIterable, Codable {
    /// TCP over loopback.
    case tcp
    /// A Unix domain socket.
    case ipc
    /// Memory shared by threads of one process.
    case inproc
}

/// A scenario with its settings.
public struct BenchKey: Sendable, Hashable, Codable {
    public let scenario: Scenario
    public let transport: Transport
    /// The size of a request's parameters and of its result, in bytes.
    public let payloadBytes: Int
    /// How many requests a client keeps in flight; nil where the rate is fixed instead.
    public let inFlight: Int?
    /// How many server processes.
    public let servers: Int
    /// How many client processes.
    public let clients: Int
    /// Whether one message may carry many frames.
    public let coalesced: Bool
    /// Of a cluster: coordinators that keep the log, 0 where it is in memory alone; nil without a cluster.
    public let replicas: Int?
    /// Of a cluster: what its jobs outlive; nil without a cluster.
    public let durability: Durability?

    public init(
        _ scenario: Scenario,
        transport: Transport,
        payloadBytes: Int,
        inFlight: Int?,
        servers: Int = 1,
        clients: Int = 1,
        coalesced: Bool = false,
        replicas: Int? = nil,
        durability: Durability? = nil
    ) {
        precondition(payloadBytes >= 0 && servers >= 0 && clients >= 0 && inFlight ?? 0 >= 0, "counts are not negative")
        precondition(replicas ?? 0 >= 0, "counts are not negative")
        self.scenario = scenario
        self.transport = transport
        self.payloadBytes = payloadBytes
        self.inFlight = inFlight
        self.servers = servers
        self.clients = clients
        self.coalesced = coalesced
        self.replicas = replicas
        self.durability = durability
    }

    /// As part of a file's name: `roundtrip-tcp-64B-1inflight-1x1`.
    var fileStem: String {
        let flight = inFlight.map { "-\($0)inflight" } ?? ""
        return "\(scenario.rawValue)-\(transport.rawValue)-\(payloadBytes)B\(flight)-\(servers)x\(clients)"
            + (coalesced ? "-coalesced" : "") + (replicas.map { "-n\($0)" } ?? "")
            + (durability.map { "-\($0.rawValue)" } ?? "")
    }
}

extension BenchKey: CustomStringConvertible {
    /// For people: `throughput tcp 64 B coalesced, 4,096 in flight`.
    public var description: String { "\(scenario.rawValue) \(settings)" }

    /// The settings without the scenario: `tcp 64 B coalesced 2×4, 256 in flight` for two servers and four clients; of a
    /// cluster `64 B n=1 fsync 2×4, 8,192 in flight`.
    var settings: String {
        var text: String
        if let replicas {
            // Clusters differ in other things than calls do: all of them use coalesced messages over one transport.
            text = "\(NumberText.bytes(payloadBytes)) n=\(replicas)"
            if let durability { text += " \(durability.rawValue)" }
        } else {
            text = "\(transport.rawValue) \(NumberText.bytes(payloadBytes))"
            if coalesced { text += " coalesced" }
        }
        if scenario == .scaling || servers != 1 || clients != 1 { text += " \(servers)×\(clients)" }
        guard let inFlight, scenario != .roundtrip, scenario != .restart else { return text }
        return text + ", \(NumberText.grouped(inFlight)) in flight"
    }
}
