// The coordinator as a program sees it.

import Logging
import RingmasterProtocol

/// One coordinator of a cluster: it keeps the delta log and, while it leads, the ring.
///
///     let coordinator = try await Coordinator(CoordinatorConfiguration(endpoint: "tcp://127.0.0.1:7400"))
///     await coordinator.run()
///
/// It has an event loop of its own: log, disk, messages and rounds run there, in order.
public final class Coordinator: Sendable {
    private let loop: EventLoop
    private let core: CoordinatorCore

    /// Where it listens, wildcards resolved.
    public let endpoint: Endpoint

    /// Begins to listen, loads the log and takes part in the cluster.
    ///
    /// - Throws: `TransportError` for the endpoint or keys, `DeltaLogError` for the data directory; each names the thing and
    ///   the remedy.
    public init(
        _ configuration: CoordinatorConfiguration,
        context: MessagingContext = .shared,
        logger: Logger = Logger(label: "ringmaster.coordinator")
    ) async throws {
        let loop = EventLoop.start(name: "coordinator")
        self.loop = loop
        core = try await loop.perform { () throws(any Error) in
            let core = try CoordinatorCore(
                configuration: configuration,
                context: context,
                loop: loop,
                logger: logger
            )
            do {
                try core.start()
            } catch {
                core.close()
                throw error
            }
            return core
        }
        endpoint = await loop.perform { [core] in core.server.endpoint }
    }

    /// What it is and what it knows.
    public var status: CoordinatorStatus {
        get async { await loop.perform { [core] in core.status } }
    }

    /// Writes a snapshot in the background and compacts the log behind it.
    public func takeSnapshot() async {
        await loop.perform { [core] in core.log.takeSnapshot() }
    }

    /// Closes the sockets and the log's files; everything acknowledged is on disk already.
    public func close() async {
        await suspended { (continuation: Resumption<Void>) in
            loop.post { [core] in core.close { continuation.resume() } }
        }
        loop.stop()
    }
}
