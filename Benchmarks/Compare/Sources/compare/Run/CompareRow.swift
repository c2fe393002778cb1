// One measurement: a line of compare.csv.

import Alternatives
import Measurement

struct CompareRow {
    var alternative: String
    var point: Point
    /// From 1.
    var round: Int
    var requests: Int
    var errors: Int
    var late: Int
    var seconds: Double
    var p50Us: Double
    var p99Us: Double
    var p999Us: Double
    var maxUs: Double
    /// Of all processes: servers, workers, client.
    var cpuUsPerRequest: Double
    /// Of the client's process alone.
    var clientCpuUsPerRequest: Double
    /// Proportional set size of all processes after the load.
    var memoryBytes: Int

    var perSecond: Double { Double(requests) / seconds }

    init(
        _ alternative: String,
        _ point: Point,
        round: Int,
        _ result: LoadResult,
        cpuNs: Int64,
        clientCpuNs: Int64,
        memoryBytes: Int
    ) {
        self.alternative = alternative
        self.point = point
        self.round = round
        requests = result.requests
        errors = result.errors
        late = result.late
        seconds = Double(result.elapsedNs) / 1e9
        func us(_ percentile: Double) -> Double { Double(result.latency.valueNs(atPercentile: percentile)) / 1000 }
        (p50Us, p99Us, p999Us, maxUs) = (us(50), us(99), us(99.9), us(100))
        let count = Double(max(1, result.requests))
        cpuUsPerRequest = Double(cpuNs) / 1000 / count
        clientCpuUsPerRequest = Double(clientCpuNs) / 1000 / count
        self.memoryBytes = memoryBytes
    }
}
