// The load of the benchmark, the same for every system: which request is sent when, and what came of it.

import Glibc
import Measurement

/// One measurement's load.
public struct LoadPlan: Codable, Sendable, Hashable {
    public var work: Work
    public var payloadBytes: Int
    /// Requests in flight; in an open loop, the most there may be.
    public var inFlight: Int
    /// Open loop: requests a second, each due at a fixed time. Nil: closed loop, a request leaves when an answer has come.
    public var requestsPerSecond: Double?
    public var seconds: Double

    public init(work: Work, payloadBytes: Int, inFlight: Int, requestsPerSecond: Double? = nil, seconds: Double) {
        self.work = work
        self.payloadBytes = payloadBytes
        self.inFlight = inFlight
        self.requestsPerSecond = requestsPerSecond
        self.seconds = seconds
    }
}

/// What came of it.
public struct LoadResult: Codable, Sendable {
    /// Requests answered rightly.
    public var requests = 0
    /// Wrong, repeated or failed answers.
    public var errors = 0
    public var firstError: String?
    /// Open loop: sent more than 1 ms after they were due.
    public var late = 0
    /// From the start to the last answer.
    public var elapsedNs: Int64 = 0
    /// From when a request was made, or in an open loop was due, until its answer was there.
    public var latency = LatencyHistogram()

    public init() {}
}

/// Drives a line by a plan. Confined to whatever drives the line.
public final class Load: LoadSource {
    /// More keys than jobs can be in flight, so that no two jobs of one key are.
    public static let keys = 65_536
    private static let lateNs: Int64 = 1_000_000
    /// In a slot of `begunAt`: free, or taken by a request that is not timed.
    private static let free: Int64 = 0
    private static let untimed: Int64 = -1

    public let plan: LoadPlan
    private let payload: [UInt8]
    private let keyNames: [[UInt8]]
    private let sampleMask: UInt64
    private let startNs: Int64
    private let endNs: Int64
    private let intervalNs: Double
    /// When the requests in flight were begun, by their id modulo the size.
    private let begunAt: UnsafeMutablePointer<Int64>
    private let mask: UInt64
    private let firstID: UInt64
    /// The id of the next request.
    @exclusivity(unchecked) public private(set) var begun: UInt64
    @exclusivity(unchecked) public private(set) var inFlight = 0
    @exclusivity(unchecked) private var result = LoadResult()
    @exclusivity(unchecked) private var lastNs: Int64
    private var adopted: LoadResult?

    /// Begins now.
    /// - Parameter firstID: Ids go on from one load of a client to its next: a job's would otherwise be taken for a resend.
    public init(_ plan: LoadPlan, firstID: UInt64) {
        self.plan = plan
        self.firstID = firstID
        begun = firstID
        payload = [UInt8](repeating: 0x5a, count: plan.payloadBytes)
        keyNames = plan.work == .jobs ? (0..<Self.keys).map { Array("key-\($0)".utf8) } : [[]]
        // Reading the clock twice a request would be a share of the fastest ones.
        sampleMask = plan.inFlight >= 1024 && plan.requestsPerSecond == nil ? 15 : 0
        intervalNs = plan.requestsPerSecond.map { 1e9 / $0 } ?? 0
        // Answers may overtake each other, so that requests far behind the newest are still out.
        var capacity = 64
        while capacity < 4 * plan.inFlight { capacity *= 2 }
        mask = UInt64(capacity - 1)
        begunAt = .allocate(capacity: capacity)
        begunAt.initialize(repeating: Self.free, count: capacity)
        startNs = Clock.nowNs
        lastNs = startNs
        endNs = startNs + Int64(plan.seconds * 1e9)
    }

    deinit { begunAt.deallocate() }

    @inline(__always)
    public func next(now: Int64) -> LoadStep {
        if intervalNs > 0 {
            let due = dueNs(begun - firstID)
            guard due < endNs else { return .finished }
            guard hasRoom else { return .full }
            return due <= now ? .send : .wait(until: due)
        }
        guard now < endNs else { return .finished }
        return hasRoom ? .send : .full
    }

    @inline(__always)
    public func begin() -> Request {
        let id = begun
        begun += 1
        inFlight += 1
        let slot = Int(id & mask)
        if intervalNs > 0 {
            begunAt[slot] = dueNs(id - firstID)
            if Clock.nowNs - begunAt[slot] > Self.lateNs { result.late += 1 }
        } else {
            begunAt[slot] = id & sampleMask == 0 ? Clock.nowNs : Self.untimed
        }
        return Request(id: id, key: keyNames[Int(id % UInt64(keyNames.count))], payload: payload)
    }

    @inline(__always)
    public func complete(_ completion: Completion) {
        let slot = Int(completion.id & mask)
        let begunNs = begunAt[slot]
        guard completion.id < begun, begun - completion.id <= mask + 1, begunNs != Self.free else {
            fail("an answer to request \(completion.id), which is not in flight")
            return
        }
        begunAt[slot] = Self.free
        inFlight -= 1
        switch completion.outcome {
        case .replied(let bytes) where plan.work == .calls && bytes == payload.count: result.requests += 1
        case .appended(let position) where plan.work == .jobs && position >= 0: result.requests += 1
        case .failed(let reason): fail(reason)
        default: fail("a wrong answer: \(completion.outcome)")
        }
        if begunNs != Self.untimed {
            lastNs = Clock.nowNs
            result.latency.record(lastNs - begunNs)
        }
    }

    /// What came of it, after the line has returned.
    public func finish() -> LoadResult {
        if let adopted { return adopted }
        if inFlight > 0 { fail("\(inFlight) requests were not answered") }
        result.elapsedNs = max((sampleMask == 0 ? lastNs : Clock.nowNs) - startNs, 1)
        return result
    }

    /// For a line that brings its own loop, timing and all: takes the place of everything counted here.
    public func adopt(_ other: LoadResult) { adopted = other }

    private var hasRoom: Bool {
        inFlight < plan.inFlight && begunAt[Int(begun & mask)] == Self.free
    }

    private func dueNs(_ number: UInt64) -> Int64 { startNs + Int64(Double(number) * intervalNs) }

    private func fail(_ reason: String) {
        result.errors += 1
        if result.firstError == nil { result.firstError = reason }
    }
}
