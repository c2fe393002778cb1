// A Swift client calls a server in Python.

import Ringmaster
import Testing

@Suite(.timeLimit(.minutes(1))) struct PythonServerTests {
    private let server: PythonProcess
    private let client: RPCClient

    init() async throws {
        server = try PythonProcess("server.py")
        client = try await RPCClient(Endpoint(try await server.line()))
    }

    @Test func aRawCallBringsItsBytesBack() async throws {
        for count in [0, 1, 255, 256, 65_536, 1 << 20] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(try await client.call("echo", payload: payload) == payload)
        }
        await client.close()
    }

    @Test func aCallWithValuesBringsItsResult() async throws {
        let sum: Int = try await client.call("add", 40, 2)
        #expect(sum == 42)
        let text: String = try await client.call("add", "grüß", " dich")
        #expect(text == "grüß dich")
        let all: [Double] = try await client.call("add", [1.5], [2])
        #expect(all == [1.5, 2])
        await client.close()
    }

    @Test func errorsArriveWithTheirCodes() async throws {
        #expect(await remoteError("subtract", 1) == RemoteError(code: .unknownMethod, message: "no method 'subtract'"))
        #expect(await remoteError("fail", "too cold") == RemoteError(code: .handlerFailed, message: "too cold"))
        #expect(await remoteError("add", 1)?.code == .badParams)
        await client.close()
    }

    @Test func repliesInOneMessageEachFindTheirCall() async throws {
        let client = client
        let places = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<300 {
                group.addTask { try await client.call("gather", 300) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(places.sorted() == Array(0..<300))
        #expect(await client.statistics.unmatchedReplies == 0)
        await client.close()
    }

    @Test func aReplyAfterTheDeadlineIsDroppedAndCounted() async throws {
        var failure: RPCError?
        do throws(RPCError) {
            let _: Int = try await client.call("hold", options: CallOptions(timeout: .milliseconds(50)))
        } catch {
            failure = error
        }
        guard case .deadlineExceeded = failure else {
            Issue.record("no deadline, but \(String(describing: failure))")
            return
        }
        // The server answers the call that nobody waits for, and then this one.
        let count: Int = try await client.call("release", 1)
        #expect(count == 1)
        #expect(await client.statistics.unmatchedReplies == 1)
        await client.close()
    }

    @Test func aCancellationReachesTheServer() async throws {
        let client = client
        let call = Task { () -> Int in try await client.call("hold") }
        #expect(await eventually { await client.inFlight == 1 })
        call.cancel()
        await #expect(throws: RPCError.cancelled(method: "hold")) { try await call.value }
        // Frames of a connection are read in order: nothing is held any more.
        let count: Int = try await client.call("release", 1)
        #expect(count == 0)
        await client.close()
    }

    @Test func longFormatsAreTakenForWhatTheyHold() async throws {
        let seven: Int = try await client.call("wide")
        #expect(seven == 7)
        await client.close()
    }

    private func remoteError<each Argument: Encodable>(
        _ method: RPCMethod,
        _ argument: repeat each Argument
    ) async -> RemoteError? {
        do throws(RPCError) {
            let _: Int = try await client.call(method, repeat each argument)
            return nil
        } catch {
            guard case .remote(let error) = error else { return nil }
            return error
        }
    }
}
