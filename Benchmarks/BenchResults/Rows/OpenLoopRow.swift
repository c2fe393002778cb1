// A line of open-loop.csv: one fixed rate.

import Measurement

/// Latencies at a fixed rate, counted from the time at which each request was meant to be sent, so that a stall counts
/// for every request that it delayed (no coordinated omission).
public struct OpenLoopRow: Sendable, Hashable {
    public let variant: Variant
    public let transport: Transport
    /// The size of a request's parameters and of its result, in bytes.
    public let payloadBytes: Int
    /// How many server processes.
    public let servers: Int
    /// How many client processes.
    public let clients: Int
    /// Whether one message may carry many frames.
    public let coalesced: Bool
    /// The rate that was asked for, in requests/s, over all clients.
    public let targetRate: Double
    /// How many requests were answered.
    public let requests: Int
    /// From the first intended send to the last reply, in s.
    public let seconds: Double
    /// The rate of replies, in requests/s.
    public let achievedRate: Double
    /// From the intended send time to the reply.
    public let latency: LatencyFigures

    public init(
        _ variant: Variant,
        transport: Transport,
        payloadBytes: Int,
        servers: Int = 1,
        clients: Int = 1,
        coalesced: Bool = false,
        targetRate: Double,
        requests: Int,
        seconds: Double,
        latency: LatencyFigures
    ) {
        self.init(
            key: BenchKey(
                .openLoop,
                transport: transport,
                payloadBytes: payloadBytes,
                inFlight: nil,
                servers: servers,
                clients: clients,
                coalesced: coalesced
            ),
            variant,
            targetRate: targetRate,
            requests: requests,
            seconds: seconds,
            achievedRate: Double(requests) / seconds,
            latency: latency
        )
    }

    private init(
        key: BenchKey,
        _ variant: Variant,
        targetRate: Double,
        requests: Int,
        seconds: Double,
        achievedRate: Double,
        latency: LatencyFigures
    ) {
        precondition(targetRate > 0 && requests >= 0 && seconds > 0, "a rate takes time")
        self.variant = variant
        transport = key.transport
        payloadBytes = key.payloadBytes
        servers = key.servers
        clients = key.clients
        coalesced = key.coalesced
        self.targetRate = kept(targetRate)
        self.requests = requests
        self.seconds = kept(seconds)
        self.achievedRate = kept(achievedRate)
        self.latency = latency
    }

    /// The settings but for the rate.
    public var key: BenchKey {
        BenchKey(
            .openLoop,
            transport: transport,
            payloadBytes: payloadBytes,
            inFlight: nil,
            servers: servers,
            clients: clients,
            coalesced: coalesced
        )
    }

    /// Whether the rate was reached, to 2 %. Latencies at a rate that was not reached only say how long the run was.
    public var isSustained: Bool { achievedRate >= 0.98 * targetRate }
}

extension OpenLoopRow: CSVRecord {
    public static let columns =
        [
            "variant", "transport", "payload_bytes", "servers", "clients", "coalesced", "target_rate", "achieved_rate",
            "requests", "seconds",
        ] + LatencyFigures.columns

    public var fields: [String] {
        [
            variant.rawValue, transport.rawValue, "\(payloadBytes)", "\(servers)", "\(clients)",
            coalesced ? "yes" : "no", NumberText.trimmed(targetRate), NumberText.trimmed(achievedRate), "\(requests)",
            NumberText.trimmed(seconds),
        ] + latency.fields
    }

    public init(_ row: CSVRow) throws(CSVError) {
        let key = BenchKey(
            .openLoop,
            transport: try row.name("transport"),
            payloadBytes: try row.count("payload_bytes"),
            inFlight: nil,
            servers: try row.count("servers"),
            clients: try row.count("clients"),
            coalesced: try row.flag("coalesced")
        )
        let (targetRate, seconds) = (try row.number("target_rate"), try row.number("seconds"))
        guard targetRate > 0 else { throw row.fault("target_rate", "a number above 0") }
        guard seconds > 0 else { throw row.fault("seconds", "a number above 0") }
        self.init(
            key: key,
            try row.name("variant"),
            targetRate: targetRate,
            requests: try row.count("requests"),
            seconds: seconds,
            achievedRate: try row.number("achieved_rate"),
            latency: try LatencyFigures(row)
        )
    }
}
