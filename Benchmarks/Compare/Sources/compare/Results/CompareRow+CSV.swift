// compare.csv: a measurement a line.

import Alternatives
import Measurement

extension CompareRow: CSVRecord {
    static let columns = [
        "system", "work", "payload_bytes", "in_flight", "rate_per_s", "round", "requests", "errors", "late", "seconds",
        "per_second", "p50_us", "p99_us", "p999_us", "max_us", "cpu_us_per_request", "client_cpu_us_per_request",
        "memory_bytes",
    ]

    var fields: [String] {
        func text(_ value: Double) -> String { NumberText.trimmed(NumberText.rounded(value, significant: 6)) }
        return [
            alternative, point.work.rawValue, "\(point.payloadBytes)", "\(point.inFlight)",
            point.requestsPerSecond.map(NumberText.trimmed) ?? "", "\(round)", "\(requests)", "\(errors)", "\(late)",
            text(seconds), text(perSecond), text(p50Us), text(p99Us), text(p999Us), text(maxUs), text(cpuUsPerRequest),
            text(clientCpuUsPerRequest), "\(memoryBytes)",
        ]
    }

    init(_ row: CSVRow) throws(CSVError) {
        alternative = row.text("system")
        point = Point(
            work: try row.name("work"),
            payloadBytes: try row.count("payload_bytes"),
            inFlight: try row.count("in_flight"),
            requestsPerSecond: try row.numberIfAny("rate_per_s")
        )
        round = try row.count("round")
        requests = try row.count("requests")
        errors = try row.count("errors")
        late = try row.count("late")
        seconds = try row.number("seconds")
        p50Us = try row.number("p50_us")
        p99Us = try row.number("p99_us")
        p999Us = try row.number("p999_us")
        maxUs = try row.number("max_us")
        cpuUsPerRequest = try row.number("cpu_us_per_request")
        clientCpuUsPerRequest = try row.number("client_cpu_us_per_request")
        memoryBytes = try row.count("memory_bytes")
    }
}
