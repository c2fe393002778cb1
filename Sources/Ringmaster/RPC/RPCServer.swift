// The server of an RPC service: listens on one endpoint.

import RingmasterProtocol

/// Serves the methods of a service.
///
///     var service = RPCService()
///     service.handle("add") { (a: Int, b: Int) in a + b }
///     let server = try await RPCServer(service, at: "tcp://127.0.0.1:7400")
///     try await server.run()
///
/// It serves from the moment it is made. An actor on its event loop.
public actor RPCServer {
    public nonisolated let loop: EventLoop
    private nonisolated let core: ServerCore

    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Where it listens, wildcards resolved: clients can connect to it.
    public nonisolated var endpoint: Endpoint { core.endpoint }

    /// Begins to serve.
    ///
    /// - Throws: `TransportError` where the endpoint cannot be listened on or the keys cannot be used.
    public init(
        _ service: RPCService,
        at endpoint: Endpoint,
        configuration: RPCServerConfiguration = RPCServerConfiguration(),
        context: MessagingContext = .shared,
        loop: EventLoop = .shared
    ) async throws(TransportError) {
        self.loop = loop
        core = try await loop.perform { () throws(TransportError) in
            try ServerCore(
                service: service,
                endpoint: endpoint,
                configuration: configuration,
                context: context,
                loop: loop
            )
        }
    }

    deinit {
        // The core may live on the loop alone, so it is ended there.
        loop.post { [core] in core.close() }
    }

    /// Serves until `shutDown` has been called or the calling task is cancelled; the latter shuts it down, giving the
    /// handlers that run `grace` to end.
    public func run(grace: Duration = .seconds(5)) async {
        await withTaskCancellationHandler {
            _ = self  // the closure is isolated to the actor only if it captures it
            await suspended { core.waitUntilClosed($0) }
        } onCancel: {
            // The task that ran the server is ending, so the drain needs one of its own.
            Task { await self.shutDown(grace: grace) }
        }
    }

    /// Refuses new requests, lets the handlers that run or wait end, sends their replies and closes. Handlers that have
    /// not ended after `grace` are cancelled.
    public func shutDown(grace: Duration = .seconds(5)) async {
        core.beginDraining()
        await core.waitUntilDrained(atMost: grace)
        core.close()
    }

    /// What it has seen.
    public var statistics: RPCServerStatistics { core.statistics }
}
