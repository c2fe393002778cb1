// Which deltas the state machine applies and which it refuses: the rules of exactly-once, one by one.

import RingmasterProtocol
import Testing

struct DeltaJudgementTests {
    @Test func anAcceptedDeltaMakesTheNextVersionAndIsRecorded() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        let outcome = try machine.deltas([
            TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "one"),
            TestDelta(client: client, sequence: 2, base: 1, key: "k", state: "two", reply: "r2"),
        ])
        #expect(outcome == DeltaOutcomes(count: 2, lastJob: JobID(2), refusals: []))
        #expect(outcome.firstJob == JobID(1) && outcome.acceptedCount == 2)
        #expect(machine.version("k") == 2 && machine.state("k") == "two" && machine.keyCount == 1)
        #expect(
            machine.record(of: client, sequence: 2) == .record(job: JobID(2), version: 2, reply: Array("r2".utf8))
        )
        #expect(machine.record(of: client, sequence: 3) == SessionAnswer.none)
    }

    @Test func aResentDeltaIsNotAppliedTwice() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        let delta = TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "one", reply: "first")
        #expect(try machine.delta(delta) == nil)
        let hash = machine.hash
        // As it was, and as a worker would send it that ran the job again.
        for base in [UInt64(0), 1] {
            var again = delta
            again.base = base
            again.reply = "second"
            #expect(
                try machine.delta(again) == .duplicate(job: JobID(1), version: 1, reply: Array("first".utf8))
            )
        }
        #expect(machine.hash == hash && machine.jobIndex == JobID(1))
    }

    @Test func aDuplicateWithinOneBatchIsNotAppliedTwice() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        let delta = TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "one")
        let outcome = try machine.deltas([delta, delta])
        #expect(outcome.refusals.map(\.offset) == [1] && outcome.lastJob == JobID(1))
    }

    @Test func aDeltaOfNoSessionIsRefused() throws {
        var machine = try StateMachine(workers: ["a"])
        let delta = TestDelta(client: ClientID(9), sequence: 1, base: 0, key: "k", state: "one")
        #expect(try machine.delta(delta) == .sessionUnknown)
        #expect(machine.version("k") == nil)
    }

    @Test func anAcknowledgedSequenceIsRefusedAndItsReplyForgotten() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        var delta = TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "one")
        #expect(try machine.delta(delta) == nil)
        let next = TestDelta(client: client, sequence: 2, acked: 2, base: 1, key: "k", state: "two")
        #expect(try machine.delta(next) == nil)
        #expect(machine.record(of: client, sequence: 1) == .alreadyAcknowledged)
        delta.base = 2
        #expect(try machine.delta(delta) == .alreadyAcknowledged)
        #expect(machine.state("k") == "two")
    }

    @Test func aRefusedDeltaAcknowledgesAllTheSame() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        #expect(try machine.delta(TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "one")) == nil)
        let stale = TestDelta(client: client, sequence: 2, acked: 2, base: 0, key: "k", state: "two")
        #expect(try machine.delta(stale) == .staleBase(version: 1))
        #expect(machine.record(of: client, sequence: 1) == .alreadyAcknowledged)
    }

    @Test func anAcknowledgementNeverGoesBack() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        let high = TestDelta(client: client, sequence: 9, acked: 5, base: 0, key: "k", state: "one")
        #expect(try machine.delta(high) == nil)
        let low = TestDelta(client: client, sequence: 4, acked: 1, base: 1, key: "k", state: "two")
        #expect(try machine.delta(low) == .alreadyAcknowledged)
    }

    @Test func aDeltaOfAStaleOwnerIsRefused() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        try machine.change(to: [member("b")], epoch: 2)
        let delta = TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "one")
        #expect(try machine.delta(delta, worker: "a") == .staleOwner)
        #expect(try machine.delta(delta, worker: "nobody") == .staleOwner)
        #expect(try machine.delta(delta, worker: "b") == nil)
    }

    @Test func anOwnerStaysOneUntilTheCommit() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        try machine.step { $0.propose(Intent(epoch: Epoch(2), mode: .barrier, members: [member("b")])) }
        let delta = TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "one")
        #expect(try machine.delta(delta, worker: "b") == .staleOwner)
        #expect(try machine.delta(delta, worker: "a") == nil)
    }

    @Test func aWorkerInAnotherLifeIsRefused() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        let delta = TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "one")
        #expect(try machine.delta(delta, incarnation: 2) == .staleOwner)
        try machine.change(to: [member("a", incarnation: 2)], epoch: 2)
        #expect(try machine.delta(delta, incarnation: 1) == .staleOwner)
        #expect(try machine.delta(delta, incarnation: 2) == nil)
    }

    @Test func aFencedWorkerIsRefusedFromTheIntentOn() throws {
        var machine = try StateMachine(workers: ["a", "b"])
        let client = try machine.openSession()
        let intent = Intent(epoch: Epoch(2), mode: .handoff, members: [member("b")], fenced: ["z", "a"])
        try machine.step { $0.propose(intent) }
        for number in 0..<UInt64(20) {
            let delta = TestDelta(client: client, sequence: number, base: 0, key: "k\(number)", state: "one")
            #expect(try machine.delta(delta, worker: "a") == .staleOwner)
        }
        // A newer intent without it lets it go on.
        try machine.step { $0.propose(Intent(epoch: Epoch(3), mode: .handoff, members: [member("b")])) }
        let outcome = try machine.deltas(
            (0..<20).map { TestDelta(client: client, sequence: $0, base: 0, key: "k\($0)", state: "one") }
        )
        #expect(outcome.acceptedCount > 0)
    }

    @Test func aDeltaOnAnOldVersionIsRefused() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        #expect(try machine.delta(TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "1")) == nil)
        let stale = TestDelta(client: client, sequence: 2, base: 0, key: "k", state: "2")
        #expect(try machine.delta(stale) == .staleBase(version: 1))
        let ahead = TestDelta(client: client, sequence: 2, base: 2, key: "k", state: "2")
        #expect(try machine.delta(ahead) == .staleBase(version: 1))
        let unwritten = TestDelta(client: client, sequence: 2, base: 1, key: "new", state: "2")
        #expect(try machine.delta(unwritten) == .staleBase(version: 0))
        #expect(machine.state("k") == "1" && machine.keyCount == 1)
    }

    @Test func aRemovedKeyKeepsItsVersion() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        #expect(try machine.delta(TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "1")) == nil)
        #expect(try machine.delta(TestDelta(client: client, sequence: 2, base: 1, key: "k", state: "-")) == nil)
        #expect(machine.version("k") == 2 && machine.state("k") == nil && machine.keyCount == 1)
        let old = TestDelta(client: client, sequence: 3, base: 0, key: "k", state: "3")
        #expect(try machine.delta(old) == .staleBase(version: 2))
    }

    @Test func anUnchangedStateIsANewVersionAllTheSame() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        #expect(try machine.delta(TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "1")) == nil)
        #expect(try machine.delta(TestDelta(client: client, sequence: 2, base: 1, key: "k", state: nil)) == nil)
        #expect(machine.version("k") == 2 && machine.state("k") == "1")
    }

    @Test func aFullSessionTakesNoMoreUntilItAcknowledges() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        let full = UInt64(StateLimits.recordsPerSessionMax)
        let outcome = try machine.deltas(
            (0..<full).map { TestDelta(client: client, sequence: $0, base: $0, key: "k", state: nil, reply: "") }
        )
        #expect(outcome.acceptedCount == Int(full))
        var delta = TestDelta(client: client, sequence: full, base: full, key: "k", state: "x")
        #expect(try machine.delta(delta) == .sessionFull)
        delta.acked = 1
        #expect(try machine.delta(delta) == nil)
    }

    @Test func sequencesMayComeInAnyOrder() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        var random = SplitMix64(seed: 11)
        let sequences = (0..<UInt64(1000)).map { $0 * $0 }.shuffled(using: &random)
        for (job, sequence) in sequences.enumerated() {
            let delta = TestDelta(client: client, sequence: sequence, base: UInt64(job), key: "k", state: nil)
            #expect(try machine.delta(delta) == nil)
        }
        for acked in [UInt64(1), 400, 401, 500_000, 998_001, 998_002] {
            _ = try machine.delta(TestDelta(client: client, sequence: 0, acked: acked, base: 0, key: "k"))
            for (job, sequence) in sequences.enumerated() {
                let known = SessionAnswer.record(
                    job: JobID(UInt64(job + 1)),
                    version: UInt64(job + 1),
                    reply: Array("ok".utf8)
                )
                #expect(
                    machine.record(of: client, sequence: sequence) == (sequence < acked ? .alreadyAcknowledged : known)
                )
            }
        }
    }
}
