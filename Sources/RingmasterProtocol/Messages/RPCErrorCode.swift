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
        default: "error \(rawValue)"
        }
    }
}
