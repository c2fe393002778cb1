// A client of a service, as the load drives it.

/// One request.
public struct Request: Sendable {
    /// Counts up, and is never used again by a client. A request that is sent again, after a failure, has the same.
    public let id: UInt64
    /// Of a job.
    public let key: [UInt8]
    /// What a call sends and gets back; the value of a job.
    public let payload: [UInt8]

    public init(id: UInt64, key: [UInt8], payload: [UInt8]) {
        self.id = id
        self.key = key
        self.payload = payload
    }
}

/// What came of a request.
public struct Completion: Sendable {
    public enum Outcome: Sendable {
        /// A call's reply, of so many bytes.
        case replied(bytes: Int)
        /// A job was acknowledged.
        case appended(position: Int)
        /// An error came instead. Whether a job was done is known only where the system says so.
        case failed(String)
    }

    public let id: UInt64
    public let outcome: Outcome

    public init(_ id: UInt64, _ outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }
}

/// One client of a service: a connection, or as many as the system needs for so many in flight. Confined to one task or thread at
/// a time.
public protocol ClientLine: AnyObject {
    /// Takes requests from the load and tells it what came of them, until the load says that it is finished and nothing is in
    /// flight any more.
    ///
    /// - Throws: Where the line cannot go on; what is in flight is then of unknown fate.
    func run(_ load: any LoadSource) async throws

    func close() async
}

/// What drives a line: a load of the benchmark, or a client of a chaos run.
public protocol LoadSource: AnyObject {
    /// What to do now. `now` is CLOCK_MONOTONIC in ns.
    func next(now: Int64) -> LoadStep
    /// The next request; after `next` has said `send`, once each time.
    func begin() -> Request
    /// Takes what came of a request.
    func complete(_ completion: Completion)
    /// Requests begun and not completed.
    var inFlight: Int { get }
}

public enum LoadStep: Equatable {
    case send
    /// Nothing before this time, in ns of CLOCK_MONOTONIC, or a completion.
    case wait(until: Int64)
    /// Nothing before a completion.
    case full
    /// Nothing more at all.
    case finished
}

/// A line that is driven by one thread: it sends, flushes and waits. Most clients in C are such.
public protocol PolledLine: ClientLine {
    /// Queues a request.
    func send(_ request: Request) throws
    /// Hands everything queued to the kernel.
    func flush() throws
    /// Waits for completions until the first is there or the time is over (`nil`: as long as it takes, up to the line's own
    /// limit, which it reports by throwing); takes all that are there.
    func receive(until deadlineNs: Int64?, _ take: (Completion) -> Void) throws
}

extension PolledLine {
    public func run(_ load: any LoadSource) async throws { try drive(load) }

    /// Blocks its thread until the load is over.
    public func drive(_ load: some LoadSource) throws {
        while true {
            var step = load.next(now: Clock.nowNs)
            while step == .send {
                try send(load.begin())
                step = load.next(now: Clock.nowNs)
            }
            try flush()
            switch step {
            case .send: continue
            case .wait(let time): try receive(until: time) { load.complete($0) }
            case .full: try receive(until: nil) { load.complete($0) }
            case .finished:
                guard load.inFlight > 0 else { return }
                try receive(until: nil) { load.complete($0) }
            }
        }
    }
}
