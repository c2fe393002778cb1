// The load of the baseline against its server.

import Glibc
import RawBaseline
import Testing

@Suite(.serialized)
struct RawLoadTests {
    private let folder = TemporaryFolder()
    private var endpoint: String { "ipc://\(folder.path)/s" }

    /// Runs a load against a server, and returns what both say.
    private func run(
        framesPerMessage: UInt32 = 1,
        _ adjust: (inout Load) -> Void = { _ in }
    ) async throws -> (outcome: Load.Outcome, ending: EchoServer.Ending) {
        let endpoint = endpoint
        let server = try await onOwnThread { try EchoServer(on: endpoint, framesPerMessage: framesPerMessage) }
        var load = Load(to: server.endpoint)
        load.framesPerMessage = framesPerMessage
        adjust(&load)
        let outcome = try await load.run()
        return (outcome, try await onOwnThread { try server.stop() })
    }

    @Test(arguments: [1, 128] as [UInt32], [0, 64, 65536] as [UInt32])
    func everyRequestIsSentAnsweredAndTimed(framesPerMessage: UInt32, payloadBytes: UInt32) async throws {
        for clients in [1, 3] as [UInt32] {
            let (outcome, ending) = try await run(framesPerMessage: framesPerMessage) {
                $0.payloadBytes = payloadBytes
                $0.clients = clients
                $0.warmUpRequests = 100
                $0.requests = 1000
            }
            #expect(outcome.status == 0)
            #expect(outcome.result.requests == 1000)
            #expect(outcome.result.errors == 0)
            #expect(outcome.result.late == 0)
            #expect(ending == .init(status: 0, requests: 1100, refused: 0))
            #expect(outcome.samples.count == 1000)
            #expect(outcome.result.samples_dropped == 0)
            #expect(outcome.samples.allSatisfy { $0 > 0 && $0 <= outcome.result.elapsed_ns })
            #expect(outcome.result.cpu_ns > 0)
        }
    }

    @Test func moreRequestsThanTheWindowAndTheRingGoRound() async throws {
        for inFlight in [1, 3, 4, 1000] as [UInt32] {
            let (outcome, ending) = try await run(framesPerMessage: 16) {
                $0.inFlight = inFlight
                $0.requests = 4000
            }
            #expect(outcome.status == 0)
            #expect(outcome.result.requests == 4000)
            #expect(outcome.result.errors == 0)
            #expect(ending.requests == 4000)
        }
    }

    @Test func oneRequestInSoManyOfEachClientIsTimed() async throws {
        let (outcome, _) = try await run {
            $0.clients = 3
            $0.requests = 1000  // 334, 333 and 333
            $0.sampleEvery = 10
        }
        #expect(outcome.samples.count == 3 * 34)
    }

    @Test func latenciesWithoutRoomAreCountedAsDropped() async throws {
        let (outcome, _) = try await run {
            $0.clients = 2
            $0.requests = 1000
            $0.samplesCapacity = 100
        }
        #expect(outcome.samples.count == 100)
        #expect(outcome.result.samples_dropped == 900)
        #expect(outcome.samples.allSatisfy { $0 > 0 })
    }

    @Test func aLoadLimitedByTimeEndsWhenItIsOver() async throws {
        let (outcome, ending) = try await run {
            $0.seconds = 0.05
            $0.requests = 0
            $0.clients = 2
            $0.sampleEvery = 0
        }
        #expect(outcome.status == 0)
        #expect(outcome.result.requests > 0)
        #expect(outcome.result.requests == ending.requests)
        #expect(outcome.result.elapsed_ns >= 50_000_000)
        #expect(outcome.samples.isEmpty)
        #expect(outcome.result.samples_dropped == 0)
    }

    @Test(arguments: [1, 128] as [UInt32], [1, 2] as [UInt32])
    func anOpenLoopSendsWhatIsDueInItsTime(framesPerMessage: UInt32, clients: UInt32) async throws {
        let (outcome, ending) = try await run(framesPerMessage: framesPerMessage) {
            $0.clients = clients
            $0.requestsPerSecond = 2000
            $0.seconds = 0.5
            $0.requests = 0
            $0.inFlight = 4096
            $0.lateNanoseconds = 3_600_000_000_000
        }
        #expect(outcome.status == 0)
        // Those due at 0 s, 0.5 ms, ... 499.5 ms; a thread that wakes too late leaves the last ones.
        #expect(outcome.result.requests + outcome.result.unsent == 1000)
        #expect(outcome.result.requests > 500)
        #expect(ending.requests == outcome.result.requests)
        #expect(outcome.samples.count == Int(outcome.result.requests))
        #expect(outcome.result.late == 0)  // nothing is an hour late
        #expect(outcome.result.elapsed_ns >= 499_500_000)
    }

    @Test func anOverloadedOpenLoopEndsInTimeAndCountsWhatItCouldNotSend() async throws {
        let (outcome, ending) = try await run {
            $0.clients = 2
            $0.requestsPerSecond = 1e9
            $0.seconds = 0.05
            $0.requests = 0
        }
        #expect(outcome.status == 0)
        #expect(outcome.result.requests > 0)
        #expect(outcome.result.unsent > 0)
        #expect(outcome.result.requests + outcome.result.unsent == 50_000_000)
        #expect(ending.requests == outcome.result.requests)
    }

    @Test func requestsLaterThanAllowedAreCounted() async throws {
        let (outcome, _) = try await run {
            $0.requestsPerSecond = 10_000
            $0.requests = 500
            $0.lateNanoseconds = 0  // no request leaves in the very nanosecond in which it is due
        }
        #expect(outcome.result.requests == 500)
        #expect(outcome.result.late > 450)
        #expect(outcome.result.late <= 500)
    }

    @Test func aLoadWithoutAServerTimesOut() async throws {
        for rate in [0, 1000] as [Double] {
            var load = Load(to: endpoint)
            load.requestsPerSecond = rate
            load.replyTimeoutMilliseconds = 50
            load.clients = 2
            let outcome = try await load.run()
            #expect(outcome.status == -ETIMEDOUT)
            #expect(outcome.result.requests == 0)
        }
    }

    @Test func anEndpointThatIsNoneIsReported() async throws {
        #expect(try await Load(to: "nonsense").run().status == -EINVAL)
    }

    @Test func optionsOutOfRangeAreRefused() async throws {
        let adjustments: [@Sendable (inout Load) -> Void] = [
            { $0.inFlight = 0 },
            { $0.inFlight = (1 << 24) + 1 },
            { $0.framesPerMessage = 0 },
            { $0.clients = 0 },
            { $0.clients = 1025 },
            { $0.requests = 0 },
            { $0.requestsPerSecond = -1 },
            { $0.requestsPerSecond = .nan },
            { $0.requestsPerSecond = 2e9 },
            { $0.replyTimeoutMilliseconds = 0 },
        ]
        for adjust in adjustments {
            var load = Load(to: endpoint)
            adjust(&load)
            #expect(try await load.run().status == -EINVAL)
        }
    }
}
