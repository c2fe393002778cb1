// What a user writes for the jobs on etcd: one transaction a job, by whoever wants it done, as etcd has no workers. A key's
// position is its version, which etcd counts. The record of each client's last job of a key is put in the same transaction and
// compared in the next, so that a resend is told from a new job. That holds while a client has one job of a key in flight, as the
// load does.

struct EtcdAppend {
    let client: [UInt8]
    let keepsAllValues: Bool

    // begin jobs
    /// The request `Txn` of etcd's service `KV`.
    func transaction(id: UInt64, key: [UInt8], value: [UInt8]) -> [UInt8] {
        let record = Array("done/".utf8) + client + [UInt8(ascii: "/")] + key
        let job = Array(String(id).utf8)
        var request = ProtobufMessage()
        request.add(1) { compare in
            compare.add(2, number: 3)  // the value
            compare.add(3, bytes: record)
            compare.add(7, bytes: job)
        }
        request.add(2) { $0.add(1) { $0.add(1, bytes: record) } }
        request.add(3) { $0.add(2) { Self.put(&$0, record, job) } }
        request.add(3) { $0.add(2) { Self.put(&$0, Array("key/".utf8) + key, value) } }
        if keepsAllValues {
            // The order of their making is theirs.
            let kept = Array("kept/".utf8) + key + [UInt8(ascii: "/")] + client + [UInt8(ascii: "/")] + job
            request.add(3) { $0.add(2) { Self.put(&$0, kept, value) } }
        }
        request.add(3) { $0.add(1) { Self.askForVersion(&$0, of: key, revision: 0) } }
        return request.bytes
    }

    enum Outcome {
        case position(Int)
        /// It was done before: this transaction asks for the position that it had then.
        case askAgain([UInt8])
        case malformed
    }

    func outcome(_ response: UnsafeRawBufferPointer, key: [UInt8]) -> Outcome {
        var found: ProtobufFields?
        for case (3, .bytes(let operation)) in ProtobufFields(response) {
            // Of the answers, that of the one which reads.
            guard let range = ProtobufFields(operation).bytes(1), let pair = ProtobufFields(range).bytes(2) else {
                continue
            }
            found = ProtobufFields(pair)
        }
        guard let found, let name = found.bytes(1) else { return .malformed }
        if name.starts(with: "key/".utf8) { return .position(Int(found.number(4)) - 1) }
        var request = ProtobufMessage()
        request.add(2) { $0.add(1) { Self.askForVersion(&$0, of: key, revision: found.number(3)) } }
        return .askAgain(request.bytes)
    }

    // end jobs

    // A client library in the user's language has the rest.

    private static func put(_ put: inout ProtobufMessage, _ key: [UInt8], _ value: [UInt8]) {
        put.add(1, bytes: key)
        put.add(2, bytes: value)
    }

    /// As it was at a revision; 0: as it is.
    private static func askForVersion(_ range: inout ProtobufMessage, of key: [UInt8], revision: UInt64) {
        range.add(1, bytes: Array("key/".utf8) + key)
        range.add(4, number: revision)
        range.add(8, number: 1)  // without the value
    }
}
