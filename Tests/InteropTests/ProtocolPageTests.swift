// docs/PROTOCOL.md says what the code does: its examples to the byte, its codes and limits to the number.

import CShim
import Testing

@testable import Ringmaster

@Suite struct ProtocolPageTests {
    private let page: ProtocolPage

    init() throws {
        page = try ProtocolPage()
    }

    @Test func theCodeWritesEveryExampleToTheByte() throws {
        let written = Written.all
        #expect(Set(page.examples.keys) == Set(written.keys))
        for (name, bytes) in page.examples {
            #expect(written[name] == bytes, "\(name)")
        }
    }

    @Test func requestsAreReadForWhatTheySay() throws {
        let request = try frame("request")
        #expect(request.kind == UInt32(RM_REQUEST))
        #expect(request.msgid == 1)
        #expect(request.method == "echo")
        #expect(request.payload == "hi")
        #expect(request.budget == .seconds(5))
        #expect(request.attempt == 1)

        let bare = try frame("request-bare")
        #expect(bare.budget == .zero)
        #expect(bare.attempt == 0)
        #expect(bare.payload == "hi")

        let budget = try frame("request-budget")
        #expect(budget.budget == .seconds(5))
        #expect(budget.attempt == 0)

        let values = try frame("request-values")
        #expect(values.payload == nil)
        #expect(values.value == [0x92, 40, 2])
    }

    @Test func responsesAreReadForWhatTheySay() throws {
        let response = try frame("response")
        #expect(response.kind == UInt32(RM_RESPONSE))
        #expect(response.msgid == 1)
        #expect(response.error == nil)
        #expect(response.payload == "hi")

        let value = try frame("response-value")
        #expect(value.payload == nil)
        #expect(value.value == [42])

        let failed = try frame("response-error")
        let error = try WireError(decoding: #require(failed.error))
        #expect(error == WireError(code: .unknownMethod, message: "no method 'ad'"))
    }

    @Test func notificationsAreReadForWhatTheySay() throws {
        let notification = try frame("notification")
        #expect(notification.kind == UInt32(RM_NOTIFICATION))
        #expect(notification.method == "log")
        let cancel = try frame("cancel")
        #expect(cancel.method == "$/cancel")
        #expect(cancel.value == [0x91, 3])
    }

    @Test func twoFramesInABodyAreReadOneByOne() throws {
        let body = try page.example("many")
        var frame = rm_frame()
        let first = Int(rm_frame_read(body, body.count, &frame))
        try #require(first > 0)
        #expect(Array(body[..<first]) == (try page.example("request-bare")))
        #expect(Array(body[first...]) == (try page.example("request-values")))
    }

    @Test func publicationsAreReadForWhatTheySay() throws {
        let topic = try page.example("publication-topic")
        let body = try page.example("publication")
        try body.withUnsafeBytes { body in
            guard
                case .publication(let publisher, let sequence, .bytes(let value)) =
                    topic.withUnsafeBytes({ PublicationFrame.read(body, topic: $0) })
            else { throw NotRead() }
            #expect(publisher == 0x1122_3344_5566_7788)
            #expect(sequence == 1)
            #expect(value.elementsEqual("hi".utf8))
        }
        let prefix = try page.example("listing-prefix")
        let listing = try page.example("listing")
        let read = listing.withUnsafeBytes { listing in
            prefix.withUnsafeBytes { PublicationFrame.read(listing, topic: $0) }
        }
        guard case .listing(0x1122_3344_5566_7788, prefix, 1, 0) = read else { throw NotRead() }
    }

    @Test func messagesOfAResizeAreReadForWhatTheySay() throws {
        for (name, message) in Written.messages {
            #expect(try SyncMessage(decoding: page.example(name)) == message, "\(name)")
        }
    }

    @Test func theErrorCodesAreAllThere() throws {
        let rows = try page.table(["code", "name", "when", "executed?"])
        let known: [(RPCErrorCode, String)] = [
            (.unknownMethod, "unknownMethod"), (.badParams, "badParams"), (.handlerFailed, "handlerFailed"),
            (.deadlineExceeded, "deadlineExceeded"), (.cancelled, "cancelled"), (.overloaded, "overloaded"),
            (.shuttingDown, "shuttingDown"), (.payloadTooLarge, "payloadTooLarge"), (.unauthorised, "unauthorised"),
            (.malformed, "malformed"),
        ]
        #expect(rows.map { $0[0] } == known.map { "\($0.0.rawValue)" })
        #expect(rows.map { $0[1] } == known.map(\.1))
        let ofClusters = try page.table(["code", "name", "when"])
        let knownOfClusters: [(RPCErrorCode, String)] = [
            (.notLeader, "notLeader"), (.wrongOwner, "wrongOwner"), (.sessionExpired, "sessionExpired"),
            (.notMember, "notMember"), (.noQuorum, "noQuorum"),
        ]
        #expect(ofClusters.map { $0[0] } == knownOfClusters.map { "\($0.0.rawValue)" })
        #expect(ofClusters.map { $0[1] } == knownOfClusters.map(\.1))
        // A code that has a name in the code has one on the page.
        for number in Int32(0)...1000 where !RPCErrorCode(rawValue: number).description.hasPrefix("error ") {
            #expect((known + knownOfClusters).contains { $0.0.rawValue == number }, "code \(number) is not on the page")
        }
    }

    @Test func theLimitsAreTheCodes() throws {
        let server = RPCServerConfiguration()
        let limits: [String: String] = [
            "message": "\(Limits.messageBytesMax >> 20) MiB",
            "payload, encoded params or result, published value": "\(Limits.payloadBytesMax >> 20) MiB",
            "method, topic, prefix subscribed to": "\(RM_METHOD_LENGTH_MAX)",
            "error message": "\(MessageLimits.errorMessageBytesMax)",
            "nesting of arrays and maps that are not empty": "\(RM_DEPTH_MAX), the params array or result included",
            "requests at work for values; and waiting":
                "\(server.concurrentHandlersMax); \(grouped(server.queuedRequestsMax)) (the server's choice)",
            "clients a server knows; forgotten after \(server.peerIdleTimeout.components.seconds) s of silence":
                grouped(Limits.peersMax),
            "answers kept for a client that does not read": "\(Limits.peerBacklogBytesMax >> 20) MiB",
            "topics of a publisher": "\(PublisherConfiguration().topicsMax) (its choice)",
            "different prefixes that a publisher repeats values for": grouped(Limits.subscriptionsMax),
        ]
        #expect(MessagePackLimits.depthMax == Int(RM_DEPTH_MAX))
        let rows = try page.table(["what", "limit", "beyond"])
        #expect(rows.count == limits.count)
        for row in rows { #expect(limits[row[0]] == row[1], "\(row[0])") }
    }

    private struct NotRead: Error {}

    /// The one frame of an example.
    private func frame(_ name: String) throws -> ReadFrame {
        let example = try page.example(name)
        var frame = rm_frame()
        return try example.withUnsafeBufferPointer { bytes in
            let length = rm_frame_read(bytes.baseAddress, bytes.count, &frame)
            try #require(Int(length) == example.count, "\(name)")
            return ReadFrame(frame)
        }
    }

    private func grouped(_ number: Int) -> String {
        number < 1000 ? "\(number)" : "\(number / 1000),\(String(1000 + number % 1000).dropFirst())"
    }
}

/// A frame with its parts copied out of the bytes it was read from.
private struct ReadFrame {
    let kind: UInt32
    let msgid: UInt32
    let method: String
    /// The bytes of a raw call or reply, as text.
    let payload: String?
    let value: [UInt8]
    let error: [UInt8]?
    let budget: Duration
    let attempt: UInt32

    init(_ frame: rm_frame) {
        func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
            Array(UnsafeBufferPointer(start: start, count: count))
        }
        kind = frame.kind
        msgid = frame.msgid
        method = String(decoding: bytes(frame.method, frame.method_length), as: UTF8.self)
        payload = frame.payload.map { String(decoding: bytes($0, frame.payload_length), as: UTF8.self) }
        value = bytes(frame.value, frame.value_length)
        error = frame.error.map { bytes($0, frame.error_length) }
        budget = .microseconds(frame.budget_us)
        attempt = frame.attempt
    }
}
