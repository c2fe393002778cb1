// What the tests of the state machine are written with: a cluster that is stepped by entries.

import RingmasterProtocol
import Testing

/// A delta as a value of its own, its state as text: nil leaves the key as it is, "-" removes it.
struct TestDelta: Equatable {
    var client: ClientID
    var sequence: UInt64
    var acked: UInt64 = 0
    var base: UInt64
    var key: String
    var state: String?
    var reply = "ok"
}

extension DeltaBatchWriter {
    mutating func add(_ delta: TestDelta) {
        [UInt8](delta.key.utf8).withUnsafeBytes { key in
            [UInt8](delta.reply.utf8).withUnsafeBytes { reply in
                [UInt8]((delta.state ?? "").utf8).withUnsafeBytes { bytes in
                    add(
                        client: delta.client,
                        sequence: delta.sequence,
                        acked: delta.acked,
                        base: delta.base,
                        key: key,
                        state: delta.state == nil ? .unchanged : delta.state == "-" ? .removed : .bytes(bytes),
                        reply: reply
                    )
                }
            }
        }
    }
}

func batch(_ deltas: [TestDelta], worker: WorkerID = "a", incarnation: UInt64 = 1) -> [UInt8] {
    var writer = DeltaBatchWriter(worker: worker, incarnation: Incarnation(incarnation))
    for delta in deltas { writer.add(delta) }
    return writer.finish()
}

func member(_ worker: WorkerID, incarnation: UInt64 = 1) -> MemberRecord {
    MemberRecord(member: Member(worker), incarnation: Incarnation(incarnation), endpoint: "tcp://\(worker):1")
}

extension StateMachine {
    /// A cluster of those workers in their first life, on a small ring, with epoch 1.
    init(workers: [WorkerID], slots: Int = 16) throws {
        self.init()
        let size = try RingSize(slotCount: slots)
        try step { writer in
            writer.initialise(clusterID: 7, size: size)
            writer.propose(Intent(epoch: Epoch(1), mode: .handoff, members: workers.map { member($0) }))
            writer.commit(Epoch(1))
        }
    }

    @discardableResult
    mutating func step(
        at timeMs: UInt64 = 1000,
        _ write: (inout CommandWriter) -> Void
    ) throws -> [CommandOutcome] {
        var writer = CommandWriter(timeMs: timeMs)
        write(&writer)
        return try apply(bytes: writer.bytes)
    }

    @discardableResult
    mutating func apply(bytes: [UInt8]) throws -> [CommandOutcome] {
        try bytes.withUnsafeBytes { try apply($0) }
    }

    /// Applies one batch and returns its outcomes.
    @discardableResult
    mutating func deltas(
        _ deltas: [TestDelta],
        worker: WorkerID = "a",
        incarnation: UInt64 = 1,
        at timeMs: UInt64 = 1000
    ) throws -> DeltaOutcomes {
        let outcomes = try step(at: timeMs) { $0.deltas(batch(deltas, worker: worker, incarnation: incarnation)) }
        guard case .deltas(let outcome) = try #require(outcomes.first) else { throw Unexpected() }
        return outcome
    }

    /// Applies one delta: nil when it was accepted, else why not.
    mutating func delta(
        _ delta: TestDelta,
        worker: WorkerID = "a",
        incarnation: UInt64 = 1,
        at timeMs: UInt64 = 1000
    ) throws -> DeltaRefusal? {
        try deltas([delta], worker: worker, incarnation: incarnation, at: timeMs).refusals.first?.reason
    }

    mutating func openSession(nonce: UInt64 = 5, at timeMs: UInt64 = 1000) throws -> ClientID {
        let outcomes = try step(at: timeMs) { $0.openSession(nonce: nonce) }
        guard case .sessionOpened(let client) = try #require(outcomes.first) else { throw Unexpected() }
        return client
    }

    /// Proposes and commits.
    mutating func change(to members: [MemberRecord], epoch: UInt64) throws {
        try step {
            $0.propose(Intent(epoch: Epoch(epoch), mode: .handoff, members: members))
            $0.commit(Epoch(epoch))
        }
    }

    func version(_ key: String) -> UInt64? {
        [UInt8](key.utf8).withUnsafeBytes { self.key($0)?.version }
    }

    func state(_ key: String) -> String? {
        [UInt8](key.utf8).withUnsafeBytes { self.key($0)?.state.map { String(decoding: $0, as: UTF8.self) } }
    }

    init(snapshotBytes bytes: [UInt8]) throws {
        self = try bytes.withUnsafeBytes { try StateMachine(snapshot: $0) }
    }
}

struct Unexpected: Error {}
