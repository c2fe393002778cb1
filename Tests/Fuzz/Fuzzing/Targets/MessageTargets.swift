// The messages of RingmasterProtocol: those of a resize, and errors.

import RingmasterProtocol

/// The messages of a resize.
final class SyncTarget: FuzzTarget {
    let name: StaticString = "sync messages"
    private let memory = GuardedMemory(capacity: Mutator.bytesMax)

    let seeds: [[UInt8]] = {
        let members = ["w1", "w2", "w3"].compactMap { (try? WorkerID(validating: $0)).map { Member($0) } }
        let weighted = members.compactMap { try? Member($0.id, weight: 3) }
        let messages: [SyncMessage] = [
            .fromCoordinator("c1", Epoch(8), .propose(base: Epoch(7), mode: .handoff, members: members)),
            .fromMember("w1", Epoch(8), .report(currentJob: JobID(1000))),
            .fromMember("w1", Epoch.wireMax, .report(currentJob: JobID.wireMax)),
            .fromCoordinator("c1", Epoch(8), .synchronise(base: Epoch(7), syncTo: JobID(1000), members: members)),
            .fromCoordinator("c1", Epoch(8), .synchronise(base: Epoch(7), syncTo: JobID(1000), members: weighted)),
            .fromCoordinator("c1", Epoch(8), .synchronise(base: Epoch(7), syncTo: .zero, members: [])),
            .fromMember("w1", Epoch(8), .synchronised),
            .fromCoordinator("c1", Epoch(8), .notify),
            .fromMember("w1", Epoch(8), .notified),
        ]
        return messages.map { $0.encoded() }
    }()

    func read(_ input: [UInt8], _ random: inout SplitMix64) throws(BrokenPromise) -> String {
        let message: SyncMessage
        do {
            message = try SyncMessage(decoding: memory.place(input))
        } catch {
            return "refused: \(error.kind)"
        }
        let encoded = message.encoded()
        try promise("what was written is read as what it was", (try? SyncMessage(decoding: encoded)) == message)
        try promise("a phase is 1 to 3", (1...3).contains(message.phase))
        try promise("an epoch is at most 2^62", message.epoch <= .wireMax)
        return "read: phase \(message.phase)"
    }
}

/// The errors of responses.
final class WireErrorTarget: FuzzTarget {
    let name: StaticString = "errors"
    private let memory = GuardedMemory(capacity: Mutator.bytesMax)

    let seeds: [[UInt8]] = [
        WireError(code: .unknownMethod, message: "no method 'ad'").encoded(),
        WireError(code: RPCErrorCode(rawValue: .min), message: "").encoded(),
        WireError(code: RPCErrorCode(rawValue: .max), message: String(repeating: "🙂", count: 256)).encoded(),
        [0x92, 1, 0xda, 4, 4] + Array(repeating: 0xf0, count: 1028),
    ]

    func read(_ input: [UInt8], _ random: inout SplitMix64) throws(BrokenPromise) -> String {
        let error: WireError
        do {
            error = try WireError(decoding: memory.place(input))
        } catch {
            return "refused: \(error.kind)"
        }
        try promise("a message has at most 1024 bytes", error.message.utf8.count <= MessageLimits.errorMessageBytesMax)
        try promise("what was written is read as what it was", (try? WireError(decoding: error.encoded())) == error)
        return "read"
    }
}

extension MessageError {
    /// The fault without its place.
    fileprivate var kind: String {
        switch self {
        case .encoding(let error): error.kind
        case .keyMissing: "key missing"
        case .keyRepeated: "key repeated"
        case .keyUnknown: "key unknown"
        case .typeUnknown: "type unknown"
        case .phaseUnknown: "phase unknown"
        case .ackUnknown: "ack unknown"
        case .modeUnknown: "mode unknown"
        case .baseNotOlder: "base not older"
        case .directionUnclear: "direction unclear"
        case .coordinatorIDEmpty, .coordinatorIDTooLong: "name of a coordinator"
        case .numberTooLarge: "number too large"
        case .weightsUnpaired: "weights unpaired"
        case .ring: "not what a ring allows"
        case .errorElementCount: "not two elements"
        }
    }
}
