// That a server which answers rubbish does its clients no harm: they count it, and their calls end in their time.

import CShim
import RingmasterProtocol
import Testing

@testable import Ringmaster

@Suite(.ownThreads, .timeLimit(.minutes(1))) struct HostileServerTests {
    static let rubbish: [(name: String, bytes: [UInt8], isMalformed: Bool)] = [
        ("nothing", [], true),
        ("no array", [0xc0], true),
        ("never used", [0xc1], true),
        ("too few fields", [0x93, 1, 5, 0xc0], true),
        ("too many fields", [0x95, 1, 5, 0xc0, 1, 1], true),
        ("no msgid", [0x94, 1, 0xc0, 0xc0, 1], true),
        ("a msgid of 2^32", [0x94, 1, 0xcf, 0, 0, 0, 1, 0, 0, 0, 0, 0xc0, 1], true),
        ("an unknown kind", [0x94, 9, 5, 0xc0, 1], true),
        ("a kind of 2^64 - 1", [0x94, 0xcf] + [UInt8](repeating: 0xff, count: 8) + [5, 0xc0, 1], true),
        ("4 GB of bin", [0x94, 1, 5, 0xc0, 0xc6, 0xff, 0xff, 0xff, 0xff, 0], true),
        ("4 G elements", [0x94, 1, 5, 0xc0, 0xdd, 0xff, 0xff, 0xff, 0xff, 0], true),
        ("4 GB of error", [0x94, 1, 5, 0xdb, 0xff, 0xff, 0xff, 0xff, 0], true),
        ("nested errors", [0x94, 1, 5] + [UInt8](repeating: 0x91, count: 5000) + [0xc0, 0xc0], true),
        ("nested results", [0x94, 1, 5, 0xc0] + [UInt8](repeating: 0x91, count: 1 << 20) + [0xc0], true),
        ("a request", WireFrame.request(5, "echo", [1]), true),
        ("a notification", [0x93, 2] + packed("echo") + [0x90], true),
        ("a msgid never asked for", WireFrame.response(12_345_678, [1]), false),
    ]

    @Test func rubbishIsCountedAndTheCallEndsInItsTime() throws {
        let rig = try HostileServerRig()
        for (name, bytes, isMalformed) in Self.rubbish {
            let before = rig.client.statistics
            let tag = rig.call()
            rig.peer.send(rig.identity, bytes)
            rig.letMessagesArrive()
            let after = rig.client.statistics
            #expect(after.malformed == before.malformed + (isMalformed ? 1 : 0), "\(name)")
            #expect(after.unmatchedReplies == before.unmatchedReplies + (isMalformed ? 0 : 1), "\(name)")
            #expect(rig.source.replies[tag] == nil && rig.source.failures[tag] == nil, "\(name)")
            rig.passTheDeadline()
            #expect(
                rig.source.failures[tag]?.error == .deadlineExceeded(method: "echo", after: .milliseconds(50)),
                "\(name)"
            )
        }
        rig.end()
    }

    @Test func everyTruncationOfAResponseIsCounted() throws {
        let rig = try HostileServerRig()
        let tag = rig.call()
        let response = WireFrame.response(rig.msgid, [1, 2, 3])
        for length in 0..<response.count { rig.peer.send(rig.identity, Array(response.prefix(length))) }
        rig.letMessagesArrive()
        #expect(rig.client.statistics.malformed == response.count)
        rig.peer.send(rig.identity, response)
        rig.letMessagesArrive()
        #expect(rig.source.replies[tag] == [1, 2, 3])
        rig.end()
    }

    @Test func messagesOfSeveralPartsAreCounted() throws {
        let rig = try HostileServerRig()
        let tag = rig.call()
        let response = WireFrame.response(rig.msgid, [1])
        rig.peer.send(rig.identity, response, response)
        rig.peer.send(rig.identity, [], response, response)
        rig.letMessagesArrive()
        #expect(rig.client.statistics.malformed == 2)
        #expect(rig.source.replies[tag] == nil)
        rig.end()
    }

    @Test func aSecondReplyIsDropped() throws {
        let rig = try HostileServerRig()
        let tag = rig.call()
        rig.peer.send(rig.identity, WireFrame.response(rig.msgid, [1]) + WireFrame.response(rig.msgid, [2]))
        rig.peer.send(rig.identity, WireFrame.response(rig.msgid, [3]))
        rig.letMessagesArrive()
        #expect(rig.source.replies[tag] == [1])
        #expect(rig.client.statistics.unmatchedReplies == 2)
        // The other is that of the call behind it.
        #expect(rig.client.statistics.replies == 2)
        rig.end()
    }

    @Test(
        arguments: [
            // Errors that are not [code, message].
            [1], [0xa1, 0x61], [0x90], [0x91, 1], [0x92, 1, 1], [0x92, 0xa1, 0x61, 0xa1, 0x61],
            [0x93, 1, 0xa1, 0x61, 1],
            [0x92, 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xa1, 0x61], [0x81, 1, 1], [0xc3],
        ] as [[UInt8]]
    )
    func anErrorThatIsNoneEndsTheCallAsTheServersMistake(error: [UInt8]) throws {
        let rig = try HostileServerRig()
        let tag = rig.call()
        var frame = WireFrame.response(rig.msgid, [])
        frame.replaceSubrange(frame.count - 3..<frame.count, with: error + [0xc0])
        rig.peer.send(rig.identity, frame)
        rig.letMessagesArrive()
        guard case .unexpectedReply(method: "echo", _) = rig.source.failures[tag]?.error else {
            Issue.record("\(String(describing: rig.source.failures[tag]))")
            return
        }
        rig.end()
    }

    @Test func anErrorOfAnyLengthIsCutToItsLimit() throws {
        let rig = try HostileServerRig()
        let tag = rig.call()
        var frame = WireFrame.response(rig.msgid, [])
        frame.removeLast(3)
        frame += [0x92] + packed(3, String(repeating: "é", count: 100_000)) + [0xc0]
        rig.peer.send(rig.identity, frame)
        rig.letMessagesArrive()
        guard case .remote(let error) = rig.source.failures[tag]?.error else {
            Issue.record("\(String(describing: rig.source.failures[tag]))")
            return
        }
        #expect(error.code == .handlerFailed)
        #expect(error.message == String(repeating: "é", count: 512))
        rig.end()
    }

    @Test func tenThousandMutationsDoNoHarm() throws {
        let rig = try HostileServerRig()
        var random = SplitMix64(seed: 77)
        var growth: [Int] = []
        for _ in 0..<10 {
            let before = residentBytes()
            for _ in 0..<25 {
                _ = rig.call()
                let seeds: [[UInt8]] = [
                    WireFrame.response(rig.msgid, [1, 2, 3, 4]),
                    WireFrame.response(rig.msgid &+ 1, [UInt8](repeating: 1, count: 300)),
                    [0x94, 1] + packed(rig.msgid) + [0x92] + packed(3, "it broke") + [0xc0],
                    WireFrame.response(1, []) + WireFrame.response(2, [1]) + WireFrame.response(rig.msgid, [2]),
                ]
                for _ in 0..<40 {
                    rig.peer.send(rig.identity, seeds.randomElement(using: &random)!.mutated(using: &random))
                }
                rig.letMessagesArrive()
                rig.passTheDeadline()
                #expect(rig.client.inFlight == 0)
            }
            growth.append(residentBytes() - before)
        }
        #expect(rig.client.statistics.malformed > 1000)
        #expect(rig.source.replies.count + rig.source.failures.count == rig.calls)
        // Other tests run beside this one, but what grows here grows in each of the ten rounds.
        #expect(growth.min()! < 3 << 20)
        let tag = rig.call()
        rig.peer.send(rig.identity, WireFrame.response(rig.msgid, [9]))
        rig.letMessagesArrive()
        #expect(rig.source.replies[tag] == [9])
        rig.end()
    }
}

/// A stepped client of a server that is a bare socket.
private final class HostileServerRig {
    private let rig = SteppedRPC()
    let peer: RawSocket
    let client: ClientCore
    let source = ScriptedSource()
    private let markers = ScriptedSource()
    /// The client's, and the msgid of its last call.
    private(set) var identity: [UInt8] = []
    private(set) var msgid: UInt32 = 0
    private(set) var calls = 0

    init() throws {
        let (socket, endpoint) = try RawSocket.server()
        peer = socket
        client = try rig.client(of: endpoint)
        _ = source.start(on: client, options: CallOptions(timeout: .milliseconds(50)))
        _ = markers.start(on: client, options: CallOptions(timeout: nil))
    }

    /// Makes a call, which the server has when this returns, and gives its tag.
    func call() -> UInt64 {
        source.call()
        calls += 1
        msgid = takeRequest().msgid
        return UInt64(calls - 1)
    }

    /// Steps until the client has read what was sent before: the reply to another call comes behind it.
    func letMessagesArrive() {
        let ended = markers.replies.count + markers.failures.count
        markers.call()
        peer.send(identity, WireFrame.response(takeRequest().msgid, []))
        rig.step("the marker arrives") { markers.replies.count + markers.failures.count > ended }
    }

    private func takeRequest() -> WireFrame {
        var requests: [WireFrame] = []
        rig.step("the request arrives") {
            for parts in peer.receiveNow() {
                identity = parts[0]
                requests += WireFrame.all(in: parts[1])
            }
            return !requests.isEmpty
        }
        return requests[0]
    }

    func passTheDeadline() {
        rig.pass(.milliseconds(54))
    }

    func end() {
        client.close()
    }
}
