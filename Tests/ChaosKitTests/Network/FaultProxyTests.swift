// The proxy alone, with real sockets: each fault shown by what it does to a connection.

import Glibc
import Testing

@testable import ChaosKit

@Suite(.timeLimit(.minutes(1)))
struct FaultProxyTests {
    private static let w1 = NodeName(.worker, 1)
    private static let c1 = NodeName(.coordinator, 1)

    private func withLine(_ body: (FaultProxy, ProbeLine) async throws -> Void) async throws {
        let proxy = FaultProxy()
        let (one, other) = try #require(await proxy.probeLine(from: Self.w1, to: Self.c1, rule: 1))
        let line = ProbeLine(stream: one, other)
        try await LinkProbe.passes(line, "at first")
        try await body(proxy, line)
        line.close()
        await proxy.close()
    }

    private func rule(_ effect: LinkEffect = LinkEffect(), _ direction: NetworkShape.Direction? = nil) -> LinkRule {
        LinkRule(id: 1, target: [Self.w1], direction: direction, effect: effect)
    }

    @Test
    func whatPassesADelayedLinkIsLateByTheDelay() async throws {
        try await withLine { proxy, line in
            await proxy.impose(rule(LinkEffect(delayNs: 80_000_000)))
            for isForth in [true, false] {
                let result = await line.send(forth: isForth, within: 5_000_000_000)
                #expect(result.arrived == 1 && result.tookNs >= 80_000_000)
            }
            await proxy.lift(1)
            try await LinkProbe.passes(line, "after it")
        }
    }

    /// Rules for other links come and go meanwhile.
    @Test
    func aFaultOfOtherLinksLeavesADelayAlone() async throws {
        try await withLine { proxy, line in
            await proxy.impose(rule(LinkEffect(delayNs: 150_000_000)))
            async let result = line.send(forth: true, within: 5_000_000_000)
            let other = LinkRule(id: 2, target: [NodeName(.client, 9)], effect: LinkEffect(isBlocked: true))
            for _ in 1...50 {
                await proxy.impose(other)
                await proxy.lift(2)
            }
            #expect(await result.tookNs >= 150_000_000)
        }
    }

    @Test
    func aNarrowLinkCarriesNoMoreThanItsBandwidth() async throws {
        try await withLine { proxy, line in
            await proxy.impose(rule(LinkEffect(bytesPerSecond: 500_000)))
            let result = await line.send(forth: true, bytes: 100_000, within: 10_000_000_000)
            #expect(result.arrived == 1 && result.tookNs >= 180_000_000)
        }
    }

    @Test
    func whatAPartitionKeptBackPassesAfterIt() async throws {
        try await withLine { proxy, line in
            await proxy.impose(rule(LinkEffect(isBlocked: true)))
            for isForth in [true, false] {
                #expect(await line.send(forth: isForth, within: 100_000_000).arrived == 0)
            }
            #expect(await proxy.lift(1).held > 0)
            for isForth in [true, false] { try await LinkProbe.passes(line, "after it", isForth) }
        }
    }

    @Test
    func aOneWayPartitionStopsThatWayAlone() async throws {
        try await withLine { proxy, line in
            await proxy.impose(rule(LinkEffect(isBlocked: true), .into))
            try await LinkProbe.passes(line, "out of the target", true)
            #expect(await line.send(forth: false, within: 100_000_000).arrived == 0)
        }
    }

    @Test
    func aResetIsToldToBothEnds() async throws {
        try await withLine { proxy, line in
            #expect(await proxy.reset(rule()) == 1)
            for isForth in [true, false] { #expect(await line.isTold(forth: isForth, within: 5_000_000_000)) }
            #expect(await line.send(forth: true, within: 1_000_000_000).isBroken)
        }
    }

    @Test
    func aSilentConnectionTellsNeitherEndAnything() async throws {
        try await withLine { proxy, line in
            #expect(await proxy.silence(rule()) == 1)
            for isForth in [true, false] {
                let result = await line.send(forth: isForth, within: 100_000_000)
                #expect(result.arrived == 0 && !result.isBroken)
            }
            line.closeSide(1)
            #expect(await !line.isTold(forth: false, within: 100_000_000))
        }
    }

    /// The kernel tells which process made a connection: here this one, which is no process of the run.
    @Test
    func aConnectionIsItsProcessesOwn() throws {
        let (one, other) = try #require(InternetSocket.pair())
        defer { for descriptor in [one, other] { close(descriptor) } }
        let (end, accepted) = (InternetSocket.place(of: one), InternetSocket.place(of: other))
        let found = ConnectionOwner.process(holding: end, connectedTo: accepted, among: [getpid()])
        #expect(found == getpid())
        #expect(ConnectionOwner.process(holding: end, connectedTo: accepted, among: [1, getppid()]) == nil)
    }

    @Test
    func whereTheNodeHasEndedConnectionsAreRefusedAndBehindAPartitionNobodyLearnsIt() async throws {
        let proxy = FaultProxy()
        let address = InternetSocket.loopback
        let node = try #require(InternetSocket.listen(at: SocketPlace(address: address, port: 0)))
        let front = try #require(InternetSocket.listen(at: SocketPlace(address: address, port: 0)))
        let place = InternetSocket.place(of: front)
        close(front)
        try proxy.open(Self.w1, at: place, target: InternetSocket.place(of: node), isLasting: false)
        let passed = try #require(InternetSocket.connect(to: place, within: 1000))
        #expect(InternetSocket.wait(node, POLLIN, 5000))
        await proxy.impose(rule(LinkEffect(isBlocked: true)))
        close(node)
        let hidden = try #require(InternetSocket.connect(to: place, within: 1000))
        #expect(!InternetSocket.wait(hidden, POLLIN, 100))
        // The end of the partition shows that the node is gone.
        await proxy.lift(1)
        var (refused, looks) = (false, 0)
        while !refused, looks < 1000 {
            looks += 1
            let descriptor = InternetSocket.connect(to: place, within: 1000)
            refused = descriptor == nil && errno == ECONNREFUSED
            if let descriptor { close(descriptor) }
        }
        #expect(refused)
        for descriptor in [passed, hidden] { close(descriptor) }
        await proxy.close()
    }
}
