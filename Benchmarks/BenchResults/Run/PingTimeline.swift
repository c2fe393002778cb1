// Pings with their times: what each key of a cluster saw while something happened to it.

import Measurement

/// A job that was sent at a fixed time, and acknowledged.
public struct Ping: Sendable, Hashable {
    public let key: Int
    /// When it was meant to be sent, in ns of any clock.
    public let intendedNs: Int64
    /// When its acknowledgement came, on the same clock.
    public let ackedNs: Int64

    public init(key: Int, intendedNs: Int64, ackedNs: Int64) {
        self.key = key
        self.intendedNs = intendedNs
        self.ackedNs = ackedNs
    }

    var latencyNs: Int64 { ackedNs - intendedNs }
}

/// Acknowledged pings in the order in which they were meant to be sent.
public struct PingTimeline: Sendable {
    private let pings: [Ping]

    /// O(pings log pings).
    public init(_ pings: [Ping]) {
        self.pings = pings.sorted { $0.intendedNs < $1.intendedNs }
    }

    /// The longest that a key had to wait for an acknowledgement at any time of a span: the longest latency of the pings
    /// that were under way in it. Nil where there was none. O(pings).
    public func pauseNs(ofKey key: Int, during span: ClosedRange<Int64>) -> Int64? {
        pings.lazy
            .filter { $0.key == key && $0.intendedNs <= span.upperBound && $0.ackedNs >= span.lowerBound }
            .map(\.latencyNs).max()
    }

    /// The latencies of some keys' pings that were meant to be sent in a span. O(pings).
    public func latencies(ofKeys keys: Set<Int>, during span: ClosedRange<Int64>) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for ping in pings where span.contains(ping.intendedNs) && keys.contains(ping.key) {
            histogram.record(ping.latencyNs)
        }
        return histogram
    }

    /// How long after a death the first job on one of these keys was acknowledged, of those that were meant to be sent
    /// after it: what was under way before may have been done before. Nil where none was. O(pings).
    public func recoveryNs(ofKeys keys: Set<Int>, after death: Int64) -> Int64? {
        pings.lazy.filter { $0.intendedNs >= death && keys.contains($0.key) }.map { $0.ackedNs - death }.min()
    }
}
