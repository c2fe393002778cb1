// What is measured: each point for every system.

import Alternatives

/// A load that all systems of a run are put under.
struct Point: Hashable {
    var work: Work
    var payloadBytes: Int
    var inFlight: Int
    /// Of an open loop.
    var requestsPerSecond: Double?

    /// Requests in flight that an open loop may have: enough for a hiccup at any of the rates.
    private static let openLoopInFlight = 4096

    static let standard: [Point] =
        [1, 64, 4096].map { Point(work: .calls, payloadBytes: 64, inFlight: $0) }
        + [1024, 65_536].map { Point(work: .calls, payloadBytes: $0, inFlight: 64) }
        + [1000, 10_000, 100_000].map {
            Point(work: .calls, payloadBytes: 64, inFlight: openLoopInFlight, requestsPerSecond: $0)
        }
        + [1, 64, 4096].map { Point(work: .jobs, payloadBytes: 64, inFlight: $0) }
        + [1024, 65_536].map { Point(work: .jobs, payloadBytes: $0, inFlight: 64) }
        + [1000, 10_000].map {
            Point(work: .jobs, payloadBytes: 64, inFlight: openLoopInFlight, requestsPerSecond: $0)
        }

    /// Whether it is judged by its latency rather than its rate.
    var isLatency: Bool { inFlight == 1 || requestsPerSecond != nil }

    func plan(seconds: Double) -> LoadPlan {
        LoadPlan(
            work: work,
            payloadBytes: payloadBytes,
            inFlight: inFlight,
            requestsPerSecond: requestsPerSecond,
            seconds: seconds
        )
    }

    var title: String {
        let size = payloadBytes >= 1024 ? "\(payloadBytes / 1024) KiB" : "\(payloadBytes) B"
        let rate = requestsPerSecond.map { "\(Int($0))/s at fixed times" } ?? "\(inFlight) in flight"
        return "\(work.rawValue), \(size), \(rate)"
    }
}
