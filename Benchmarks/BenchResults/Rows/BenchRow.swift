// A line of bench.csv: one measurement.

import Measurement

/// One measurement of a scenario by one variant. Numbers are kept to six significant digits.
public struct BenchRow: Sendable, Hashable {
    public let key: BenchKey
    public let variant: Variant
    /// How many requests were measured; restarts in the scenario `restart`, kills in those of recovery.
    public let requests: Int
    /// How long they took, in s.
    public let seconds: Double
    /// The rate; nil in the scenarios of restart, recovery and memory, where it says nothing.
    public let requestsPerSecond: Double?
    /// The latencies; nil where they were not measured.
    public let latency: LatencyFigures?
    /// CPU time of all processes a request, in ns; nil where it was not measured.
    public let cpuNsPerRequest: Double?
    /// Heap allocations of all processes a request; nil where they were not counted.
    public let allocsPerRequest: Double?
    /// How much better than its partner in the same pair (raw C, libraft alone, or the undisturbed cluster), by the
    /// scenario's measure: above 1 is better, for latencies and rates alike. Nil for the partner itself and for a row
    /// without one.
    public let ratioToRaw: Double?
    /// How long keys that changed owner got no acknowledgement, and how long until a cluster had recovered.
    public let interruption: Interruption

    public init(
        _ key: BenchKey,
        _ variant: Variant,
        requests: Int,
        seconds: Double,
        latency: LatencyFigures? = nil,
        cpuNsPerRequest: Double? = nil,
        allocsPerRequest: Double? = nil,
        ratioToRaw: Double? = nil,
        interruption: Interruption = Interruption()
    ) {
        precondition(requests >= 0 && seconds > 0 && seconds.isFinite, "a measurement takes time")
        self.key = key
        self.variant = variant
        self.requests = requests
        self.seconds = kept(seconds)
        requestsPerSecond = key.scenario.hasRate ? kept(Double(requests) / seconds) : nil
        self.latency = latency
        self.cpuNsPerRequest = cpuNsPerRequest.map(kept)
        self.allocsPerRequest = allocsPerRequest.map(kept)
        self.ratioToRaw = ratioToRaw.map(kept)
        self.interruption = interruption
    }

    /// A measured value; nil where it was not measured.
    public func value(_ measure: BenchMeasure) -> Double? {
        switch measure {
        case .rate: requestsPerSecond
        case .p50: latency?.p50Us
        case .p90: latency?.p90Us
        case .p99: latency?.p99Us
        case .p999: latency?.p999Us
        case .max: latency?.maxUs
        case .cpu: cpuNsPerRequest
        case .allocations: allocsPerRequest
        case .pause: interruption.pauseP99Us
        case .recoveryP50: interruption.recoveryP50Us
        case .recoveryP99: interruption.recoveryP99Us
        }
    }

    /// The same row with the ratio to the other row of its pair, by the scenario's measure.
    public func compared(to raw: BenchRow) -> BenchRow {
        guard let measure = key.scenario.measure, let own = value(measure), let other = raw.value(measure) else {
            return self
        }
        return with(ratioToRaw: measure.better.advantage(of: own, over: other))
    }

    private func with(ratioToRaw: Double?) -> BenchRow {
        BenchRow(copying: self, requestsPerSecond: requestsPerSecond, ratioToRaw: ratioToRaw)
    }

    private init(copying row: BenchRow, requestsPerSecond: Double?, ratioToRaw: Double?) {
        key = row.key
        variant = row.variant
        requests = row.requests
        seconds = row.seconds
        self.requestsPerSecond = requestsPerSecond.map(kept)
        latency = row.latency
        cpuNsPerRequest = row.cpuNsPerRequest
        allocsPerRequest = row.allocsPerRequest
        self.ratioToRaw = ratioToRaw.map(kept)
        interruption = row.interruption
    }
}

extension BenchRow: CSVRecord {
    public static let columns =
        [
            "scenario", "variant", "transport", "payload_bytes", "in_flight", "servers", "clients", "coalesced",
            "requests", "seconds", "requests_per_s",
        ] + LatencyFigures.columns + ["cpu_ns_per_request", "allocs_per_request", "ratio_to_raw"] + laterColumns

    public static var laterColumns: [String] { ["replicas", "durability"] + Interruption.columns }

    public var fields: [String] {
        let settings = [
            key.scenario.rawValue, variant.rawValue, key.transport.rawValue, "\(key.payloadBytes)",
            key.inFlight.map { "\($0)" } ?? "", "\(key.servers)", "\(key.clients)", key.coalesced ? "yes" : "no",
        ]
        let measured = ["\(requests)", NumberText.trimmed(seconds), field(requestsPerSecond)]
        let latencies = latency?.fields ?? LatencyFigures.columns.map { _ in "" }
        return settings + measured + latencies + [field(cpuNsPerRequest), field(allocsPerRequest), field(ratioToRaw)]
            + [key.replicas.map { "\($0)" } ?? "", key.durability?.rawValue ?? ""] + interruption.fields
    }

    public init(_ row: CSVRow) throws(CSVError) {
        let key = BenchKey(
            try row.name("scenario"),
            transport: try row.name("transport"),
            payloadBytes: try row.count("payload_bytes"),
            inFlight: try row.countIfAny("in_flight"),
            servers: try row.count("servers"),
            clients: try row.count("clients"),
            coalesced: try row.flag("coalesced"),
            replicas: try row.countIfAny("replicas"),
            durability: row.text("durability").isEmpty ? nil : try row.name("durability")
        )
        let seconds = try row.number("seconds")
        guard seconds > 0 else { throw row.fault("seconds", "a number above 0") }
        let measured = BenchRow(
            key,
            try row.name("variant"),
            requests: try row.count("requests"),
            seconds: seconds,
            latency: row.text("p50_us").isEmpty ? nil : try LatencyFigures(row),
            cpuNsPerRequest: try row.numberIfAny("cpu_ns_per_request"),
            allocsPerRequest: try row.numberIfAny("allocs_per_request"),
            interruption: try Interruption(row)
        )
        // The rate stands in the file to more digits than the rounded seconds would give.
        self.init(
            copying: measured,
            requestsPerSecond: try row.numberIfAny("requests_per_s"),
            ratioToRaw: try row.numberIfAny("ratio_to_raw")
        )
    }
}
