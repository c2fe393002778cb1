// The ZeroMQ context: I/O threads shared by the sockets of a process.

import CShim

/// A ZeroMQ context. Sockets made in it keep it alive. Usable from any thread.
public final class MessagingContext: @unchecked Sendable {
    // @unchecked: a ZeroMQ context is thread-safe by contract (zmq_ctx_new(3)).
    let raw: OpaquePointer
    private let authentication = Guarded<Authenticator?>(nil)

    /// One context with one I/O thread for the whole process.
    public static let shared = MessagingContext()

    /// Makes a context with `ioThreads` (1...64) background threads; one moves about a million messages a second.
    public init(ioThreads: Int = 1) {
        precondition((1...64).contains(ioThreads), "a context has 1 to 64 I/O threads")
        var context: OpaquePointer?
        let status = rm_context_create(Int32(ioThreads), &context)
        guard status == 0, let context else {
            fatalError("cannot make a ZeroMQ context: \(String(cString: rm_error_text(status)))")
        }
        raw = context
    }

    /// A context of a simulation; it stays its owner's.
    init(virtual raw: OpaquePointer) {
        self.raw = raw
    }

    deinit {
        authentication.withLock { $0 }?.end()
        // Blocks until the linger time of the last socket is over: there is no socket left that could wait longer.
        rm_context_destroy(raw)
    }

    /// Whom the CURVE servers of this context let in, and whom not.
    public var authenticationStatistics: AuthenticationStatistics {
        authentication.withLock { $0 }?.statistics ?? AuthenticationStatistics()
    }

    /// The authenticator, which runs from the first call on.
    func authenticator() throws(TransportError) -> Authenticator {
        try authentication.withLock { present throws(TransportError) in
            if let present { return present }
            let fresh = try Authenticator(in: raw)
            present = fresh
            return fresh
        }
    }

    /// The version of libzmq in use, as "4.3.4".
    public static var libraryVersion: String {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        rm_zmq_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }
}
