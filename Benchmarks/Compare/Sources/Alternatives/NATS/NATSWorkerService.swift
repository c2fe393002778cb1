// One worker on NATS, as a user writes it.

import CNats
import Foundation

/// Pulls jobs, does them one after the other, answers and acknowledges each. Owned by one thread.
final class NATSWorkerService {
    private static let fetchMs: Int64 = 100
    private let stream: JetStream
    private let isIdempotent: Bool
    private var subscription: OpaquePointer?

    init(_ connection: NATSConnection, isIdempotent: Bool) throws {
        stream = try JetStream(connection)
        self.isIdempotent = isIdempotent
        var options = jsSubOptions()
        jsSubOptions_Init(&options)
        try NATSWorkers.jobs.withCString { name in
            try NATSWorkers.consumer.withCString { consumer in
                (options.Stream, options.Consumer) = (name, consumer)
                try natsCheck(js_PullSubscribe(&subscription, stream.pointer, nil, consumer, nil, &options, nil))
            }
        }
    }

    deinit { natsSubscription_Destroy(subscription) }

    func run() {
        while !StopRequest.hasCome {
            var batch = natsMsgList()
            let status = natsSubscription_Fetch(
                &batch,
                subscription,
                Int32(NATSWorkers.batchMax),
                Self.fetchMs,
                nil
            )
            guard status == NATS_OK else {
                // Nothing came, or the server is away.
                if status != NATS_TIMEOUT { usleep(20_000) }
                continue
            }
            defer { natsMsgList_Destroy(&batch) }
            for place in 0..<Int(batch.Count) {
                guard let message = batch.Msgs[place], let job = NATSJob(message) else { continue }
                // What cannot be done now is not acknowledged, and comes again.
                guard let position = append(job) else { continue }
                answer(job, position)
                natsMsg_Ack(message, nil)
            }
        }
        natsConnection_FlushTimeout(stream.connection.pointer, 1000)
    }

    /// - Returns: nil where the server did not answer.
    private func append(_ job: NATSJob) -> Int64? {
        while !StopRequest.hasCome {
            guard let (list, sequence) = read(job.key) else { return nil }
            if isIdempotent, let position = list.position(of: job.value) { return position }
            switch replace(job.key, list + withUnsafeBytes(of: job.value.littleEndian) { Array($0) }, sequence) {
            case .done: return Int64(list.count / 8)
            // Another worker was faster.
            case .changed: continue
            case .unknown: return nil
            }
        }
        return nil
    }

    /// A key's list and the sequence of its message; 0 where there is none.
    private func read(_ key: String) -> ([UInt8], UInt64)? {
        "lists.\(key)".withCString { subject in
            var options = jsDirectGetMsgOptions()
            jsDirectGetMsgOptions_Init(&options)
            options.LastBySubject = subject
            var message: OpaquePointer?
            let status = js_DirectGetMsg(&message, stream.pointer, NATSWorkers.lists, nil, &options)
            if status == NATS_NOT_FOUND { return ([], 0) }
            guard status == NATS_OK, let message else { return nil }
            defer { natsMsg_Destroy(message) }
            return (Array(natsBytes(message)), natsMsg_GetSequence(message))
        }
    }

    private enum Replacement {
        case done, changed, unknown
    }

    private func replace(_ key: String, _ list: [UInt8], _ sequence: UInt64) -> Replacement {
        var options = jsPubOptions()
        jsPubOptions_Init(&options)
        options.ExpectLastSubjectSeq = sequence
        options.ExpectNoMessage = sequence == 0
        var error = jsErrCode(0)
        let status = list.withUnsafeBytes {
            js_Publish(nil, stream.pointer, "lists.\(key)", $0.baseAddress, Int32($0.count), &options, &error)
        }
        if status == NATS_OK { return .done }
        return error == JSStreamWrongLastSequenceErr ? .changed : .unknown
    }

    private func answer(_ job: NATSJob, _ position: Int64) {
        var position = position.littleEndian
        natsConnection_Publish(stream.connection.pointer, "_INBOX.\(job.client).d\(job.id)", &position, 8)
    }
}

/// A job: on the subject "jobs.<key>", its number and value in 8 bytes each, and its client's name.
struct NATSJob {
    let key: String
    let id: UInt64
    let value: Int64
    let client: String

    init?(_ message: OpaquePointer) {
        let data = natsBytes(message)
        guard data.count > 16 else { return nil }
        key = String(String(cString: natsMsg_GetSubject(message)).dropFirst("jobs.".count))
        id = UInt64(littleEndian: data.loadUnaligned(as: UInt64.self))
        value = Int64(littleEndian: data.loadUnaligned(fromByteOffset: 8, as: Int64.self))
        client = String(decoding: data[16...], as: UTF8.self)
    }

    static func data(_ operation: ServiceOperation, _ value: Int64, _ client: String) -> [UInt8] {
        withUnsafeBytes(of: operation.id.littleEndian) { Array($0) }
            + withUnsafeBytes(of: value.littleEndian) { Array($0) } + Array(client.utf8)
    }
}

/// The data of a message, which has to outlive them.
func natsBytes(_ message: OpaquePointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: natsMsg_GetData(message), count: Int(natsMsg_GetDataLength(message)))
}

extension [UInt8] {
    /// Of a list of integers, 8 bytes each: where one stands. O(n).
    fileprivate func position(of value: Int64) -> Int64? {
        withUnsafeBytes { bytes in
            (0..<count / 8).first {
                Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self)) == value
            }.map(Int64.init)
        }
    }
}
