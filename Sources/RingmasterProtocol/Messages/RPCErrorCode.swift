// The codes of the errors that a server answers with; docs/PROTOCOL.md lists them for peers in other languages.

/// What kind of error a response carries. Codes that this version does not know are kept as they came.
public struct RPCErrorCode: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// The server has no method of that name.
    public static let unknownMethod = RPCErrorCode(rawValue: 1)
    /// The params are not what the method takes.
    public static let badParams = RPCErrorCode(rawValue: 2)
    /// The handler threw; the message is its own.
    public static let handlerFailed = RPCErrorCode(rawValue: 3)
    /// The caller's time was over before the handler had begun, or had ended.
    public static let deadlineExceeded = RPCErrorCode(rawValue: 4)
    /// The caller cancelled the call.
    public static let cancelled = RPCErrorCode(rawValue: 5)
    /// The server has as much in hand as its limits allow. Try again later.
    public static let overloaded = RPCErrorCode(rawValue: 6)
    /// The server is draining. Try another.
    public static let shuttingDown = RPCErrorCode(rawValue: 7)
    /// The request or its reply is larger than the limit.
    public static let payloadTooLarge = RPCErrorCode(rawValue: 8)
    /// The caller is not allowed to.
    public static let unauthorised = RPCErrorCode(rawValue: 9)
    /// The request was not a frame of the protocol, though its msgid could be read.
    public static let malformed = RPCErrorCode(rawValue: 10)

    // Of the cluster.

    /// This coordinator does not lead. The message is the leader's endpoint, or empty where it knows none.
    public static let notLeader = RPCErrorCode(rawValue: 16)
    /// This worker does not serve the key's slot now. Look at the newest view and try there.
    public static let wrongOwner = RPCErrorCode(rawValue: 17)
    /// The client's session has expired or was never opened: the job was not applied by this attempt.
    public static let sessionExpired = RPCErrorCode(rawValue: 18)
    /// The worker is not known under this incarnation; it has to join again.
    public static let notMember = RPCErrorCode(rawValue: 19)
    /// There is no quorum, or the log has failed: nothing can be acknowledged now.
    public static let noQuorum = RPCErrorCode(rawValue: 20)

    public var description: String {
        switch self {
        case .unknownMethod: "unknown method"
        case .badParams: "bad params"
        case .handlerFailed: "handler failed"
        case .deadlineExceeded: "deadline exceeded"
        case .cancelled: "cancelled"
        case .overloaded: "overloaded"
        case .shuttingDown: "shutting down"
        case .payloadTooLarge: "payload too large"
        case .unauthorised: "unauthorised"
        case .malformed: "malformed"
        case .notLeader: "not the leader"
        case .wrongOwner: "not the key's owner"
        case .sessionExpired: "session expired"
        case .notMember: "not a member"
        case .noQuorum: "no quorum"
        default: "error \(rawValue)"
        }
    }
}
