// The same bytes sent at running servers, clients and subscribers: they go on serving those who mean well.

import CShim
import Ringmaster

/// Real sockets, real loops, and a peer on the other side that sends mutated bodies.
///
/// The bodies are those of the seed; how they fall into turns of a loop is not.
public struct LiveFuzz {
    public let seed: UInt64
    private static let bodiesPerRound = 100

    public init(seed: UInt64) {
        self.seed = seed
    }

    /// Sends `bodies` at a server. Returns what it counted.
    public func atServer(bodies: Int) async throws -> RPCServerStatistics {
        var service = RPCService()
        // Names of four bytes, which an input's "echo" is replaced by.
        service.handleRaw("echo") { request, reply in reply.send(request) }
        service.handle("any!") { (value: Anything) in value }
        service.handle("add!") { (a: Int, b: Int) in a &+ b }
        // A small cache, so that a run fills it.
        var configuration = RPCServerConfiguration()
        configuration.replyCacheBytesMax = 256 << 10
        let server = try await RPCServer(
            service,
            at: Endpoint(HostileSocket.freeEndpoint()),
            configuration: configuration
        )
        let client = try await RPCClient(server.endpoint)
        let hostile = HostileSocket(kind: RM_DEALER, connectingTo: server.endpoint.text)
        do {
            var inputs = LiveInputs(seed: seed, target: FrameTarget())
            for begin in stride(from: 0, to: bodies, by: Self.bodiesPerRound) {
                for _ in begin..<min(begin + Self.bodiesPerRound, bodies) {
                    try await hostile.send(inputs.nextMessage(replacing: ["echo", "any!", "add!"]))
                    try checkReplies(hostile.receive())
                }
                try await served("a good client of the server gets its bytes back") { () async throws(RPCError) in
                    try await client.call("echo", payload: [1, 2, 3]) == [1, 2, 3]
                }
                try await served("a good client of the server gets its sum") { () async throws(RPCError) in
                    try await client.call("add!", 40, 2, returning: Int.self) == 42
                }
            }
            // Whoever sent all that is still heard.
            try await hostile.send([FrameWriter.request(fields: 4, msgid: 4_000_000_000, value: [0x91, 0xc4, 0])])
            let last = FrameWriter.response(msgid: 4_000_000_000, value: [0xc4, 0])
            var isAnswered = false
            while !isAnswered {
                let messages = try await hostile.nextMessages()
                guard !messages.isEmpty else { throw BrokenPromise("a connection survives what was sent over it") }
                try checkReplies(messages)
                isAnswered = messages.contains { $0.first?.suffix(last.count).elementsEqual(last) == true }
            }
        } catch {
            await client.close()
            await server.shutDown(grace: .zero)
            throw error
        }
        let statistics = await server.statistics
        await client.close()
        await server.shutDown(grace: .zero)
        return statistics
    }

    /// A server's messages are responses from end to end, whatever was asked.
    private func checkReplies(_ messages: [[[UInt8]]]) throws(BrokenPromise) {
        for message in messages {
            try promise("a reply has one part", message.count == 1)
            var body = message[0][...]
            while !body.isEmpty {
                var frame = rm_frame()
                let length = Int(body.withUnsafeBufferPointer { rm_frame_read($0.baseAddress, $0.count, &frame) })
                try promise("a reply is a response", length > 0 && frame.kind == UInt32(RM_RESPONSE))
                body = body.dropFirst(length)
            }
        }
    }

    /// Sends `bodies` at a client, between its requests and their replies. Returns what it counted.
    public func atClient(bodies: Int) async throws -> RPCClientStatistics {
        let hostile = HostileSocket(kind: RM_ROUTER)
        let client = try await RPCClient(Endpoint(hostile.endpoint))
        do {
            var inputs = LiveInputs(seed: seed, target: FrameTarget())
            for begin in stride(from: 0, to: bodies, by: Self.bodiesPerRound) {
                let reply = Task { () async -> RPCError? in
                    do throws(RPCError) {
                        _ = try await client.call("echo", payload: [1, 2, 3])
                        return nil
                    } catch {
                        return error
                    }
                }
                guard let request = try await hostile.nextMessages().last, request.count == 2 else {
                    throw BrokenPromise("a client's request arrives")
                }
                var frame = rm_frame()
                let isRead = rm_frame_read(request[1], request[1].count, &frame) == request[1].count
                try promise("a client's request is one", isRead && frame.kind == UInt32(RM_REQUEST))
                for _ in begin..<min(begin + Self.bodiesPerRound, bodies) {
                    try await hostile.send([request[0]] + inputs.nextMessage(replacing: []))
                }
                try await hostile.send([request[0], FrameWriter.response(msgid: frame.msgid, value: [0xc4, 1, 9])])
                switch await reply.value {
                // Some of the bodies are replies to this very call.
                case nil, .remote, .unexpectedReply: break
                case let error?: throw BrokenPromise("a call ends by a reply, not by \(error)")
                }
            }
        } catch {
            await client.close()
            throw error
        }
        let statistics = await client.statistics
        await client.close()
        return statistics
    }

    /// Sends `bodies` at a subscriber. Returns what it counted.
    public func atSubscriber(bodies: Int) async throws -> SubscriberStatistics {
        let hostile = HostileSocket(kind: RM_XPUB)
        let subscriber = try await Subscriber<[UInt8]>.connect(to: Endpoint(hostile.endpoint))
        let topic = Array("jobs/done".utf8)
        do {
            try promise("a subscription arrives", try await hostile.nextMessages() == [[[1]]])
            var inputs = LiveInputs(seed: seed, target: PublicationTarget())
            var publisher: UInt64 = 1
            for begin in stride(from: 0, to: bodies, by: Self.bodiesPerRound) {
                for _ in begin..<min(begin + Self.bodiesPerRound, bodies) {
                    try await hostile.send([topic] + inputs.nextMessage(replacing: []))
                }
                publisher += 1
                var body: [UInt8] = []
                PublicationFrame.writeHead(topic: topic, publisher: publisher, sequence: 1, into: &body)
                try await hostile.send([topic, body + [0xc4, 1, UInt8(truncatingIfNeeded: publisher)]])
                try await hear([UInt8(truncatingIfNeeded: publisher)], from: subscriber)
            }
        } catch {
            await subscriber.close()
            throw error
        }
        let statistics = subscriber.statistics
        await subscriber.close()
        return statistics
    }

    /// Iterates until this value comes; what is in between was mutated. The time is bounded by closing the subscriber.
    private func hear(_ value: [UInt8], from subscriber: Subscriber<[UInt8]>) async throws(BrokenPromise) {
        let timer = Task {
            try await Task.sleep(for: .seconds(5))
            await subscriber.close()
        }
        defer { timer.cancel() }
        for await publication in subscriber where publication.sequence == 1 && publication.value == value { return }
        throw BrokenPromise("a good publication is heard")
    }

    /// Throws where a good client is not served.
    private func served(_ text: String, _ isServed: () async throws(RPCError) -> Bool) async throws(BrokenPromise) {
        do throws(RPCError) {
            guard try await isServed() else { throw RPCError.closed }
        } catch {
            throw BrokenPromise("\(text) (\(error))")
        }
    }
}

/// The messages of a live run, in order.
struct LiveInputs {
    private let target: any FuzzTarget
    private var random: SplitMix64

    init(seed: UInt64, target: any FuzzTarget) {
        random = SplitMix64(seed: seed)
        self.target = target
    }

    /// The parts of the next message: mostly one, as it should be. The method "echo" may become one of `names`, of as many
    /// bytes.
    mutating func nextMessage(replacing names: [String]) -> [[UInt8]] {
        let count = random.oneIn(30) ? 2 + random.below(3) : 1
        return (0..<count).map { _ in
            var others = SplitMix64(seed: random.next())
            var input = Mutator.mutate(target.base(&random), with: { target.base(&others) }, &random)
            if !names.isEmpty { rename(&input, to: random.pick(names)) }
            return input
        }
    }

    private func rename(_ input: inout [UInt8], to name: String) {
        let echo = Array("echo".utf8)
        let to = Array(name.utf8)
        var at = 0
        while at + echo.count <= input.count {
            if input[at..<at + echo.count].elementsEqual(echo) { input.replaceSubrange(at..<at + echo.count, with: to) }
            at += 1
        }
    }
}
