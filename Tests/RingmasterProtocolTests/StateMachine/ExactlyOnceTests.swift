// The state machine against a model that is as plain as can be: random workers, resends, reordering and resizes.

import RingmasterProtocol
import Testing

/// The rules, with dictionaries and without any thought of speed.
private struct Model {
    struct Session {
        var ackedBelow: UInt64 = 0
        var records: [UInt64: (job: JobID, version: UInt64, reply: String)] = [:]
    }

    var sessions: [ClientID: Session] = [:]
    var keys: [String: (version: UInt64, state: String?)] = [:]
    var owners: [String: Int] = [:]
    var jobs: UInt64 = 0
    /// How often each job took effect.
    var effects: [[UInt64]: Int] = [:]

    mutating func judge(_ delta: TestDelta, isOwner: Bool) -> DeltaRefusal? {
        guard var session = sessions[delta.client] else { return .sessionUnknown }
        session.ackedBelow = max(session.ackedBelow, delta.acked)
        session.records = session.records.filter { $0.key >= session.ackedBelow }
        defer { sessions[delta.client] = session }
        guard delta.sequence >= session.ackedBelow else { return .alreadyAcknowledged }
        if let record = session.records[delta.sequence] {
            return .duplicate(job: record.job, version: record.version, reply: Array(record.reply.utf8))
        }
        guard isOwner else { return .staleOwner }
        let current = keys[delta.key] ?? (0, nil)
        guard current.version == delta.base else { return .staleBase(version: current.version) }
        jobs += 1
        let state = delta.state == nil ? current.state : delta.state == "-" ? nil : delta.state
        keys[delta.key] = (current.version + 1, state)
        session.records[delta.sequence] = (JobID(jobs), current.version + 1, delta.reply)
        effects[[delta.client.rawValue, delta.sequence], default: 0] += 1
        return nil
    }
}

struct ExactlyOnceTests {
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func theMachineJudgesAsTheModelDoes(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var machine = try StateMachine(workers: ["w0", "w1", "w2"])
        var replica = machine
        var model = Model()
        var incarnations: [UInt64] = [1, 1, 1]
        var isMember = [true, true, true]
        var fenced: Set<Int> = []
        var clients: [ClientID] = [ClientID(12345)]
        var sent: [TestDelta] = []
        var epoch: UInt64 = 1
        var accepted = 0

        func draw(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

        /// Applies to both machines, one of which now and then goes through a snapshot.
        func step(_ write: (inout CommandWriter) -> Void) throws -> [CommandOutcome] {
            let outcomes = try machine.step(write)
            #expect(try replica.step(write) == outcomes)
            #expect(machine.hash == replica.hash)
            return outcomes
        }

        for round in 0..<2500 {
            if round % 300 == 299 { replica = try StateMachine(snapshotBytes: machine.snapshot()) }
            switch draw(20) {
            case 0:
                if case .sessionOpened(let client) = try step({ $0.openSession(nonce: UInt64(round)) })[0] {
                    model.sessions[client] = Model.Session()
                    clients.append(client)
                }
            case 1 where clients.count > 6:
                let client = clients[1 + draw(clients.count - 1)]
                let wasThere = model.sessions.removeValue(forKey: client) != nil
                #expect(try step { $0.closeSession(client) } == [.sessionClosed(wasThere)])
            case 2:
                epoch += 1
                let joining = draw(3)
                if draw(2) == 0 { incarnations[joining] += 1 }
                let next = (0..<3).map { $0 == joining || draw(4) > 0 }
                let members = try (0..<3).filter { next[$0] }.map {
                    member(try WorkerID(validating: "w\($0)"), incarnation: incarnations[$0])
                }
                fenced = Set((0..<3).filter { !next[$0] })
                let names = try fenced.sorted().map { try WorkerID(validating: "w\($0)") }
                let intent = Intent(epoch: Epoch(epoch), mode: .handoff, members: members, fenced: names)
                #expect(try step { $0.propose(intent) } == [.proposed(Epoch(epoch), accepted: true)])
                if draw(3) > 0 {
                    #expect(try step { $0.commit(Epoch(epoch)) } == [.committed(Epoch(epoch), accepted: true)])
                    isMember = next
                    fenced = []
                }
            default:
                let worker = draw(3)
                let name = try WorkerID(validating: "w\(worker)")
                let incarnation = draw(10) == 0 ? incarnations[worker] - 1 : incarnations[worker]
                var deltas: [TestDelta] = []
                for _ in 0..<draw(12) {
                    if draw(4) == 0, let old = sent.randomElement(using: &random) {
                        deltas.append(old)
                        continue
                    }
                    let client = clients[draw(clients.count)]
                    let session = model.sessions[client] ?? Model.Session()
                    let sequence = session.ackedBelow + UInt64(draw(60))
                    let key = "k\(draw(25))"
                    let base = (model.keys[key]?.version ?? 0) + UInt64(draw(8) == 0 ? 1 : 0)
                    let state = draw(6) == 0 ? "-" : draw(6) == 0 ? nil : "s\(round)"
                    let acked = session.ackedBelow + UInt64(draw(5) == 0 ? draw(4) : 0)
                    let delta = TestDelta(
                        client: client,
                        sequence: sequence,
                        acked: acked,
                        base: base,
                        key: key,
                        state: state,
                        reply: "r\(round)"
                    )
                    deltas.append(delta)
                    sent.append(delta)
                }
                let memberRecord = machine.view.members.first { $0.member.id == name }
                let isEntitled = isMember[worker] && memberRecord?.incarnation.rawValue == incarnation
                var expected: [(offset: Int, reason: DeltaRefusal)] = []
                for (offset, delta) in deltas.enumerated() {
                    let isOwner =
                        isEntitled && !fenced.contains(worker)
                        && machine.view.ring.owner(ofKey: delta.key) == name
                    if let reason = model.judge(delta, isOwner: isOwner) { expected.append((offset, reason)) }
                }
                let outcome = DeltaOutcomes(count: deltas.count, lastJob: JobID(model.jobs), refusals: expected)
                accepted += outcome.acceptedCount
                let bytes = batch(deltas, worker: name, incarnation: incarnation)
                #expect(try step { $0.deltas(bytes) } == [.deltas(outcome)])
            }
        }
        #expect(accepted > 500)
        #expect(model.effects.values.allSatisfy { $0 == 1 })
        #expect(machine.keyCount == model.keys.count && machine.jobIndex == JobID(model.jobs))
        for (key, value) in model.keys {
            #expect(machine.version(key) == value.version && machine.state(key) == value.state)
        }
    }

    @Test func aDifferenceInAnythingIsADifferenceOfHash() throws {
        func machine(_ change: (inout TestDelta) -> Void, then: (inout StateMachine) throws -> Void = { _ in }) throws
            -> UInt64
        {
            var machine = try StateMachine(workers: ["a"])
            let client = try machine.openSession()
            var delta = TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "one", reply: "r")
            change(&delta)
            _ = try machine.delta(delta)
            try then(&machine)
            return machine.hash
        }
        let hashes = try [
            machine { _ in },
            machine { $0.key = "l" },
            machine { $0.state = "two" },
            machine { $0.state = "" },
            machine { $0.state = nil },
            machine { $0.reply = "q" },
            machine { $0.sequence = 2 },
            machine { $0.acked = 1 },
            machine({ _ in }, then: { _ = try $0.openSession() }),
            machine({ _ in }, then: { try $0.change(to: [member("b")], epoch: 2) }),
            machine(
                { _ in },
                then: { machine in
                    try machine.step { $0.propose(Intent(epoch: Epoch(2), mode: .handoff, members: [])) }
                }
            ),
        ]
        #expect(Set(hashes).count == hashes.count)
        #expect(try machine { _ in } == hashes[0])
        // On a key that exists, a removal and a state of no bytes are two things.
        #expect(try machine { $0.state = "-" } == hashes[4], "a key that never had a state cannot lose it")
    }
}
