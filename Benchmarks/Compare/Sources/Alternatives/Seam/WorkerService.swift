// The seam of chaos runs: a service of several workers on a system, which is to lose nothing however its processes die.

/// A list of integers a key, to which `append` adds one and gives its position, and which `read` gives whole: what Ringmaster's
/// workers do in a chaos run, on another system.
///
/// Everything is set up as the system's documentation recommends for no loss: what is acknowledged is on the disk, a worker
/// acknowledges a job after its work, a job whose worker died is given to another, a client asks again where it must.
public protocol WorkerService: Sendable {
    /// The name on the command line: lower case, no spaces.
    var name: String { get }

    /// What it is, in the versions of this machine.
    /// - Throws: `AlternativeError.missing`.
    func find() throws -> ServiceDescription

    /// What a client may rely on; nil where there is no such service.
    func promise(_ care: ServiceCare) -> ServicePromise?

    /// The processes that `startServers` starts, in the order in which they are to be started again. Each has a port of the same name.
    var servers: [String] { get }

    /// Starts the servers and prepares them, and returns when workers can be started.
    func startServers(_ instance: Instance) throws

    /// A worker in a process of its own. Calls `ready` once it takes jobs, and returns after SIGTERM, when what it had in hand is
    /// done. It outlives its servers: while they are away it tries to reach them again.
    func work(as worker: String, at address: Address, ready: () -> Void) throws

    /// A client, not connected yet.
    func client(_ name: String, at address: Address) throws -> any ServiceClient
}

/// How much a user has written against jobs that are done twice.
public enum ServiceCare: String, Codable, Sendable, CaseIterable {
    /// What the documentation recommends, and no more.
    case recommended
    /// Beside that, the user's own record of what was done, kept with the effect.
    case idempotent
}

/// A service's system as it was found.
public struct ServiceDescription: Sendable {
    public var version: String
    /// The settings that matter here, for people.
    public var settings: String

    public init(version: String, settings: String) {
        self.version = version
        self.settings = settings
    }
}

/// What a client of a service may rely on.
public struct ServicePromise: Sendable {
    public var text: String
    /// Promises of the checker that this service does not make, by the name of the anomaly, and why.
    public var excluded: [String: String]

    public init(_ text: String, excluded: [String: String] = [:]) {
        self.text = text
        self.excluded = excluded
    }
}

/// What a client of a chaos run asks for.
public struct ServiceOperation: Sendable {
    /// Never used again by a client.
    public let id: UInt64
    public let key: [UInt8]
    /// What is to be appended; nil for a read.
    public let value: Int64?

    public init(id: UInt64, key: [UInt8], value: Int64?) {
        self.id = id
        self.key = key
        self.value = value
    }
}

/// What came of it.
public struct ServiceCompletion {
    public enum Outcome {
        case appended(position: Int64)
        /// The list: 8 bytes an integer, little-endian.
        case list([UInt8])
        /// It certainly was not done, and never will be.
        case failed
        /// It cannot be known any more.
        case unknown
    }

    public let id: UInt64
    public let outcome: Outcome

    public init(_ id: UInt64, _ outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }
}

/// A client of a service with many operations in flight. Owned by one thread.
///
/// It remembers what it has to ask again after its connection was lost. Whoever drives it calls `reconnect` at the beginning, and
/// whenever `flush` or `receive` has thrown, until that succeeds.
public protocol ServiceClient: AnyObject {
    /// Takes an operation. It goes with the next `flush`, or once there is a connection.
    func send(_ operation: ServiceOperation)
    func flush() throws
    /// Waits for completions until the first is there or the time is over, in ns of CLOCK_MONOTONIC; takes all that are there.
    /// A completion may come twice.
    func receive(until deadlineNs: Int64, _ take: (ServiceCompletion) -> Void) throws
    /// Makes a new connection, and asks again for what has to be.
    func reconnect() throws
    /// Nobody waits for this any more.
    func forget(_ id: UInt64)
    /// Operations that were asked again.
    var resendCount: Int { get }
}
