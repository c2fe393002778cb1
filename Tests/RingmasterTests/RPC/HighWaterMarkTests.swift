// What a socket refuses at its high-water mark waits, packed, and leaves in order.

import Ringmaster
import Testing

@Suite(.timeLimit(.minutes(1))) struct HighWaterMarkTests {
    @Test(arguments: [false, true], [1, 64, 3000])
    func everyCallBeyondTheHighWaterMarkIsAnswered(coalescing: Bool, payloadBytes: Int) async throws {
        var serverConfiguration = RPCServerConfiguration()
        serverConfiguration.coalescing = coalescing
        serverConfiguration.socket.highWaterMark = 4
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*", configuration: serverConfiguration)
        var configuration = RPCClientConfiguration()
        configuration.coalescing = coalescing
        configuration.socket.highWaterMark = 4
        let client = try await RPCClient(server.endpoint, configuration: configuration)
        let source = CheckedEchoSource(calls: 10_000, payloadBytes: payloadBytes)
        try await client.pipeline(source, method: "echo", window: 4096)
        #expect(source.right == 10_000)
        #expect(source.failures.isEmpty)
        #expect(await client.statistics.droppedFrames == 0)
        #expect(await server.statistics.droppedReplies == 0)
        await client.close()
        await server.shutDown()
    }
}

/// Makes so many calls and checks that each reply is its own.
private final class CheckedEchoSource: CallSource {
    private let calls: UInt64
    private let payloadBytes: Int
    private var sent: UInt64 = 0
    private(set) var right = 0
    private(set) var failures: [RPCError] = []

    init(calls: UInt64, payloadBytes: Int) {
        self.calls = calls
        self.payloadBytes = payloadBytes
    }

    func makeCalls(_ pipeline: CallPipeline) -> CallDemand {
        while pipeline.hasRoom {
            guard sent < calls else { return .finished }
            pipeline.send([UInt8](repeating: UInt8(truncatingIfNeeded: sent), count: payloadBytes), tag: sent)
            sent += 1
        }
        return .afterReply
    }

    func receive(reply: RawSpan, tag: UInt64) {
        let expected = UInt8(truncatingIfNeeded: tag)
        let isRight = reply.withUnsafeBytes { $0.count == payloadBytes && $0.allSatisfy { $0 == expected } }
        if isRight { right += 1 }
    }

    func fail(_ error: RPCError, tag: UInt64) {
        failures.append(error)
    }
}
