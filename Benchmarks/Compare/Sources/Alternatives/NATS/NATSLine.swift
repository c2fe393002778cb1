// NATS's client: requests are published with the client's own inbox as their reply subject; the data of each and of its reply
// begin with the id.

import CNats
import Foundation

final class NATSLine: PolledLine {
    private static let replyTimeoutMs: Int64 = 20_000
    private let connections: NATSPair
    private let work: Work
    private let client: String
    private let inbox: [CChar]
    private let echo = Array("echo".utf8CString)
    private var subscription: OpaquePointer?
    private var data: [UInt8] = []
    private var queued: [Request] = []
    private var underWay = 0

    init(_ order: LineOrder) throws {
        connections = try NATSPair(port: order.address.port("nats"))
        work = order.address.work
        client = order.client
        inbox = Array("_INBOX.\(order.client)".utf8CString)
        try natsCheck(natsConnection_SubscribeSync(&subscription, connections.atOnce.pointer, inbox))
        try natsCheck(natsSubscription_SetPendingLimits(subscription, -1, -1))
        try natsCheck(natsConnection_Flush(connections.atOnce.pointer))
    }

    deinit { natsSubscription_Destroy(subscription) }

    func send(_ request: Request) { queued.append(request) }

    func flush() throws {
        guard !queued.isEmpty else { return }
        underWay += queued.count
        let connection = connections.connection(hasMore: queued.count > 1 || underWay > NATSPair.flushedMax)
        for request in queued {
            data.removeAll(keepingCapacity: true)
            withUnsafeBytes(of: request.id) { data.append(contentsOf: $0) }
            data.append(contentsOf: request.payload)
            switch work {
            case .calls: try publish(echo, on: connection)
            case .jobs:
                let subject = "append.\(String(decoding: request.key, as: UTF8.self)).\(client)"
                try publish(Array(subject.utf8CString), on: connection)
            }
        }
        connections.flush(underWay: underWay)
        queued.removeAll(keepingCapacity: true)
    }

    func receive(until deadlineNs: Int64?, _ take: (Completion) -> Void) throws {
        // Milliseconds are what it can wait for: the last one of a wait is spent on looking.
        var timeoutMs = Self.replyTimeoutMs
        if let deadlineNs { timeoutMs = max(0, (deadlineNs - Clock.nowNs) / 1_000_000) }
        var message: OpaquePointer?
        var status = natsSubscription_NextMsg(&message, subscription, timeoutMs)
        if status == NATS_TIMEOUT, deadlineNs != nil { return }
        try natsCheck(status)
        repeat {
            let count = Int(natsMsg_GetDataLength(message))
            guard count >= 8, let data = natsMsg_GetData(message) else {
                throw AlternativeError.failed("nats: a reply of \(count) bytes; is the worker there?")
            }
            let bytes = UnsafeRawPointer(data)
            let id = bytes.loadUnaligned(as: UInt64.self)
            underWay -= 1
            switch work {
            case .calls: take(Completion(id, .replied(bytes: count - 8)))
            case .jobs:
                let position = bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self)
                take(Completion(id, .appended(position: Int(position))))
            }
            natsMsg_Destroy(message)
            status = natsSubscription_NextMsg(&message, subscription, 0)
        } while status == NATS_OK
        guard status == NATS_TIMEOUT else { return try natsCheck(status) }
    }

    func close() async {}

    private func publish(_ subject: [CChar], on connection: NATSConnection) throws {
        try natsCheck(
            data.withUnsafeBytes {
                natsConnection_PublishRequest(connection.pointer, subject, inbox, $0.baseAddress, Int32($0.count))
            }
        )
    }
}
