// What a job, a read or a call on a cluster can fail with.

import RingmasterProtocol

/// The failure of a job, read or call. Each case says who caused it and what to do.
public enum ClusterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Its time was over. A job may yet be applied, once, unless it was never sent; submit it again in the same session only
    /// if it may be applied twice.
    case deadlineExceeded(job: String, after: Duration)
    /// No coordinator leads: the cluster has no quorum, or cannot be reached. Nothing was acknowledged meanwhile.
    case noQuorum(coordinators: [String])
    /// The client's session has expired, as it was idle for too long. Make a new client; whether jobs without a reply were
    /// applied is not known any more.
    case sessionExpired
    /// The handler threw; the message is its own. The key's state stayed as it was.
    case handlerFailed(job: String, message: String)
    /// No worker has a handler of that name.
    case unknownJob(String)
    /// The key or argument is above the limit.
    case payloadTooLarge(bytes: Int, limit: Int)
    /// The cluster does not let this client in.
    case notAuthorised(message: String)
    /// The argument could not be encoded, or the reply is of another type.
    case unexpectedValue(job: String, reason: String)
    /// As many jobs are in flight as a client may have.
    case overloaded
    /// The calling task was cancelled. A job that was sent may be applied, once.
    case cancelled
    /// The client is closed.
    case closed
    /// Of a worker that leaves: no leader let it go in time. It has ended; the cluster takes its slots back by itself, once it
    /// has a leader. Nothing acknowledged is lost.
    case notReleased(after: Duration)
    /// The worker refused for another reason, in its words.
    case refused(RemoteError)

    public var description: String {
        switch self {
        case .deadlineExceeded(let job, let after):
            "\(job): no reply within \(after); it may have been applied, once."
        case .noQuorum(let coordinators):
            "No coordinator leads (asked: \(coordinators.joined(separator: ", "))). Is a majority of them running?"
        case .sessionExpired: "The session has expired. Make a new client."
        case .handlerFailed(let job, let message): "\(job): \(message)"
        case .unknownJob(let job): "No handler for '\(job)' on the worker that owns the key."
        case .payloadTooLarge(let bytes, let limit): "\(bytes) bytes are above the limit of \(limit)."
        case .notAuthorised(let message): "Not authorised: \(message)."
        case .unexpectedValue(let job, let reason): "\(job): unexpected value: \(reason)."
        case .overloaded: "As many jobs are in flight as a client may have. Wait for replies."
        case .cancelled: "The calling task was cancelled."
        case .closed: "The client is closed."
        case .notReleased(let after):
            """
            No leader released the worker within \(after). It ends all the same, and its slots are taken back; see whether a \
            majority of the coordinators is running.
            """
        case .refused(let error): error.description
        }
    }
}
