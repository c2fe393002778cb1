// What a call can fail with.

import RingmasterProtocol

/// The failure of a call. Each case says who caused it and what to do.
public enum RPCError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No reply came in time. The call may or may not have been executed.
    case deadlineExceeded(method: String, after: Duration)
    /// Every attempt of an idempotent call went unanswered.
    case attemptsSpent(method: String, attempts: Int)
    /// The calling task was cancelled. The server was told; the call may have been executed.
    case cancelled(method: String)
    /// As many calls are in flight as the client may have, and the caller chose not to wait; or too many wait.
    case overloaded
    /// The client was closed.
    case closed
    /// The connection to the server broke while the call was in flight; it may or may not have been executed. Only where
    /// `RPCClientConfiguration.failsWhenDisconnected` asks for it.
    case disconnected(method: String)
    /// The payload is larger than the limit. Send less, or in parts.
    case payloadTooLarge(bytes: Int, limit: Int)
    /// The server answered with an error: an unknown method, a handler's own error, overload.
    case remote(RemoteError)
    /// The server's reply is not what the call expects: raw bytes where a value was wanted, or another type.
    case unexpectedReply(method: String, reason: String)
    /// The arguments could not be encoded.
    case unencodable(method: String, reason: String)
    /// The endpoint or its security could not be set up.
    case transport(TransportError)

    public var description: String {
        switch self {
        case .deadlineExceeded(let method, let after):
            "\(method): no reply within \(after); it may have been executed."
        case .attemptsSpent(let method, let attempts):
            "\(method): no reply to any of \(attempts) attempts. Is the server running and reachable?"
        case .cancelled(let method): "\(method): the calling task was cancelled."
        case .overloaded: "As many calls are in flight as the client may have. Wait for replies, or raise inFlightMax."
        case .closed: "The client is closed."
        case .disconnected(let method): "\(method): the connection broke; it may have been executed."
        case .payloadTooLarge(let bytes, let limit):
            "The payload of \(bytes) bytes is above the limit of \(limit). Send it in parts."
        case .remote(let error): error.description
        case .unexpectedReply(let method, let reason): "\(method): unexpected reply: \(reason)."
        case .unencodable(let method, let reason): "\(method): the arguments cannot be encoded: \(reason)."
        case .transport(let error): error.description
        }
    }
}

/// An error that came over the wire as `[code, message]`.
public struct RemoteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of error it is; docs/PROTOCOL.md lists the codes.
    public var code: RPCErrorCode
    /// For a person: names the thing, its value, the limit and the remedy. At most 1024 bytes arrive.
    public var message: String

    public init(code: RPCErrorCode, message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(message) (\(code))" }

    /// What the handler's own error is to the caller: itself where it is a `RemoteError`, else its description.
    init(thrown error: any Error) {
        self =
            switch error {
            case let error as RemoteError: error
            case is CancellationError: RemoteError(code: .cancelled, message: "the handler was cancelled")
            default: RemoteError(code: .handlerFailed, message: "\(error)")
            }
    }

    static func replyTooLarge(bytes: Int) -> RemoteError {
        RemoteError(
            code: .payloadTooLarge,
            message: "the reply of \(bytes) bytes is above the limit of \(Limits.payloadBytesMax); send it in parts"
        )
    }
}
