// Clients and servers without threads: a test steps their loop and moves their clock, so times are exact.

import RingmasterProtocol
import Testing

@testable import Ringmaster

/// A loop with a clock that the test moves.
final class SteppedRPC {
    let clock = VirtualClock()
    let loop: EventLoop

    init() {
        let clock = clock
        loop = EventLoop.stepped { clock.now }
    }

    deinit {
        // The loop lets go of what was closed in its next turn.
        if loop.isCurrent { loop.step() }
    }

    func server(
        _ service: RPCService = .standard,
        at endpoint: Endpoint = "tcp://127.0.0.1:*",
        configuration: RPCServerConfiguration = RPCServerConfiguration()
    ) throws -> ServerCore {
        try ServerCore(service: service, endpoint: endpoint, configuration: configuration, context: .shared, loop: loop)
    }

    func client(
        of endpoint: Endpoint,
        configuration: RPCClientConfiguration = RPCClientConfiguration(),
        suspendedNs: @escaping () -> Int64 = { 0 }
    ) throws -> ClientCore {
        try ClientCore(
            endpoint: endpoint,
            configuration: configuration,
            context: .shared,
            loop: loop,
            suspendedNs: suspendedNs
        )
    }

    /// Moves the clock, and lets everything happen that is due then.
    func pass(_ duration: Duration) {
        clock.advance(by: duration)
        for _ in 0..<3 { loop.step() }
    }

    /// Moves the clock in steps of a millisecond.
    func passSlowly(_ duration: Duration) {
        let end = clock.now.advanced(by: duration)
        while clock.now < end { pass(.milliseconds(1)) }
    }

    /// Steps until `condition` holds, while the clock stands still.
    func step(_ what: String, sourceLocation: SourceLocation = #_sourceLocation, until condition: () -> Bool) {
        let isMet = loop.step(until: condition)
        #expect(isMet, "\(what) did not come about", sourceLocation: sourceLocation)
    }
}

/// Makes the calls that a test gives it, and keeps what became of them.
final class ScriptedSource: CallSource {
    struct Failure {
        let error: RPCError
        let time: MonotonicTime
    }

    private var payloads: [[UInt8]] = []
    private var nextTag: UInt64 = 0
    private(set) var replies: [UInt64: [UInt8]] = [:]
    private(set) var failures: [UInt64: Failure] = [:]
    /// Kept alive by its client.
    private weak var pipeline: CallPipeline?
    /// Set to end the pipeline with the last reply.
    var isFinished = false

    /// Starts a pipeline of this source, which may have one.
    func start(
        on core: ClientCore,
        method: RPCMethod = "echo",
        window: Int = 64,
        options: CallOptions = .standard
    ) -> CallPipeline {
        let pipeline = CallPipeline(core: core, source: self, method: method, window: window, options: options)
        self.pipeline = pipeline
        core.begin(pipeline)
        return pipeline
    }

    /// Makes a call as soon as there is room; its tag counts up from 0.
    func call(_ payload: [UInt8] = []) {
        payloads.append(payload)
        pipeline?.fill()
    }

    func makeCalls(_ pipeline: CallPipeline) -> CallDemand {
        while !payloads.isEmpty, pipeline.hasRoom {
            pipeline.send(payloads.removeFirst(), tag: nextTag)
            nextTag += 1
        }
        return isFinished && payloads.isEmpty ? .finished : .afterReply
    }

    func receive(reply: RawSpan, tag: UInt64) {
        replies[tag] = reply.withUnsafeBytes { Array($0) }
    }

    func fail(_ error: RPCError, tag: UInt64) {
        failures[tag] = Failure(error: error, time: pipeline?.now ?? MonotonicTime(nanoseconds: -1))
    }
}
