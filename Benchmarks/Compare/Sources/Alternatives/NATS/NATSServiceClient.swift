// A client of the workers on NATS: jobs are published to the stream with the client's inbox for its acknowledgement; the worker's
// answer comes to the inbox too. The library connects again by itself; what the stream has not acknowledged is published again with
// the same Nats-Msg-Id, by which the stream knows it.

import CNats
import Foundation

final class NATSServiceClient: ServiceClient {
    private static let retryNs: Int64 = 1_000_000_000
    private let name: String
    private let inbox: String
    private let port: Int
    private var connection: NATSConnection?
    private var subscription: OpaquePointer?
    /// Jobs that the stream has not acknowledged, and reads without their answer; and when they were sent last.
    private var unconfirmed: [UInt64: (operation: ServiceOperation, sentNs: Int64)] = [:]
    private var nextRetryNs: Int64 = 0
    private(set) var resendCount = 0

    init(_ name: String, port: Int) {
        // A dot would be a level of the subject.
        self.name = name.replacing(".", with: "-")
        inbox = "_INBOX.\(self.name)"
        self.port = port
    }

    deinit { natsSubscription_Destroy(subscription) }

    func send(_ operation: ServiceOperation) {
        unconfirmed[operation.id] = (operation, Clock.nowNs)
        publish(operation)
    }

    func forget(_ id: UInt64) { unconfirmed[id] = nil }

    func flush() {
        let now = Clock.nowNs
        guard now >= nextRetryNs else { return }
        nextRetryNs = now + Self.retryNs / 10
        for (id, entry) in unconfirmed where now - entry.sentNs > Self.retryNs {
            unconfirmed[id]?.sentNs = now
            publish(entry.operation)
            resendCount += 1
        }
    }

    func reconnect() throws {
        // Once made, the library keeps it.
        guard connection == nil else { return }
        let new = try NATSConnection(port: port, sendsAtOnce: false)
        try natsCheck(natsConnection_SubscribeSync(&subscription, new.pointer, inbox + ".*"))
        try natsCheck(natsSubscription_SetPendingLimits(subscription, -1, -1))
        try natsCheck(natsConnection_Flush(new.pointer))
        connection = new
        for entry in unconfirmed.values { publish(entry.operation) }
    }

    func receive(until deadlineNs: Int64, _ take: (ServiceCompletion) -> Void) throws {
        // Milliseconds are what it can wait for: the last one of a wait is spent on looking.
        var waitMs = max(0, (deadlineNs - Clock.nowNs) / 1_000_000)
        var message: OpaquePointer?
        while natsSubscription_NextMsg(&message, subscription, waitMs) == NATS_OK, let came = message {
            takeReply(came, take)
            natsMsg_Destroy(came)
            waitMs = 0
        }
    }

    private func takeReply(_ message: OpaquePointer, _ take: (ServiceCompletion) -> Void) {
        let word = String(cString: natsMsg_GetSubject(message)).dropFirst(inbox.utf8.count + 1)
        guard let kind = word.first, let id = UInt64(word.dropFirst()) else { return }
        let data = natsBytes(message)
        switch kind {
        // The stream's acknowledgement is JSON with its name; an error, or that nobody listens, has it sent again.
        case "a":
            if String(decoding: data, as: UTF8.self).contains(#""stream""#) { unconfirmed[id] = nil }
        case "d" where data.count == 8:
            unconfirmed[id] = nil
            take(ServiceCompletion(id, .appended(position: Int64(littleEndian: data.loadUnaligned(as: Int64.self)))))
        case "r":
            var status: UnsafePointer<CChar>?
            let isError = natsMsgHeader_Get(message, "Status", &status) == NATS_OK
            // 404: nothing was ever appended to the key. Anything else is no answer.
            if isError, status.map({ String(cString: $0) }) != "404" { return }
            unconfirmed[id] = nil
            take(ServiceCompletion(id, .list(isError ? [] : Array(data))))
        default: break
        }
    }

    /// What cannot be published now is unconfirmed, and is published again.
    private func publish(_ operation: ServiceOperation) {
        guard let connection else { return }
        let key = String(decoding: operation.key, as: UTF8.self)
        guard let value = operation.value else {
            let subject = "$JS.API.DIRECT.GET.\(NATSWorkers.lists).lists.\(key)"
            natsConnection_PublishRequest(connection.pointer, subject, "\(inbox).r\(operation.id)", nil, 0)
            return
        }
        let data = NATSJob.data(operation, value, name)
        var message: OpaquePointer?
        let status = data.withUnsafeBytes {
            natsMsg_Create(&message, "jobs.\(key)", "\(inbox).a\(operation.id)", $0.baseAddress, Int32($0.count))
        }
        guard status == NATS_OK else { return }
        defer { natsMsg_Destroy(message) }
        natsMsgHeader_Set(message, "Nats-Msg-Id", "\(name)-\(operation.id)")
        natsConnection_PublishMsg(connection.pointer, message)
    }
}
