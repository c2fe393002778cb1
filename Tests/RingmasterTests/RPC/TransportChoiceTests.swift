// That a call is the same over every transport, encrypted or not.

import CShim
import RingmasterProtocol
import Testing

@testable import Ringmaster

@Suite(.timeLimit(.minutes(1))) struct TransportChoiceTests {
    /// What carries the calls of a test.
    enum Carrier: CaseIterable {
        case tcp, tcp6, ipc, abstractIPC, inproc, curveTCP, curveIPC
    }

    /// A place to listen at, and the security of both sides.
    private struct Route {
        let folder = TemporaryFolder()
        let endpoint: Endpoint
        var server = Security.none
        var client = Security.none

        init(_ carrier: Carrier) throws {
            let unique = "ringmaster-test-\(UInt64.random(in: .min ... .max))"
            endpoint =
                switch carrier {
                case .tcp, .curveTCP: "tcp://127.0.0.1:*"
                case .tcp6: "tcp://[::1]:*"
                case .ipc, .curveIPC: try Endpoint("ipc://" + folder.file("socket"))
                case .abstractIPC: try Endpoint("ipc://@" + unique)
                case .inproc: try Endpoint("inproc://" + unique)
                }
            guard carrier == .curveTCP || carrier == .curveIPC else { return }
            let (serverKeys, clientKeys) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
            server = .curveServer(keys: serverKeys, allowing: .only(AllowList([clientKeys.publicKey])))
            client = .curveClient(keys: clientKeys, server: serverKeys.publicKey)
        }

        func serve(_ service: RPCService, at endpoint: Endpoint? = nil) async throws -> RPCServer {
            var configuration = RPCServerConfiguration()
            configuration.security = server
            return try await RPCServer(service, at: endpoint ?? self.endpoint, configuration: configuration)
        }

        func connect(to server: Endpoint) async throws -> RPCClient {
            var configuration = RPCClientConfiguration()
            configuration.security = client
            return try await RPCClient(server, configuration: configuration)
        }
    }

    @Test(arguments: Carrier.allCases)
    func callsAreTheSameOver(carrier: Carrier) async throws {
        let route = try Route(carrier)
        let (started, cancelled) = (Counter(), Counter())
        let server = try await route.serve(.hanging(started: started, cancelled: cancelled))
        let client = try await route.connect(to: server.endpoint)
        for count in [0, 1, 1000, 40_000, 1 << 20] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            #expect(try await client.call("echo", payload: payload) == payload)
        }
        let sum: Int = try await client.call("add", 2, 3)
        #expect(sum == 5)
        let unknown = await rpcError { () throws(RPCError) in _ = try await client.call("ecco", payload: []) }
        guard case .remote(let error) = unknown else {
            Issue.record("\(String(describing: unknown))")
            return
        }
        #expect(error.code == .unknownMethod)
        let hanging = Task { await rpcError { () throws(RPCError) in try await client.call("hang", 1) } }
        await eventually("its handler runs") { started.value == 1 }
        hanging.cancel()
        #expect(await hanging.value == .cancelled(method: "hang"))
        await eventually("its handler is cancelled") { cancelled.value == 1 }
        let source = CountingSource(total: 1000)
        try await client.pipeline(source, method: "echo", window: 64)
        #expect(source.replies.value == 1000 && source.wrong.value == 0)
        #expect(await client.statistics.malformed == 0)
        #expect(await server.statistics.malformed == 0)
        await client.close()
        await server.shutDown()
    }

    @Test(arguments: Carrier.allCases)
    func anIdempotentCallOutlivesARestartOver(carrier: Carrier) async throws {
        let route = try Route(carrier)
        let first = try await route.serve(.standard)
        let endpoint = first.endpoint
        let client = try await route.connect(to: endpoint)
        _ = try await client.call("echo", payload: [1])
        await first.shutDown()
        let retry = RetryPolicy(
            base: .milliseconds(1),
            cap: .milliseconds(10),
            attemptsMax: 100,
            attemptTimeout: .milliseconds(100),
            budget: .seconds(10)
        )
        async let reply = client.call("echo", payload: [2], options: .idempotent(retry))
        await eventually("it is in flight") { await client.inFlight == 1 }
        var second: RPCServer?
        await eventually("\(endpoint) is free") {
            second = try? await route.serve(.standard, at: endpoint)
            return second != nil
        }
        #expect(try await reply == [2])
        await client.close()
        await second?.shutDown()
    }

    @Test func aClientWhoseKeyIsNotListedGetsNothing() async throws {
        let route = try Route(.curveTCP)
        let server = try await route.serve(.standard)
        guard case .curveClient(_, let serverKey) = route.client else { return }
        var configuration = RPCClientConfiguration()
        configuration.security = .curveClient(keys: try .generate(), server: serverKey)
        let stranger = try await RPCClient(server.endpoint, configuration: configuration)
        let plain = try await RPCClient(server.endpoint)
        for client in [stranger, plain] {
            let error = await rpcError { () throws(RPCError) in
                _ = try await client.call("echo", payload: [1], options: CallOptions(timeout: .milliseconds(150)))
            }
            #expect(error == .deadlineExceeded(method: "echo", after: .milliseconds(150)))
        }
        let known = try await route.connect(to: server.endpoint)
        #expect(try await known.call("echo", payload: [2]) == [2])
        #expect(await server.statistics.requests == 1)
        for client in [stranger, plain, known] { await client.close() }
        await server.shutDown()
    }
}
