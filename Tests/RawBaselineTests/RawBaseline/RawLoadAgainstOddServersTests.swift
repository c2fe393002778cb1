// The load of the baseline against servers that answer late, out of order or wrongly.

import Glibc
import RawBaseline
import Testing

@Suite(.serialized)
struct RawLoadAgainstOddServersTests {
    private let folder = TemporaryFolder()
    private var path: String { "\(folder.path)/s" }

    /// Runs a load against `serve`, which gets the load's one connection.
    private func run(
        _ adjust: (inout Load) -> Void,
        serving serve: @escaping @Sendable (ZMTPPeer) throws -> Void
    ) async throws -> Load.Outcome {
        var load = Load(to: "ipc://\(path)")
        load.payloadBytes = 4
        adjust(&load)
        let path = path
        let (toldToListen, listening) = AsyncStream.makeStream(of: Void.self)
        async let server: Void = onOwnThread {
            defer { listening.finish() }
            let listener = try ZMTPPeer.Listener(at: path)
            listening.finish()
            let peer = try ZMTPPeer(accepting: listener)
            try serve(peer)
            _ = peer.isReadable(withinMilliseconds: 20_000)  // until the load hangs up
        }
        for await _ in toldToListen {}
        let outcome = try await load.run()
        try await server
        return outcome
    }

    private static let payload: [UInt8] = [0xa5, 0xa5, 0xa5, 0xa5]

    @Test func requestsAreTheDocumentedBytes() async throws {
        let outcome = try await run({
            $0.requests = 3
            $0.inFlight = 1
        }) { peer in
            for msgid in 0..<3 as Range<UInt8> {
                #expect(try peer.receive() == echoRequest(msgid, Self.payload))
                try peer.send(echoResponse(msgid, Self.payload))
            }
        }
        #expect(outcome.status == 0)
        #expect(outcome.result.requests == 3)
    }

    @Test func coalescedRequestsShareAMessageUpToTheLimit() async throws {
        let requests = (0..<8).map { echoRequest($0, Self.payload) }
        let responses = (0..<8).map { echoResponse($0, Self.payload) }
        let outcome = try await run({
            $0.requests = 8
            $0.inFlight = 8
            $0.framesPerMessage = 5
        }) { peer in
            #expect(try peer.receive() == Array(requests[..<5].joined()))
            #expect(try peer.receive() == Array(requests[5...].joined()))
            try peer.send(Array(responses.joined()))
        }
        #expect(outcome.status == 0)
        #expect(outcome.result.requests == 8)
    }

    @Test func repliesMayComeInAnyOrder() async throws {
        let outcome = try await run({
            $0.requests = 16
            $0.inFlight = 4
        }) { peer in
            for round in 0..<4 as Range<UInt8> {
                let msgids = (0..<4).map { round * 4 + $0 }
                for _ in msgids { _ = try peer.receive() }
                // All in one message: the window must not move on while its oldest request is due.
                try peer.send(Array(msgids.reversed().map { echoResponse($0, Self.payload) }.joined()))
            }
        }
        #expect(outcome.status == 0)
        #expect(outcome.result.requests == 16)
        #expect(outcome.result.errors == 0)
    }

    @Test func wrongRepliesAreErrorsAndNoRequests() async throws {
        let outcome = try await run({
            $0.requests = 4
            $0.inFlight = 1
        }) { peer in
            _ = try peer.receive()
            try peer.send(echoResponse(0, [1, 2, 3]))  // of the wrong length
            _ = try peer.receive()
            try peer.send([0x94, 0x01, 0x01, 0x92, 0x01, 0xa0, 0xc0])  // an error
            _ = try peer.receive()
            try peer.send(echoResponse(9, Self.payload))  // to nothing that is in flight
            try peer.send([0xc1])  // not MessagePack
            try peer.send([0x93, 0x02, 0xa0, 0x90])  // a notification
            try peer.send(echoResponse(2, Self.payload) + echoResponse(2, Self.payload))  // the second to nothing
            _ = try peer.receive()
            try peer.send(echoResponse(3, Self.payload))
        }
        #expect(outcome.status == 0)
        #expect(outcome.result.requests == 2)
        #expect(outcome.result.errors == 6)
        #expect(outcome.samples.count == 2)
    }

    @Test func aServerThatFallsSilentIsATimeout() async throws {
        for rate in [0, 1000] as [Double] {
            let outcome = try await run({
                $0.requestsPerSecond = rate
                $0.inFlight = 1
                $0.replyTimeoutMilliseconds = 200
            }) { peer in
                unlink(path)
                _ = try peer.receive()
                try peer.send(echoResponse(0, Self.payload))
                _ = try peer.receive()
            }
            #expect(outcome.status == -ETIMEDOUT)
            #expect(outcome.result.requests == 1)
        }
    }

    @Test func latencyOfAnOpenLoopCountsFromWhenARequestWasDue() async throws {
        let stallMilliseconds: Int32 = 100
        let outcome = try await run({
            $0.requests = 20
            $0.requestsPerSecond = 1000
            $0.inFlight = 4
        }) { peer in
            for _ in 0..<4 { _ = try peer.receive() }
            // All 20 fall due while the window is full; no fifth may leave.
            #expect(!peer.isReadable(withinMilliseconds: stallMilliseconds))
            for msgid in 0..<20 as Range<UInt8> {
                try peer.send(echoResponse(msgid, Self.payload))
                if msgid < 16 { _ = try peer.receive() }
            }
        }
        #expect(outcome.status == 0)
        #expect(outcome.result.requests == 20)
        #expect(outcome.result.late >= 16)
        // The last was due 19 ms after the start, and was not answered before the stall was over.
        let last = try #require(outcome.samples.last)
        #expect(last >= UInt64(stallMilliseconds - 19) * 1_000_000)
    }
}
