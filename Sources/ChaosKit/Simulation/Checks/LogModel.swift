// What the log of a simulation says, read apart from the state machine: who owns what, which jobs were accepted, and what every
// key's list is by them. The state machine's judgements are held against it, and so is what workers and clients do.

import Glibc
import Ringmaster
import RingmasterProtocol

/// The committed log as far as anybody has applied it. It knows the jobs of the load: each appends one value to a list.
struct LogModel {
    /// A worker in one of its lives.
    struct Writer: Hashable {
        let worker: WorkerID
        let incarnation: Incarnation
    }

    /// A key's list, whose length is the key's version.
    struct KeyLog {
        /// One after the other, in the order in which the log first had them.
        let number: Int
        let name: [UInt8]
        let hash: KeyHash
        let slot: Slot
        /// As the key's state has it.
        private var bytes: [UInt8] = []
        private var lastWriter: Writer?
        /// How long the list was before whoever wrote last began to.
        private var lengthBefore = 0

        fileprivate init(number: Int, name: UnsafeRawBufferPointer, hash: KeyHash, slot: Slot) {
            self.number = number
            self.name = Array(name)
            self.hash = hash
            self.slot = slot
        }

        /// Whether a state is the list as it was at some time. O(bytes).
        func hasBegun(with state: UnsafeRawBufferPointer) -> Bool {
            guard !state.isEmpty, let start = state.baseAddress else { return true }
            guard state.count <= bytes.count else { return false }
            return bytes.withUnsafeBytes { memcmp($0.baseAddress!, start, state.count) == 0 }
        }

        var length: Int { bytes.count / MemoryLayout<Int64>.size }

        /// O(length).
        var values: [Int64] { AppendJob.values(bytes) ?? [] }

        /// How long the list was when somebody else than this writer wrote last.
        func length(byOthersThan writer: Writer) -> Int { writer == lastWriter ? lengthBefore : length }

        fileprivate mutating func append(_ value: Int64, by writer: Writer) {
            if writer != lastWriter { (lastWriter, lengthBefore) = (writer, length) }
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
    }

    private struct JobName: Hashable {
        let client: ClientID
        let sequence: UInt64
    }

    private struct Applied {
        let entryHash: UInt64
        let stateHash: UInt64
        let by: NodeName
    }

    private(set) var view = ClusterView() {
        didSet { viewsSeen += 1 }
    }
    /// Goes up with each change of the view.
    private(set) var viewsSeen = 0
    private(set) var intent: Intent?
    private(set) var keys: [String: KeyLog] = [:]
    /// For each intent of the log, the slots that it moves.
    private(set) var moves: [(epoch: Epoch, isBarrier: Bool, slots: Set<Slot>)] = []
    private var positions: [Int64: Int] = [:]
    private var replies: [JobName: [UInt8]] = [:]
    private var sessions: Set<ClientID> = []
    private var applied: [UInt64: Applied] = [:]
    private var highestIndex: UInt64 = 0
    /// What is wrong with the entry that is being read.
    private var breaches: [String] = []

    /// Where the value of an accepted append is in its list; nil: it is not in the log.
    func position(of value: Int64) -> Int? { positions[value] }

    /// Who owns a slot by the committed view.
    func owner(of slot: Slot) -> Writer? {
        guard view.ring.size.contains(slot) else { return nil }
        return view.owner(of: slot).map { Writer(worker: $0.member.id, incarnation: $0.incarnation) }
    }

    // MARK: Entries

    /// A coordinator has applied an entry. O(bytes), and O(slots) for a change of the view.
    /// - Returns: What is wrong with that.
    mutating func take(
        _ entry: UnsafeRawBufferPointer,
        at index: UInt64,
        _ outcomes: [CommandOutcome],
        stateHash: UInt64,
        by node: NodeName
    ) -> [String] {
        let entryHash = SimulationTrace.hash(entry)
        if let known = applied[index] {
            if known.entryHash != entryHash { return ["I7: entry \(index) of \(known.by) is another one of \(node)"] }
            if known.stateHash != stateHash {
                return ["I7: replicas differ at index \(index): \(known.by) and \(node)"]
            }
            return []
        }
        applied[index] = Applied(entryHash: entryHash, stateHash: stateHash, by: node)
        breaches = []
        if index < highestIndex { breach("I7: entry \(index) was applied by \(node), and skipped by others") }
        highestIndex = max(highestIndex, index)
        guard let commands = try? CommandEntry(decoding: entry).commands else {
            return ["entry \(index) cannot be read"]
        }
        for (command, outcome) in zip(commands, outcomes) { take(command, outcome) }
        return breaches
    }

    private mutating func breach(_ text: String) {
        breaches.append(text)
    }

    private mutating func take(_ command: Command, _ outcome: CommandOutcome) {
        switch (command, outcome) {
        case (.deltas(let batch), .deltas(let outcomes)): take(batch, outcomes)
        case (.openSession, .sessionOpened(let client)):
            if !sessions.insert(client).inserted { breach("I2: session \(client) was opened twice") }
        case (.closeSession(let client), .sessionClosed): sessions.remove(client)
        case (.initialise(_, let size), .initialised(true)): view = ClusterView(size: size)
        case (.propose(let proposed), .proposed(_, accepted: true)): propose(proposed)
        case (.commit(let epoch), .committed(_, accepted: true)): commit(epoch)
        default: break
        }
    }

    private mutating func propose(_ proposed: Intent) {
        if proposed.epoch <= max(view.ring.epoch, intent?.epoch ?? .zero) {
            breach("I4: epoch \(proposed.epoch) is proposed after a higher one")
        }
        intent = proposed
        guard let plan = plan(proposed) else { return }
        moves.append((proposed.epoch, proposed.mode == .barrier, Set(plan.moves.map(\.slot))))
    }

    private mutating func commit(_ epoch: Epoch) {
        guard let intent, intent.epoch == epoch, let plan = plan(intent) else {
            return breach("I4: epoch \(epoch) is committed, and was not proposed last")
        }
        view = ClusterView(ring: plan.view, members: intent.members)
        self.intent = nil
    }

    private func plan(_ intent: Intent) -> RingPlan? {
        try? RingPlan(from: view.ring, to: intent.members.map(\.member), epoch: intent.epoch)
    }

    // MARK: Deltas

    private mutating func take(_ batch: DeltaBatch, _ outcomes: DeltaOutcomes) {
        let writer = Writer(worker: batch.worker, incarnation: batch.incarnation)
        var refusals = outcomes.refusals[...]
        var offset = 0
        batch.forEach { delta in
            if let (refused, reason) = refusals.first, refused == offset {
                refusals.removeFirst()
                take(delta, refusedFor: reason)
            } else {
                accept(delta, of: writer)
            }
            offset += 1
        }
    }

    /// A job that was done before is answered as it was then.
    private mutating func take(_ delta: Delta, refusedFor reason: DeltaRefusal) {
        guard case .duplicate(_, _, let reply) = reason else { return }
        if replies[JobName(client: delta.client, sequence: delta.sequence)] != reply {
            breach("I2: job \(delta.sequence) of \(delta.client) is answered otherwise than it was done")
        }
    }

    private mutating func accept(_ delta: Delta, of writer: Writer) {
        let key = String(decoding: delta.key, as: UTF8.self)
        let hash = KeyHash(of: delta.key)
        let slot = view.ring.size.slot(of: hash)
        if owner(of: slot) != writer {
            breach("I1: a delta of \(writer.worker) is accepted, which does not own slot \(slot)")
        } else if intent?.fenced.contains(writer.worker) ?? false {
            breach("I1: a delta of \(writer.worker) is accepted, which is fenced")
        }
        if !sessions.contains(delta.client) {
            breach("I2: a job of session \(delta.client) is accepted, which is over")
        }
        let name = JobName(client: delta.client, sequence: delta.sequence)
        if replies.updateValue(Array(delta.reply), forKey: name) != nil {
            breach("I2: job \(delta.sequence) of \(delta.client) is accepted twice")
        }
        guard case .bytes(let state) = delta.state, state.count >= 8, state.count.isMultiple(of: 8) else {
            return breach("I2: a delta of \(key) appends nothing")
        }
        let before = UnsafeRawBufferPointer(rebasing: state.dropLast(8))
        let value = Int64(littleEndian: state.loadUnaligned(fromByteOffset: before.count, as: Int64.self))
        let number = keys.count
        breaches += Self.append(
            value,
            after: before,
            to: &keys[key, default: KeyLog(number: number, name: delta.key, hash: hash, slot: slot)],
            by: writer,
            &positions
        )
    }

    /// In place, so that no list is copied. O(bytes).
    /// - Returns: What is wrong with it.
    private static func append(
        _ value: Int64,
        after before: UnsafeRawBufferPointer,
        to log: inout KeyLog,
        by writer: Writer,
        _ positions: inout [Int64: Int]
    ) -> [String] {
        var breaches: [String] = []
        let key = String(decoding: log.name, as: UTF8.self)
        if before.count / 8 != log.length || !log.hasBegun(with: before) {
            breaches.append(
                "I2: \(key) is to have \(before.count / 8) values before \(value), and has \(log.length)"
            )
        }
        if positions.updateValue(log.length, forKey: value) != nil {
            breaches.append("I2: \(value) is appended to \(key) twice")
        }
        log.append(value, by: writer)
        return breaches
    }
}
