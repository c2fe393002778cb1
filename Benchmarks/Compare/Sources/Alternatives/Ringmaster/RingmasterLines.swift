// Ringmaster's clients: on the client's loop, where a program that cares for latency would call from.

import Glibc
import Ringmaster

/// Calls of an `RPCClient`: awaited one after the other, or a pipeline where more are in flight.
final class RingmasterCallLine: ClientLine {
    private static let echo: RPCMethod = "echo"
    private let client: RPCClient
    private let inFlightMax: Int

    init(_ order: LineOrder) async throws {
        var configuration = RPCClientConfiguration()
        configuration.inFlightMax = max(order.inFlightMax, 1)
        inFlightMax = order.inFlightMax
        client = try await RPCClient(RingmasterSystem.endpoint(order.address, "worker"), configuration: configuration)
        _ = try await client.call(Self.echo, payload: [], options: .idempotent())
    }

    func run(_ load: any LoadSource) async throws {
        if inFlightMax == 1 {
            nonisolated(unsafe) let load = load
            try await Task(executorPreference: client.loop.taskExecutor) { [client] in
                try await Self.sequential(client, load)
            }.value
        } else {
            try await client.pipeline(
                Source(load),
                method: Self.echo,
                window: inFlightMax,
                options: CallOptions(timeout: .seconds(30))
            )
        }
    }

    func close() async { await client.close() }

    private static func sequential(_ client: RPCClient, _ load: any LoadSource) async throws {
        let buffer = ReplyBuffer(capacity: 65_536)
        while true {
            switch load.next(now: Clock.nowNs) {
            case .send:
                let request = load.begin()
                do {
                    let span = request.payload.span
                    try await client.call(echo, payload: span.bytes, into: buffer)
                    load.complete(Completion(request.id, .replied(bytes: buffer.count)))
                } catch {
                    load.complete(Completion(request.id, .failed("\(error)")))
                }
            case .wait(let time): try await Task.sleep(for: .nanoseconds(max(0, time - Clock.nowNs)))
            case .full, .finished: return
            }
        }
    }

    /// Confined to the client's loop.
    private final class Source: CallSource {
        private let load: any LoadSource

        init(_ load: any LoadSource) { self.load = load }

        func makeCalls(_ pipeline: CallPipeline) -> CallDemand {
            while pipeline.hasRoom {
                switch load.next(now: Clock.nowNs) {
                case .send:
                    let request = load.begin()
                    pipeline.send(request.payload, tag: request.id)
                case .wait(let time): return .at(MonotonicTime(nanoseconds: time))
                case .full: return .afterReply
                case .finished: return .finished
                }
            }
            return .afterReply
        }

        func receive(reply: RawSpan, tag: UInt64) {
            load.complete(Completion(tag, .replied(bytes: reply.byteCount)))
        }

        func fail(_ error: RPCError, tag: UInt64) {
            load.complete(Completion(tag, .failed(error.description)))
        }
    }
}

/// Jobs of a cluster's `Client`: a task for each that may be in flight.
final class RingmasterJobLine: ClientLine {
    private let client: Client
    private let inFlightMax: Int

    init(_ order: LineOrder) async throws {
        client = try await Client(cluster: RingmasterSystem.endpoint(order.address, "coordinator"))
        inFlightMax = order.inFlightMax
        // The worker may still be joining.
        _ = try await client.submitRaw("append", key: Array("warm".utf8), [])
    }

    func run(_ load: any LoadSource) async throws {
        // Confined to the loop: all the tasks run there.
        nonisolated(unsafe) let load = load
        await Task(executorPreference: EventLoop.shared.taskExecutor) { [client, inFlightMax] in
            nonisolated(unsafe) let load = load
            await withTaskGroup(of: Void.self) { group in
                var tasks = 0
                while true {
                    switch load.next(now: Clock.nowNs) {
                    case .send where tasks < inFlightMax:
                        tasks += 1
                        let first = load.begin()
                        group.addTask(executorPreference: EventLoop.shared.taskExecutor) {
                            await Self.submit(client, first, load)
                        }
                    case .wait(let time):
                        let left = max(0, time - Clock.nowNs)
                        try? await Task.sleep(for: .nanoseconds(left), tolerance: .zero)
                    case .send, .full:
                        await group.next()
                        tasks -= 1
                    case .finished: return await group.waitForAll()
                    }
                }
            }
        }.value
    }

    func close() async { await client.close() }

    /// Submits a job, and those that are due when it is done.
    private static func submit(_ client: Client, _ first: Request, _ load: any LoadSource) async {
        var request = first
        while true {
            do {
                let reply = try await client.submitRaw("append", key: request.key, request.payload)
                let position = reply.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }
                load.complete(Completion(request.id, .appended(position: Int(position))))
            } catch {
                load.complete(Completion(request.id, .failed(error.description)))
            }
            guard load.next(now: Clock.nowNs) == .send else { return }
            request = load.begin()
        }
    }
}
