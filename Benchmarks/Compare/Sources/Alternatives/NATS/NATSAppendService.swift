// What a user writes for the jobs on NATS: a worker that keeps the keys' positions in memory and the values in a stream, one
// subject a key. It answers a job when the stream has acknowledged its value.
//
// A request's subject is "append.<key>.<client>", its data the job's id in 8 bytes and the value. The message in the stream goes to
// "state.<key>", with the position in 8 bytes and the value; its Nats-Msg-Id names the job, so that the stream knows a resend.
// The sequence that the stream must have for the subject keeps a worker out that has been replaced.

import CNats
import Foundation

/// Called on threads of the library: the lock guards all of it.
final class NATSAppendService: @unchecked Sendable {
    private struct Key {
        /// Of the next value.
        var position: Int64 = 0
        /// The stream's sequence of the newest value.
        var sequence: UInt64 = 0
        /// While one job of a key is being stored, others wait.
        var isStoring = false
        var waiting: [OpaquePointer] = []
    }

    private let connections: NATSPair
    private let keepsAllValues: Bool
    private let lock = NSLock()
    /// Replies that leave together at the most.
    private static let repliesMax = 32
    private var gathered = 0
    /// JetStream on the connection that writes at once, and on the one that gathers.
    private var stream: OpaquePointer?
    private var gatheringStream: OpaquePointer?
    private var keys: [String: Key] = [:]
    /// The requests behind the messages that are being stored.
    private var requests: [OpaquePointer: (message: OpaquePointer, key: String, position: Int64)] = [:]

    init(_ connections: NATSPair, keepsAllValues: Bool) {
        self.connections = connections
        self.keepsAllValues = keepsAllValues
    }

    // begin jobs
    func start() throws {
        let this = Unmanaged.passRetained(self).toOpaque()
        var options = jsOptions()
        jsOptions_Init(&options)
        options.PublishAsync.MaxPending = 65_536
        options.PublishAsync.AckHandlerClosure = this
        options.PublishAsync.AckHandler = { _, message, acknowledgement, error, this in
            Unmanaged<NATSAppendService>.fromOpaque(this!).takeUnretainedValue().stored(
                message!,
                acknowledgement,
                error
            )
        }
        try natsCheck(natsConnection_JetStream(&stream, connections.atOnce.pointer, &options))
        try natsCheck(natsConnection_JetStream(&gatheringStream, connections.gathering.pointer, &options))
        try makeStream()
        try readPositions()
        var subscription: OpaquePointer?
        try natsCheck(
            natsConnection_QueueSubscribe(
                &subscription,
                connections.atOnce.pointer,
                "append.>",
                "workers",
                { _, subscription, message, this in
                    var waiting: Int32 = 0
                    natsSubscription_GetPending(subscription, &waiting, nil)
                    Unmanaged<NATSAppendService>.fromOpaque(this!).takeUnretainedValue().append(
                        message!,
                        hasMore: waiting > 0
                    )
                },
                this
            )
        )
        try natsCheck(natsSubscription_SetPendingLimits(subscription, -1, -1))
        try natsCheck(natsConnection_Flush(connections.atOnce.pointer))
    }

    private func makeStream() throws {
        try "state.*".withCString { subject in
            try "STATE".withCString { name in
                var subjects: UnsafePointer<CChar>? = subject
                try withUnsafeMutablePointer(to: &subjects) { subjects in
                    var settings = jsStreamConfig()
                    jsStreamConfig_Init(&settings)
                    settings.Name = name
                    settings.Subjects = subjects
                    settings.SubjectsLen = 1
                    settings.Storage = js_FileStorage
                    settings.Replicas = 1
                    settings.MaxMsgsPerSubject = keepsAllValues ? -1 : 1
                    settings.Duplicates = 30_000_000_000
                    settings.AllowDirect = true
                    var error = jsErrCode(0)
                    var information: UnsafeMutablePointer<jsStreamInfo>?
                    if js_GetStreamInfo(&information, stream, name, nil, nil) == NATS_OK {
                        jsStreamInfo_Destroy(information)
                        return
                    }
                    try natsCheck(js_AddStream(nil, stream, &settings, nil, &error))
                }
            }
        }
    }

    /// After a restart: where each key stands.
    private func readPositions() throws {
        var subscription: OpaquePointer?
        var options = jsSubOptions()
        jsSubOptions_Init(&options)
        options.Ordered = true
        options.Config.DeliverPolicy = js_DeliverLastPerSubject
        try natsCheck(js_SubscribeSync(&subscription, stream, "state.*", nil, &options, nil))
        defer { natsSubscription_Destroy(subscription) }
        var message: OpaquePointer?
        while natsSubscription_NextMsg(&message, subscription, 200) == NATS_OK {
            var metadata: UnsafeMutablePointer<jsMsgMetaData>?
            try natsCheck(natsMsg_GetMetaData(&metadata, message))
            let key = String(String(cString: natsMsg_GetSubject(message)).dropFirst("state.".count))
            keys[key] = Key(position: Self.position(message!) + 1, sequence: metadata!.pointee.Sequence.Stream)
            jsMsgMetaData_Destroy(metadata)
            natsMsg_Destroy(message)
        }
    }

    /// A job has come.
    private func append(_ request: OpaquePointer, hasMore: Bool) {
        let key = String(String(cString: natsMsg_GetSubject(request)).split(separator: ".")[1])
        lock.withLock {
            if keys[key] == nil { keys[key] = Key() }
            if keys[key]!.isStoring {
                keys[key]!.waiting.append(request)
            } else {
                store(request, key, hasMore: hasMore)
            }
        }
        if !hasMore { connections.flush(underWay: lock.withLock { requests.count }) }
    }

    /// Sends a job's value to the stream. With the lock.
    private func store(_ request: OpaquePointer, _ key: String, hasMore: Bool) {
        let (position, sequence) = (keys[key]!.position, keys[key]!.sequence)
        keys[key]!.isStoring = true
        let client = String(cString: natsMsg_GetSubject(request)).split(separator: ".")[2]
        let data = UnsafeRawBufferPointer(
            start: natsMsg_GetData(request),
            count: Int(natsMsg_GetDataLength(request))
        )
        var value = withUnsafeBytes(of: position) { [UInt8]($0) }
        value.append(contentsOf: data.dropFirst(8))
        var message: OpaquePointer?
        let status = value.withUnsafeBytes {
            natsMsg_Create(&message, "state.\(key)", nil, $0.baseAddress, Int32($0.count))
        }
        guard status == NATS_OK, let message else { return natsMsg_Destroy(request) }
        requests[message] = (request, key, position)
        "\(client)-\(data.loadUnaligned(as: UInt64.self))".withCString { id in
            var options = jsPubOptions()
            jsPubOptions_Init(&options)
            options.MsgId = id
            options.ExpectLastSubjectSeq = sequence
            options.ExpectNoMessage = sequence == 0
            var sent: OpaquePointer? = message
            let isMany = hasMore || requests.count > NATSPair.flushedMax || connections.isGathering
            let chosen = isMany ? gatheringStream : stream
            if js_PublishMsgAsync(chosen, &sent, &options) != NATS_OK {
                requests[message] = nil
                keys[key]!.isStoring = false
                natsMsg_Destroy(sent)
                natsMsg_Destroy(request)
            }
        }
    }

    /// The stream has answered.
    private func stored(
        _ message: OpaquePointer,
        _ acknowledgement: UnsafeMutablePointer<jsPubAck>?,
        _ error: UnsafeMutablePointer<jsPubAckErr>?
    ) {
        defer { natsMsg_Destroy(message) }
        guard let (request, key, position) = lock.withLock({ requests.removeValue(forKey: message) }) else { return }
        defer { natsMsg_Destroy(request) }
        if let acknowledgement, !acknowledgement.pointee.Duplicate {
            reply(to: request, position)
            lock.withLock { goOn(key, Key(position: position + 1, sequence: acknowledgement.pointee.Sequence)) }
        } else if let acknowledgement {
            // A resend: the first one's message says its position, if it is still there.
            if let first = find(acknowledgement.pointee.Sequence) { reply(to: request, first) }
            lock.withLock { goOn(key, nil) }
        } else {
            // Another worker has stored something since: this one does not know where the key stands.
            lock.withLock { goOn(key, newest(key)) }
        }
    }

    /// Takes the next job of a key. With the lock.
    private func goOn(_ key: String, _ state: Key?) {
        let waiting = keys[key]!.waiting
        if let state { keys[key] = state }
        keys[key]!.isStoring = false
        keys[key]!.waiting = Array(waiting.dropFirst())
        if let next = waiting.first { store(next, key, hasMore: false) }
    }

    private func find(_ sequence: UInt64) -> Int64? {
        var message: OpaquePointer?
        guard js_GetMsg(&message, stream, "STATE", sequence, nil, nil) == NATS_OK, let message else { return nil }
        defer { natsMsg_Destroy(message) }
        return Self.position(message)
    }

    private func newest(_ key: String) -> Key? {
        var message: OpaquePointer?
        guard js_GetLastMsg(&message, stream, "STATE", "state.\(key)", nil, nil) == NATS_OK, let message else {
            return nil
        }
        defer { natsMsg_Destroy(message) }
        return Key(position: Self.position(message) + 1, sequence: natsMsg_GetSequence(message))
    }

    /// The job's id and its position, 8 bytes each.
    private func reply(to request: OpaquePointer, _ position: Int64) {
        var data = (
            natsMsg_GetData(request)!.withMemoryRebound(to: UInt8.self, capacity: 8) {
                UnsafeRawPointer($0).loadUnaligned(as: UInt64.self)
            }, position
        )
        // While others are being stored, their replies will follow.
        let (hasMore, count) = lock.withLock {
            gathered = requests.isEmpty || gathered == Self.repliesMax ? 0 : gathered + 1
            return (gathered > 0 || requests.count > NATSPair.flushedMax, requests.count)
        }
        let connection = connections.connection(hasMore: hasMore)
        natsConnection_Publish(connection.pointer, natsMsg_GetReply(request), &data, 16)
        if !hasMore { connections.flush(underWay: count) }
    }

    private static func position(_ message: OpaquePointer) -> Int64 {
        UnsafeRawPointer(natsMsg_GetData(message)!).loadUnaligned(as: Int64.self)
    }
    // end jobs
}
