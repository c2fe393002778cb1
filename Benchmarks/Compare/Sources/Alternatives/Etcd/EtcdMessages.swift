// Requests to etcd 3 and what comes back, as far as the workers need them (etcd's rpc.proto and kv.proto).

enum EtcdMessages {
    /// Of the answer to any request, and of what a watch sends: the revision of the whole store.
    static func revision(_ response: ProtobufFields) -> UInt64 {
        response.bytes(1).map { ProtobufFields($0).number(3) } ?? 0
    }

    // MARK: Single operations

    static func put(_ key: [UInt8], _ value: [UInt8], lease: UInt64 = 0) -> [UInt8] {
        var put = ProtobufMessage()
        put.add(1, bytes: key)
        put.add(2, bytes: value)
        put.add(3, number: lease)
        return put.bytes
    }

    static func range(_ key: [UInt8]) -> [UInt8] {
        var range = ProtobufMessage()
        range.add(1, bytes: key)
        return range.bytes
    }

    /// All keys that begin so, in their order.
    static func range(prefix: [UInt8]) -> [UInt8] {
        var range = ProtobufMessage()
        range.add(1, bytes: prefix)
        range.add(2, bytes: end(of: prefix))
        return range.bytes
    }

    static func pairs(_ rangeResponse: ProtobufFields) -> [Pair] {
        rangeResponse.compactMap { field, value in
            if field == 2, case .bytes(let pair) = value { Pair(ProtobufFields(pair)) } else { nil }
        }
    }

    struct Pair {
        let key: [UInt8]
        let value: [UInt8]
        let modRevision: UInt64

        init(_ fields: ProtobufFields) {
            key = fields.bytes(1).map { Array($0) } ?? []
            value = fields.bytes(5).map { Array($0) } ?? []
            modRevision = fields.number(3)
        }
    }

    // MARK: Transactions

    enum Condition {
        case exists([UInt8])
        case isMissing([UInt8])
        /// As it was written at a revision; 0: never.
        case isOf(revision: UInt64, [UInt8])
    }

    enum Operation {
        case put([UInt8], [UInt8])
        case delete([UInt8])
        case get([UInt8])
    }

    static func transaction(_ conditions: [Condition], then: [Operation], otherwise: [Operation]) -> [UInt8] {
        var transaction = ProtobufMessage()
        for condition in conditions { transaction.add(1) { add(condition, to: &$0) } }
        for operation in then { transaction.add(2) { add(operation, to: &$0) } }
        for operation in otherwise { transaction.add(3) { add(operation, to: &$0) } }
        return transaction.bytes
    }

    static func hasSucceeded(_ response: ProtobufFields) -> Bool { response.number(2) == 1 }

    /// What the `get` at a place among the operations found.
    static func found(_ response: ProtobufFields, at place: Int) -> Pair? {
        var index = 0
        for case (3, .bytes(let operation)) in response {
            defer { index += 1 }
            if index == place, let range = ProtobufFields(operation).bytes(1) {
                return pairs(ProtobufFields(range)).first
            }
        }
        return nil
    }

    private static func add(_ condition: Condition, to compare: inout ProtobufMessage) {
        // Numbers of 0 are left out: EQUAL, a revision of 0.
        switch condition {
        case .exists(let key):
            compare.add(1, number: 1)  // greater
            compare.add(2, number: 1)  // its creation
            compare.add(3, bytes: key)
        case .isMissing(let key):
            compare.add(2, number: 1)
            compare.add(3, bytes: key)
        case .isOf(let revision, let key):
            compare.add(2, number: 2)  // its last change
            compare.add(3, bytes: key)
            compare.add(6, number: revision)
        }
    }

    private static func add(_ operation: Operation, to request: inout ProtobufMessage) {
        switch operation {
        case .put(let key, let value): request.add(2, bytes: put(key, value))
        case .delete(let key): request.add(3, bytes: range(key))
        case .get(let key): request.add(1, bytes: range(key))
        }
    }

    // MARK: Watches and leases

    /// All changes of keys that begin so, from a revision on.
    static func watch(prefix: [UInt8], from revision: UInt64) -> [UInt8] {
        var request = ProtobufMessage()
        request.add(1) { create in
            create.add(1, bytes: prefix)
            create.add(2, bytes: end(of: prefix))
            create.add(3, number: revision)
        }
        return request.bytes
    }

    struct Change {
        let isDeletion: Bool
        let pair: Pair
    }

    static func changes(_ watchResponse: ProtobufFields) -> [Change] {
        watchResponse.compactMap { field, value in
            guard field == 11, case .bytes(let event) = value, let pair = ProtobufFields(event).bytes(2) else {
                return nil
            }
            return Change(isDeletion: ProtobufFields(event).number(1) == 1, pair: Pair(ProtobufFields(pair)))
        }
    }

    /// - Returns: Whether the server has given the watch up.
    static func isCancelled(_ watchResponse: ProtobufFields) -> Bool { watchResponse.number(4) == 1 }

    static func lease(seconds: UInt64) -> [UInt8] {
        var request = ProtobufMessage()
        request.add(1, number: seconds)
        return request.bytes
    }

    static func lease(_ id: UInt64) -> [UInt8] {
        var request = ProtobufMessage()
        request.add(1, number: id)
        return request.bytes
    }

    /// The first key after all that begin so. The last byte of a prefix is never 255 here.
    private static func end(of prefix: [UInt8]) -> [UInt8] { prefix.dropLast() + [prefix[prefix.count - 1] + 1] }
}
