// A run in a few lines for a terminal.

import Measurement

extension ChaosReport {
    /// Throughput, latencies, recoveries and resizes, a line each.
    public var glance: String {
        let histogram = measures.latencies[.overall].histogram
        let time = { (ns: Int64) in NumberText.microseconds(Double(ns) / 1e3) }
        var lines = [
            "throughput  \(NumberText.significant(measures.throughput.meanPerSecond))/s over"
                + " \(time(measures.record.load.lengthNs))"
        ]
        if !histogram.isEmpty {
            let quantiles = [50, 99, 99.9].map { time(histogram.valueNs(atPercentile: $0)) }
            lines.append(
                "latency     p50 \(quantiles[0])  p99 \(quantiles[1])  p99.9 \(quantiles[2])  max \(time(histogram.maxNs))"
            )
        }
        func line(_ name: String, _ values: [Int64], of what: String) {
            guard let line = QuantileLine(values.sorted()) else { return }
            lines.append(
                "\(name) p50 \(time(line.p50))  p99 \(time(line.p99))  max \(time(line.max))  (\(line.count) \(what))"
            )
        }
        line("recovery   ", measures.recoveriesNs, of: "faults")
        line("resize     ", measures.resizes.compactMap(\.lengthNs.value), of: "rounds")
        line("moved keys ", measures.resizes.flatMap { $0.movedPausesNs.value ?? [] }, of: "pauses")
        return lines.joined(separator: "\n")
    }
}
