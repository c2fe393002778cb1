// What a server offers: methods by name. Made first, then served; a value, so it does not change under the server.

/// A set of methods and their handlers.
///
///     var service = RPCService()
///     service.handle("add") { (a: Int, b: Int) in a + b }
///     service.handleRaw("echo") { request, reply in reply.send(request) }
public struct RPCService: Sendable {
    /// A handler that runs on the server's loop.
    ///
    /// The bytes of the request are alive until it returns. What it throws is answered as an error, unless it has replied.
    public typealias RawHandler = @Sendable (_ request: RawSpan, _ reply: inout ReplyWriter) throws -> Void
    /// A handler that runs as a task: encoded params in, encoded result out.
    typealias ValueHandler = @Sendable ([UInt8], RequestContext) async throws -> [UInt8]

    /// A handler that answers later, on the loop, by a `DeferredReply` that it makes of the address.
    typealias DeferredHandler = @Sendable (_ request: RawSpan, _ address: ReplyAddress) -> Void

    enum Handler: Sendable {
        case raw(RawHandler)
        case deferred(DeferredHandler)
        case value(ValueHandler)
    }

    private(set) var handlers: [RPCMethod: Handler] = [:]

    /// The names of the methods.
    public var methods: [String] { handlers.keys.map(\.name).sorted() }

    public init() {}

    /// Adds a method that takes bytes and answers with bytes, at once and without allocation. It runs on the loop's
    /// thread: one that takes long holds up every other request of the loop.
    ///
    /// - Precondition: The service has no method of that name.
    public mutating func handleRaw(_ method: RPCMethod, _ handler: @escaping RawHandler) {
        add(method, .raw(handler))
    }

    /// Adds a method that takes bytes and answers with bytes whenever it wants, on the loop's thread: the reply may be kept.
    /// The bytes of the request are alive until the handler returns. What it throws is answered as an error, unless it has
    /// replied.
    mutating func handleDeferred(
        _ method: RPCMethod,
        _ handler: @escaping @Sendable (UnsafeRawBufferPointer, DeferredReply) throws(RemoteError) -> Void
    ) {
        handleAddressed(method) { request, address in
            let reply = DeferredReply(address)
            request.withUnsafeBytes { bytes in
                do throws(RemoteError) {
                    try handler(bytes, reply)
                } catch {
                    reply.fail(error.code, error.message)
                }
            }
        }
    }

    /// As `handleDeferred`, for a handler that makes its own kind of reply.
    mutating func handleAddressed(_ method: RPCMethod, _ handler: @escaping DeferredHandler) {
        add(method, .deferred(handler))
    }

    mutating func add(_ method: RPCMethod, _ handler: Handler) {
        precondition(handlers[method] == nil, "the method '\(method)' has a handler already")
        precondition(!method.name.hasPrefix("$/"), "names that begin with $/ are the protocol's own")
        handlers[method] = handler
    }
}

/// What an async handler may know of its request.
public struct RequestContext: Sendable {
    /// The identity of the client, as it stays over reconnects.
    public let peer: PeerIdentity
    /// When the caller stops waiting; nil where it did not say.
    public let deadline: ContinuousClock.Instant?
    /// 0 for a call that is sent once, else the number of the attempt.
    public let attempt: Int
}
