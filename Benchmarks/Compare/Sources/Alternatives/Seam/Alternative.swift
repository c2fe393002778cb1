// The seam: what each system does to take part in a comparison. Loads, chaos runs and reports know nothing else of it.

/// What a service built on a system does.
public enum Work: String, Codable, Sendable, CaseIterable {
    /// `echo(bytes) -> bytes`. Nothing is kept.
    case calls
    /// `append(key, value) -> position`, from 0. Acknowledged only when its effect is as durable as the system can make it.
    case jobs
}

/// A system that does the work: one of the alternatives, or Ringmaster itself. A folder of this module each.
///
/// Everything about it is set up as its own documentation recommends for that work, by somebody who wants it to win.
public protocol Alternative: Sendable {
    /// The name on the command line and in tables: lower case, no spaces.
    var name: String { get }

    /// Whether it is there to judge others by, as it does less than the work.
    var isCalibration: Bool { get }

    /// What it is, in the versions of this machine.
    /// - Throws: `AlternativeError.missing` where something is not installed.
    func find() throws -> Description

    /// What a service on it promises; nil where it does not do this work at all.
    func promise(_ work: Work) -> Promise?

    /// The files that hold what a user writes for the same service, and nothing else: relative to this module's folder.
    func userSources(_ work: Work) -> [String]

    /// Starts private servers and the worker service in an instance, and returns when a client can be served.
    func start(_ instance: Instance) throws

    /// Runs a role of the service in a process of its own, which `start` had started with `Instance.startRole`. Calls `ready`
    /// when it serves, and returns only by an error: the process is ended from outside.
    func serve(role: String, at address: Address, ready: () -> Void) async throws

    /// Opens a client.
    func line(_ order: LineOrder) async throws -> any ClientLine
}

extension Alternative {
    public var isCalibration: Bool { false }
}

/// A system as it was found.
public struct Description: Codable, Sendable, Equatable {
    /// Name and version of everything that takes part: "Redis 7.0.15, hiredis 0.14.1".
    public var version: String
    /// The settings that differ from its defaults, for each work.
    public var settings: [String: String]

    public init(version: String, settings: [Work: String]) {
        self.version = version
        self.settings = Dictionary(uniqueKeysWithValues: settings.map { ($0.rawValue, $1) })
    }
}

/// What a client may rely on once it was answered.
public struct Promise: Codable, Sendable, Equatable {
    public enum Delivery: String, Codable, Sendable, CaseIterable {
        case atMostOnce = "at most once"
        case atLeastOnce = "at least once"
        /// By what the system offers.
        case exactlyOnce = "exactly once"
        /// By code of the user's own that tells a resend from a new job.
        case exactlyOnceByUserCode = "exactly once by the user's code"
    }

    public var delivery: Delivery
    /// Whether the disk was synchronised before the answer.
    public var isSynced: Bool
    /// Copies on other machines' disks that the answer waited for, its own included; 0: in memory only.
    public var replicas: Int
    /// In words, for the table's notes.
    public var text: String

    public init(_ delivery: Delivery, isSynced: Bool, replicas: Int, _ text: String) {
        self.delivery = delivery
        self.isSynced = isSynced
        self.replicas = replicas
        self.text = text
    }
}

/// Which client is to be opened.
public struct LineOrder: Codable, Sendable {
    public var address: Address
    /// No two clients ever share one: it names the client's reply queue, session and idempotency keys.
    public var client: String
    /// Requests that may be in flight at the most.
    public var inFlightMax: Int

    public init(address: Address, client: String, inFlightMax: Int) {
        self.address = address
        self.client = client
        self.inFlightMax = inFlightMax
    }
}

/// Why an alternative cannot take part, or has failed.
public enum AlternativeError: Error, CustomStringConvertible {
    /// A program or library is not installed.
    case missing(what: String, alternative: String)
    /// A process ended, or did not become ready.
    case process(what: String, reason: String)
    /// The system answered with an error, or not in time.
    case failed(String)

    public var description: String {
        switch self {
        case .missing(let what, let alternative): "\(alternative): \(what) is not installed; run: make peers"
        case .process(let what, let reason): "\(what): \(reason)"
        case .failed(let reason): reason
        }
    }
}
