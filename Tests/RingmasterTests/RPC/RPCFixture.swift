// What the RPC tests share: a service, a server on a port of its own, and a way to wait for something.

import Ringmaster
import Testing

/// A gate that handlers wait at until the test opens it.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Guarded(State())
    /// How many have come to it.
    let arrivals = Counter()

    func pass() async {
        arrivals.increment()
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

extension RPCService {
    /// The methods that most tests call.
    static var standard: RPCService {
        var service = RPCService()
        service.handleRaw("echo") { request, reply in reply.send(request) }
        service.handle("add") { (a: Int, b: Int) in a + b }
        return service
    }
}

extension RPCService {
    /// The standard methods and "hang", which ends only when it is cancelled.
    static func hanging(started: Counter, cancelled: Counter) -> RPCService {
        var service = standard
        service.handle("hang") { (_: Int) in
            started.increment()
            do {
                try await Task.sleep(for: .seconds(600))
            } catch {
                cancelled.increment()
                throw error
            }
        }
        return service
    }
}

/// Waits until `condition` holds, at most twenty seconds: for what happens on other threads and sockets.
func eventually(
    _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async -> Bool
) async {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
        if await condition() { return }
        try? await Task.sleep(for: .milliseconds(2))
    }
    Issue.record("\(what) did not come about in twenty seconds", sourceLocation: sourceLocation)
}

/// The error that `body` throws; nil where it throws none.
func rpcError(_ body: () async throws(RPCError) -> Void) async -> RPCError? {
    do {
        try await body()
        return nil
    } catch {
        return error
    }
}

/// A loopback port that nobody has just now.
func freeEndpoint() async throws -> Endpoint {
    let server = try await RPCServer(RPCService(), at: "tcp://127.0.0.1:*")
    let endpoint = server.endpoint
    await server.shutDown()
    return endpoint
}

/// Makes a number of calls and counts what became of them.
///
/// @unchecked Sendable: everything but the counters is touched on the client's loop alone.
final class CountingSource: CallSource, @unchecked Sendable {
    private let total: Int
    private let payload: [UInt8]
    private var sent = 0
    let asked = Counter()
    let replies = Counter()
    let failures = Counter()
    let wrong = Counter()

    /// - Parameter total: How many calls it makes; nil makes them until the pipeline is stopped.
    init(total: Int?, payload: [UInt8] = [1, 2, 3]) {
        self.total = total ?? .max
        self.payload = payload
    }

    func makeCalls(_ pipeline: CallPipeline) -> CallDemand {
        asked.increment()
        while sent < total, pipeline.hasRoom {
            pipeline.send(payload, tag: UInt64(sent))
            sent += 1
        }
        return sent == total ? .finished : .afterReply
    }

    func receive(reply: RawSpan, tag: UInt64) {
        replies.increment()
        if !reply.withUnsafeBytes({ $0.elementsEqual(payload) }) { wrong.increment() }
    }

    func fail(_ error: RPCError, tag: UInt64) {
        failures.increment()
    }
}

extension RPCServer {
    /// A server at a port whose last owner may just be leaving it.
    static func serve(_ service: RPCService, onceFree endpoint: Endpoint) async throws -> RPCServer {
        var server: RPCServer?
        await eventually("\(endpoint) is free") {
            server = try? await RPCServer(service, at: endpoint)
            return server != nil
        }
        return try #require(server)
    }
}
