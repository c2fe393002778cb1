// That nothing a peer sends does harm: it is answered where its msgid can be read, else counted, and others are served.

import CShim
import Glibc
import RingmasterProtocol
import Testing

@testable import Ringmaster

@Suite(.ownThreads, .timeLimit(.minutes(1))) struct HostileFrameTests {
    // MARK: Frames that are none

    @Test func everyTruncationOfARequestIsRefused() throws {
        let rig = try HostileRig()
        let request = WireFrame.request(5, "echo", [UInt8](repeating: 9, count: 40), budgetUs: 70_000, attempt: 1)
        for length in 0..<request.count {
            let replies = try rig.replies(to: Array(request.prefix(length)))
            // Array header, kind and msgid are a byte each.
            try expectRefusal(replies, msgid: length >= 3 ? 5 : nil, "\(length) bytes")
        }
        #expect(rig.server.statistics.malformed == request.count)
        #expect(try rig.replies(to: request).map(\.payload) == [[UInt8](repeating: 9, count: 40)])
        rig.end()
    }

    @Test func aTruncatedFrameDoesNotTakeTheOnesBeforeItAlong() throws {
        let rig = try HostileRig()
        let body = WireFrame.request(1, "echo", [1]) + WireFrame.request(2, "echo", [2])
        let replies = try rig.replies(to: body + WireFrame.request(3, "echo", [3]).dropLast())
        #expect(replies.map(\.msgid) == [1, 2, 3])
        #expect(replies.map(\.payload) == [[1], [2], nil])
        #expect(replies[2].error?.code == .malformed)
        rig.end()
    }

    @Test func fieldsOfTheWrongTypeAreRefused() throws {
        let rig = try HostileRig()
        let valid: [[UInt8]] = [[0], [5], packed("echo"), [0x91, 0xc4, 1, 7], [0xcd, 0x10, 0], [1]]
        let values: [String: [UInt8]] = [
            "nil": [0xc0], "never used": [0xc1], "bool": [0xc3], "negative": [0xff],
            "int64": [0xd3] + [UInt8](repeating: 0xff, count: 8),
            "float": [0xca, 0x3f, 0x80, 0, 0], "double": [0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], "str": [0xa1, 0x61],
            "bin": [0xc4, 1, 0x61], "array": [0x91, 1], "map": [0x81, 1, 1], "ext": [0xd4, 1, 1],
        ]
        for (position, right) in ["uint", "uint", "str", "array", "uint", "uint"].enumerated() {
            for (name, value) in values where name != right {
                var fields = valid
                fields[position] = value
                // The service has a method "a" for nobody.
                try expectRefusal(
                    try rig.replies(to: [0x96] + fields.flatMap { $0 }),
                    msgid: position >= 2 ? 5 : nil,
                    "\(name) in field \(position)"
                )
            }
        }
        rig.end()
    }

    @Test(
        arguments: [
            [0x90], [0x91, 0], [0x92, 0, 5], [0x93, 0, 5, 0xa1, 0x61], [0x97, 0, 5, 0xa1, 0x61, 0x90, 0, 0, 0],
            [0xdc, 0xff, 0xff, 0, 5], [0xdd, 0xff, 0xff, 0xff, 0xff, 0, 5], [0xc0], [0xc1], [0xff], [0x80], [0x00],
            [0x94, 3, 5, 0xa1, 0x61, 0x90], [0x94, 0x7f, 5, 0xa1, 0x61, 0x90],
            [0x94, 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 5, 0xa1, 0x61, 0x90],
            // A msgid of 2^32.
            [0x94, 0, 0xcf, 0, 0, 0, 1, 0, 0, 0, 0, 0xa1, 0x61, 0x90],
            [0x92, 2, 0xa1], [0x93, 2, 0xc0, 0x90], [0x93, 2, 0xa1, 0x61, 0xc0], [0x94, 2, 0xa1, 0x61, 0x90, 0],
        ] as [[UInt8]]
    )
    func whatHasNoReadableMsgidIsCountedAndNotAnswered(body: [UInt8]) throws {
        let rig = try HostileRig()
        #expect(try rig.replies(to: body) == [])
        #expect(rig.server.statistics.malformed == 1)
        rig.end()
    }

    @Test func announcedSizesOfFourGigabytesTakeNoMemory() throws {
        let rig = try HostileRig()
        let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff]
        let head: [UInt8] = [0x94, 0, 5]
        for type: UInt8 in [0xc6, 0xc9, 0xdb, 0xdd, 0xdf] {
            let value = [type] + huge + [UInt8](repeating: 0, count: 100)
            for body in [head + value, head + packed("echo") + value, head + packed("echo") + [0x91] + value] {
                let start = residentBytes()
                try expectRefusal(try rig.replies(to: body), msgid: 5, "type \(type)")
                #expect(residentBytes() - start < 1 << 30)
            }
            #expect(try rig.replies(to: value) == [])
        }
        rig.end()
    }

    @Test func nestingBeyondTheLimitIsRefusedAtAnyDepth() throws {
        let rig = try HostileRig()
        for depth in [1, 2, RM_DEPTH_MAX - 1, RM_DEPTH_MAX, RM_DEPTH_MAX + 1, RM_DEPTH_MAX + 2, 1000, 1 << 20] {
            for type: [UInt8] in [[0x91], [0x81, 0], [0xdd, 0, 0, 0, 1]] {
                // The outermost is the array of params.
                let nested = (1..<depth).flatMap { _ in type }
                let replies = try rig.replies(to: [0x94, 0, 5] + packed("echo") + [0x91] + nested + [0xc0])
                #expect(replies.map(\.msgid) == [5])
                #expect(replies.map(\.error?.code) == [depth <= RM_DEPTH_MAX ? .badParams : .malformed], "\(depth)")
            }
        }
        rig.end()
    }

    // MARK: Frames that do not belong here

    @Test func responsesToAServerAreCountedAndWhatFollowsIsServed() throws {
        let rig = try HostileRig()
        let body = WireFrame.response(1, [1]) + WireFrame.request(2, "echo", [2]) + WireFrame.response(3, [])
        #expect(try rig.replies(to: body).map(\.msgid) == [2])
        #expect(rig.server.statistics.malformed == 2)
        rig.end()
    }

    @Test func cancellationsOfNothingDoNothing() throws {
        let rig = try HostileRig()
        for params: [UInt8] in [[0x91, 5], [0x91, 0xce, 0xff, 0xff, 0xff, 0xff]] {
            #expect(try rig.replies(to: [0x93, 2] + packed("$/cancel") + params) == [])
        }
        #expect(rig.server.statistics.malformed == 0)
        for params: [UInt8] in [
            [0x90], [0x91, 0xff], [0x91, 0xc0], [0x92, 1, 2], [0x91, 0xcf, 0, 0, 0, 1, 0, 0, 0, 0],
        ] {
            #expect(try rig.replies(to: [0x93, 2] + packed("$/cancel") + params) == [])
        }
        #expect(rig.server.statistics.cancelled == 0)
        // An array of two has the wrong params, as has each other but the first ones.
        #expect(rig.server.statistics.malformed == 5)
        rig.end()
    }

    @Test func theProtocolsOwnNamesCannotBeCalled() throws {
        let rig = try HostileRig()
        let replies = try rig.replies(to: WireFrame.request(5, "$/cancel", params: [0x91, 5]))
        #expect(replies.map(\.error?.code) == [.unknownMethod])
        rig.end()
    }

    @Test func methodNamesOfEveryLengthAreRefusedOrUnknown() throws {
        let rig = try HostileRig()
        for length in [0, 1, 31, 32, 254, 255, 256, 257, 65_535, 65_536] {
            let name = String(repeating: "m", count: length)
            let replies = try rig.replies(to: WireFrame.request(5, name, []))
            #expect(replies.map(\.msgid) == [5])
            #expect(
                replies.map(\.error?.code) == [(1...255).contains(length) ? .unknownMethod : .malformed],
                "\(length)"
            )
        }
        rig.end()
    }

    @Test func aMethodNameThatIsNoUTF8IsUnknownAndItsErrorCanBeRead() throws {
        let rig = try HostileRig()
        for bytes: [UInt8] in [[0xff], [0xc3], [0xed, 0xa0, 0x80], [UInt8](repeating: 0xf8, count: 255), [0]] {
            let name = bytes.count < 32 ? [0xa0 | UInt8(bytes.count)] + bytes : [0xd9, UInt8(bytes.count)] + bytes
            let replies = try rig.replies(to: [0x94, 0, 5] + name + [0x91, 0xc4, 0])
            #expect(replies.map(\.error?.code) == [.unknownMethod])
        }
        rig.end()
    }

    // MARK: Messages that are none

    @Test func anEmptyMessageIsCounted() throws {
        let rig = try HostileRig()
        #expect(try rig.replies(to: []) == [])
        #expect(rig.server.statistics.malformed == 1)
        rig.end()
    }

    @Test func messagesOfSeveralPartsAreCounted() throws {
        let rig = try HostileRig()
        let request = WireFrame.request(1, "echo", [1])
        rig.peer.send(request, request)
        rig.peer.send(request, request, request)
        rig.peer.send([], request)
        #expect(try rig.replies(to: request).map(\.msgid) == [1])
        #expect(rig.server.statistics.malformed == 3)
        rig.end()
    }

    // MARK: Mutations

    @Test func tenThousandMutationsDoNoHarm() throws {
        let rig = try HostileRig()
        let seeds: [[UInt8]] = [
            WireFrame.request(1, "echo", [1, 2, 3, 4, 5, 6, 7, 8]),
            WireFrame.request(70_000, "echo", [UInt8](repeating: 1, count: 300), budgetUs: 1_000_000),
            WireFrame.request(2, "add", params: packed([1, 2]), budgetUs: 5, attempt: 1),
            WireFrame.request(2, "add", params: packed(["a", "b"]), budgetUs: .max, attempt: 7),
            [0x93, 2] + packed("$/cancel", [2]),
            [0x93, 2] + packed("add", [3, 4]),
            WireFrame.response(3, [1]),
            WireFrame.request(1, "echo", [1]) + WireFrame.request(2, "echo", [2]) + WireFrame.request(3, "echo", [3]),
        ]
        var random = SplitMix64(seed: 2026)
        var growth: [Int] = []
        for _ in 0..<10 {
            let before = residentBytes()
            for _ in 0..<50 {
                for _ in 0..<20 { rig.peer.send(seeds.randomElement(using: &random)!.mutated(using: &random)) }
                // Each batch is answered before the next; other clients are served all the while.
                _ = try rig.replies(to: [0xc0])
                try rig.expectThatAGoodClientIsServed()
            }
            growth.append(residentBytes() - before)
        }
        let statistics = rig.server.statistics
        #expect(statistics.malformed > 1000 && statistics.malformed < 10_500 + 500)
        #expect(statistics.requests > 1000)
        // Other tests run beside this one, but what grows here grows in each of the ten rounds.
        #expect(growth.min()! < 3 << 20)
        rig.step("every handler has ended") { rig.server.isDrained }
        rig.end()
    }

    // MARK: Connections that are none

    @Test func peersThatSayNothingOrGarbageHarmNobody() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let port = try #require(UInt16(server.endpoint.text.split(separator: ":").last ?? ""))
        var random = SplitMix64(seed: 5)
        let greeting: [UInt8] =
            [0xff] + [UInt8](repeating: 0, count: 8) + [0x7f, 3, 0] + Array("NULL".utf8)
            + [UInt8](repeating: 0, count: 48)
        let ready: [UInt8] =
            [4, 25, 5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 3] + Array("REQ".utf8)
        let garbage: [[UInt8]] = [
            [], Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), [0xff], Array(greeting.prefix(20)), greeting,
            greeting + ready, greeting + (0..<500).map { _ in .random(in: .min ... .max, using: &random) },
            (0..<5000).map { _ in .random(in: .min ... .max, using: &random) },
            WireFrame.request(1, "echo", [1]),
            // A message of 2^62 bytes.
            greeting + ready + [2, 0x40, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 1, count: 1000),
        ]
        let connections = try garbage.map { bytes in
            let connection = try GarbageConnection(port: port)
            connection.write(bytes)
            return connection
        }
        let client = try await RPCClient(server.endpoint)
        for number in 0..<100 {
            #expect(try await client.call("echo", payload: [UInt8(number)]) == [UInt8(number)])
        }
        // The one that announced more than any message may have is cut off.
        await eventually("the largest is cut off") { connections.last!.isCutOff }
        // The good client, and at most the three that spoke ZMTP.
        #expect(await server.statistics.peers <= 4)
        await client.close()
        await server.shutDown()
    }
}

private func expectRefusal(
    _ replies: [WireFrame],
    msgid: UInt32?,
    _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(replies.map(\.msgid) == (msgid.map { [$0] } ?? []), "\(what)", sourceLocation: sourceLocation)
    #expect(replies.allSatisfy { $0.error?.code == .malformed }, "\(what)", sourceLocation: sourceLocation)
}

/// A stepped server, a peer that sends it rubbish, and a client that does not.
private final class HostileRig {
    private let rig = SteppedRPC()
    let server: ServerCore
    let peer: RawSocket
    private let good: RawSocket
    private var marker: UInt32 = 1 << 31

    init() throws {
        server = try rig.server()
        peer = try RawSocket.client(of: server.endpoint, receiveHighWaterMark: 10_000)
        good = try RawSocket.client(of: server.endpoint)
    }

    /// What the server answers to `body`: a call behind it shows that it has been dealt with.
    func replies(to body: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws -> [WireFrame] {
        peer.send(body)
        marker += 1
        peer.send(WireFrame.request(marker, "echo", []))
        var frames: [WireFrame] = []
        step("an answer to the call behind it", sourceLocation: sourceLocation) {
            frames += peer.receiveNow().flatMap { WireFrame.all(in: $0[0]) }
            return frames.contains { $0.msgid == marker }
        }
        return frames.filter { $0.msgid != marker }
    }

    func expectThatAGoodClientIsServed(sourceLocation: SourceLocation = #_sourceLocation) throws {
        marker += 1
        good.send(WireFrame.request(marker, "echo", [1]))
        var messages: [[[UInt8]]] = []
        step("a good client is served", sourceLocation: sourceLocation) {
            messages += good.receiveNow()
            return !messages.isEmpty
        }
        #expect(messages == [[WireFrame.response(marker, [1])]], sourceLocation: sourceLocation)
    }

    func step(_ what: String, sourceLocation: SourceLocation = #_sourceLocation, until condition: () -> Bool) {
        rig.step(what, sourceLocation: sourceLocation, until: condition)
    }

    func end() {
        server.close()
    }
}

/// A TCP connection that says what it likes.
private final class GarbageConnection: Sendable {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { [descriptor] in
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(status == 0)
    }

    deinit {
        close(descriptor)
    }

    func write(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Whether the other side has closed it; reads what it said before.
    var isCutOff: Bool {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            if count == 0 { return true }
            if count < 0 { return errno != EAGAIN }
        }
    }
}
