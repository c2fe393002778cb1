// The server of the baseline against a peer that speaks raw bytes.

import Glibc
import RawBaseline
import Testing

@Suite(.serialized)
struct RawServerTests {
    private let folder = TemporaryFolder()
    private var path: String { "\(folder.path)/s" }

    /// Sends messages one by one to a server, and returns the `count` messages that come back, and the server's ending.
    private func exchange(
        _ messages: [[UInt8]],
        expecting count: Int,
        framesPerMessage: UInt32 = 1
    ) async throws -> (replies: [[UInt8]], ending: EchoServer.Ending) {
        let path = path
        return try await onOwnThread {
            let server = try EchoServer(on: "ipc://\(path)", framesPerMessage: framesPerMessage)
            let peer = try ZMTPPeer(connectingTo: path)
            for message in messages { try peer.send(message) }
            let replies = try (0..<count).map { _ in try peer.receive() }
            return (replies, try server.stop())
        }
    }

    static let golden: [(request: [UInt8], response: [UInt8])] = [
        (echoRequest(42, [1, 2, 3]), [0x94, 0x01, 0x2a, 0xc0, 0xc4, 0x03, 1, 2, 3]),
        (echoRequest(0, []), [0x94, 0x01, 0x00, 0xc0, 0xc4, 0x00]),
        // With a budget of 1000 us, and with that and a second attempt.
        (echoRequest(7, [9], tail: [0xcd, 0x03, 0xe8], fields: 5), [0x94, 0x01, 0x07, 0xc0, 0xc4, 0x01, 9]),
        (echoRequest(7, [9], tail: [0xcd, 0x03, 0xe8, 2], fields: 6), [0x94, 0x01, 0x07, 0xc0, 0xc4, 0x01, 9]),
        // A msgid of 32 bits.
        (
            [0x94, 0x00, 0xce, 0xff, 0xff, 0xff, 0xff, 0xa4, 0x65, 0x63, 0x68, 0x6f, 0x91, 0xc4, 0x01, 5],
            [0x94, 0x01, 0xce, 0xff, 0xff, 0xff, 0xff, 0xc0, 0xc4, 0x01, 5]
        ),
        // A payload of 300 bytes, and one beyond what is gathered.
        (
            [0x94, 0x00, 0x01, 0xa4, 0x65, 0x63, 0x68, 0x6f, 0x91, 0xc5, 0x01, 0x2c]
                + [UInt8](repeating: 3, count: 300),
            [0x94, 0x01, 0x01, 0xc0, 0xc5, 0x01, 0x2c] + [UInt8](repeating: 3, count: 300)
        ),
        (
            [0x94, 0x00, 0x01, 0xa4, 0x65, 0x63, 0x68, 0x6f, 0x91, 0xc6, 0x00, 0x01, 0x00, 0x00]
                + [UInt8](repeating: 3, count: 65536),
            [0x94, 0x01, 0x01, 0xc0, 0xc6, 0x00, 0x01, 0x00, 0x00] + [UInt8](repeating: 3, count: 65536)
        ),
    ]

    @Test(arguments: [1, 128] as [UInt32])
    func requestsAreAnsweredByteForByte(framesPerMessage: UInt32) async throws {
        for (request, response) in Self.golden {
            let (replies, ending) = try await exchange([request], expecting: 1, framesPerMessage: framesPerMessage)
            #expect(replies == [response])
            #expect(ending == .init(status: 0, requests: 1, refused: 0))
        }
    }

    @Test func theFramesOfOneMessageAreAnsweredInMessagesOfTheAskedSize() async throws {
        let requests = (0..<5).map { echoRequest($0, [$0]) }
        let responses = (0..<5).map { echoResponse($0, [$0]) }
        let coalesced = Array(requests.joined())

        let one = try await exchange([coalesced], expecting: 5)
        #expect(one.replies == responses)
        let two = try await exchange([coalesced], expecting: 3, framesPerMessage: 2)
        #expect(two.replies == [responses[0] + responses[1], responses[2] + responses[3], responses[4]])
        let all = try await exchange([coalesced], expecting: 1, framesPerMessage: 128)
        #expect(all.replies == [Array(responses.joined())])
    }

    @Test(arguments: [1, 128] as [UInt32])
    func cutFramesAreCountedAndDropped(framesPerMessage: UInt32) async throws {
        let whole = echoRequest(1, [1, 2, 3, 4])
        let cut = (1..<whole.count).map { Array(whole.prefix($0)) }
        let (replies, ending) = try await exchange(cut + [whole], expecting: 1, framesPerMessage: framesPerMessage)
        #expect(replies == [echoResponse(1, [1, 2, 3, 4])])
        #expect(ending == .init(status: 0, requests: 1, refused: UInt64(cut.count)))
    }

    @Test func framesThatAreNoEchoRequestsAreCountedAndTheOnesBehindThemAnswered() async throws {
        let good = echoRequest(3, [8])
        let refused: [[UInt8]] = [
            [0xc0],  // nil
            [0x94, 0x01, 0x05, 0xc0, 0xc4, 0x00],  // a response
            [0x93, 0x02, 0xa4, 0x65, 0x63, 0x68, 0x6f, 0x90],  // a notification
            [0x94, 0x00, 0x05, 0xa4, 0x65, 0x63, 0x68, 0x70, 0x91, 0xc4, 0x00],  // the method "echp"
            [0x94, 0x00, 0x05, 0xa4, 0x65, 0x63, 0x68, 0x6f, 0x92, 0xc4, 0x00, 0xc4, 0x00],  // two params
            [0x94, 0x00, 0x05, 0xa4, 0x65, 0x63, 0x68, 0x6f, 0x91, 0x05],  // a param that is no bin
            [0x94, 0x00, 0xff, 0xa4, 0x65, 0x63, 0x68, 0x6f, 0x91, 0xc4, 0x00],  // a negative msgid
            [0x97, 0, 1, 2, 3, 4, 5, 6],  // too many fields
        ]
        let messages = refused.map { $0 + good }
        let (replies, ending) = try await exchange(messages, expecting: messages.count)
        #expect(replies == messages.map { _ in echoResponse(3, [8]) })
        let count = UInt64(messages.count)
        #expect(ending == .init(status: 0, requests: count, refused: count))
    }

    @Test func theServerEndsWhenItsStopDescriptorClosesOrIsReadable() async throws {
        let endpoint = "ipc://\(path)"
        let endings = try await onOwnThread {
            [try EchoServer(on: endpoint).stop(), try EchoServer(on: endpoint).stopByAByte()]
        }
        let nothing = EchoServer.Ending(status: 0, requests: 0, refused: 0)
        #expect(endings == [nothing, nothing])
    }

    @Test func theBoundEndpointHasItsWildcardResolved() async throws {
        let endpoint = try await onOwnThread {
            let server = try EchoServer(on: "tcp://127.0.0.1:*")
            _ = try server.stop()
            return server.endpoint
        }
        #expect(endpoint.hasPrefix("tcp://127.0.0.1:"))
        #expect(UInt16(endpoint.split(separator: ":").last ?? "") != nil)
    }

    @Test func anEndpointThatCannotBeBoundIsReported() async throws {
        func status(of endpoint: String) async throws -> Int32? {
            try await onOwnThread {
                do {
                    _ = try EchoServer(on: endpoint).stop()
                    return nil
                } catch EchoServer.Failure.ended(let ending) {
                    return ending.status
                }
            }
        }
        #expect(try await status(of: "nonsense") == -EINVAL)
        #expect(try await status(of: "ipc:///nonexistent/folder/s") == -ENOENT)
        let taken = try await onOwnThread { try EchoServer(on: "tcp://127.0.0.1:*") }
        #expect(try await status(of: taken.endpoint) == -EADDRINUSE)
        _ = try await onOwnThread { try taken.stop() }
    }

    @Test func aServerThatMayPutNoFrameInAMessageIsRefused() {
        var options = raw_server_options()
        #expect(raw_server_run(&options) == -EINVAL)
    }
}
