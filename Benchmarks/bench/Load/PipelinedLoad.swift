// A window of requests through the public API, a new one for each reply.

import Measurement
import Ringmaster

/// A closed loop of echo calls, on one connection. Confined to its client's loop.
final class PipelinedLoad: CallSource {
    private let payload: [UInt8]
    private let end: MonotonicTime
    private let requestsMax: Int
    private let sampleEvery: UInt64
    /// When timed requests were sent, by their number; more than can be in flight.
    private var sentAt: [Int64]
    private var sent: UInt64 = 0
    private(set) var report = LoadReport()

    init(payloadBytes: Int, window: Int, end: MonotonicTime, requestsMax: Int, sampleEvery: Int) {
        payload = [UInt8](repeating: 0x5a, count: payloadBytes)
        self.end = end
        self.requestsMax = requestsMax
        self.sampleEvery = UInt64(sampleEvery)
        // Replies may overtake each other, so that requests far behind the newest are still out.
        var capacity = 16
        while capacity < 4 * window { capacity *= 2 }
        sentAt = [Int64](repeating: 0, count: capacity)
    }

    func makeCalls(_ pipeline: CallPipeline) -> CallDemand {
        guard pipeline.now < end else { return .finished }
        while pipeline.hasRoom {
            guard sent < requestsMax else { return .finished }
            if sent % sampleEvery == 0 {
                sentAt[slot(sent)] = MonotonicTime.now.nanoseconds
            }
            pipeline.send(payload, tag: sent)
            sent += 1
        }
        return .afterReply
    }

    func receive(reply: RawSpan, tag: UInt64) {
        guard reply.byteCount == payload.count else {
            report.errors += 1
            return
        }
        report.requests += 1
        if tag % sampleEvery == 0 {
            report.latency.record(MonotonicTime.now.nanoseconds - sentAt[slot(tag)])
        }
    }

    func fail(_ error: RPCError, tag: UInt64) {
        report.errors += 1
        if report.firstError == nil { report.firstError = error.description }
    }

    private func slot(_ number: UInt64) -> Int {
        Int(number / sampleEvery) & (sentAt.count - 1)
    }
}

/// An open loop of echo calls at a fixed rate, on one connection: a request counts from the time at which it was due.
final class OpenLoopLoad: CallSource {
    private let payload: [UInt8]
    private let start: MonotonicTime
    private let requestsMax: UInt64
    private let intervalNs: Double
    private let sampleEvery: UInt64
    private var sent: UInt64 = 0
    private(set) var report = LoadReport()

    init(payloadBytes: Int, start: MonotonicTime, requests: Int, requestsPerSecond: Double, sampleEvery: Int) {
        payload = [UInt8](repeating: 0x5a, count: payloadBytes)
        self.start = start
        requestsMax = UInt64(requests)
        intervalNs = 1e9 / requestsPerSecond
        self.sampleEvery = UInt64(sampleEvery)
    }

    func makeCalls(_ pipeline: CallPipeline) -> CallDemand {
        let now = MonotonicTime.now
        while sent < requestsMax {
            let due = due(sent)
            guard due <= now else { return .at(due) }
            guard pipeline.hasRoom else { return .afterReply }
            if now.nanoseconds - due.nanoseconds > 1_000_000 { report.late += 1 }
            pipeline.send(payload, tag: sent)
            sent += 1
        }
        return .finished
    }

    func receive(reply: RawSpan, tag: UInt64) {
        guard reply.byteCount == payload.count else {
            report.errors += 1
            return
        }
        report.requests += 1
        if tag % sampleEvery == 0 {
            report.latency.record(MonotonicTime.now.nanoseconds - due(tag).nanoseconds)
        }
    }

    func fail(_ error: RPCError, tag: UInt64) {
        report.errors += 1
        if report.firstError == nil { report.firstError = error.description }
    }

    private func due(_ number: UInt64) -> MonotonicTime {
        start.adding(nanoseconds: Int64(Double(number) * intervalNs))
    }
}
