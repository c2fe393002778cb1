// Sessions, the founding of a cluster, intents and commits.

import RingmasterProtocol
import Testing

struct ClusterCommandTests {
    @Test func sessionsGetIdsOfTheirOwn() throws {
        var machine = StateMachine()
        let clients = try (0..<1000).map { try machine.openSession(nonce: UInt64($0 % 3)) }
        #expect(Set(clients).count == 1000 && machine.sessionCount == 1000)
        #expect(machine.record(of: clients[0], sequence: 0) == SessionAnswer.none)
    }

    @Test func aClosedSessionIsUnknown() throws {
        var machine = StateMachine()
        let empty = machine.hash
        let client = try machine.openSession()
        #expect(machine.hash != empty)
        #expect(try machine.step { $0.closeSession(client) } == [.sessionClosed(true)])
        #expect(try machine.step { $0.closeSession(client) } == [.sessionClosed(false)])
        #expect(machine.record(of: client, sequence: 0) == .sessionUnknown && machine.sessionCount == 0)
    }

    @Test func onlyIdleSessionsExpire() throws {
        var machine = try StateMachine(workers: ["a"])
        let idle = try machine.openSession(at: 1000)
        let busy = try machine.openSession(at: 1000)
        let young = try machine.openSession(at: 2000)
        let delta = TestDelta(client: busy, sequence: 1, base: 0, key: "k", state: "1")
        #expect(try machine.delta(delta, at: 2500) == nil)
        #expect(try machine.step(at: 3000) { $0.expireSessions(idleSinceMs: 2000) } == [.sessionsExpired(1)])
        #expect(machine.record(of: idle, sequence: 0) == .sessionUnknown)
        #expect(machine.record(of: young, sequence: 0) == SessionAnswer.none)
        #expect(machine.record(of: busy, sequence: 0) == SessionAnswer.none)
    }

    @Test func theTimeOfTheLogNeverGoesBack() throws {
        var machine = StateMachine()
        _ = try machine.openSession(at: 2000)
        _ = try machine.openSession(at: 1000)
        #expect(machine.timeMs == 2000)
        #expect(try machine.step(at: 1) { $0.expireSessions(idleSinceMs: 2000) } == [.sessionsExpired(0)])
    }

    @Test func aClusterIsFoundedOnce() throws {
        var machine = StateMachine()
        let size = try RingSize(slotCount: 64)
        #expect(machine.clusterID == nil)
        #expect(try machine.step { $0.initialise(clusterID: 3, size: size) } == [.initialised(true)])
        #expect(try machine.step { $0.initialise(clusterID: 4) } == [.initialised(false)])
        #expect(machine.clusterID == 3 && machine.view.ring.size == size)
    }

    @Test func nothingIsProposedBeforeTheClusterIsFounded() throws {
        var machine = StateMachine()
        let intent = Intent(epoch: Epoch(1), mode: .handoff, members: [member("a")])
        #expect(try machine.step { $0.propose(intent) } == [.proposed(Epoch(1), accepted: false)])
    }

    @Test func aCommitMakesThePlannedView() throws {
        var machine = try StateMachine(workers: ["a", "b"])
        let before = machine.view
        let members = [member("a", incarnation: 3), member("b"), member("c")]
        let intent = Intent(epoch: Epoch(5), mode: .barrier, members: members)
        try machine.step { $0.propose(intent) }
        #expect(machine.intent == intent && machine.view == before)
        #expect(try machine.step { $0.commit(Epoch(5)) } == [.committed(Epoch(5), accepted: true)])
        let plan = try RingPlan(from: before.ring, to: members.map(\.member), epoch: Epoch(5))
        #expect(machine.view == ClusterView(ring: plan.view, members: members) && machine.intent == nil)
    }

    @Test func aNewerIntentReplacesAnOlderAndNeverTheOtherWayRound() throws {
        var machine = try StateMachine(workers: ["a"])
        func intent(_ epoch: UInt64) -> Intent {
            Intent(epoch: Epoch(epoch), mode: .handoff, members: [member("a")])
        }
        #expect(try machine.step { $0.propose(intent(1)) } == [.proposed(Epoch(1), accepted: false)])
        #expect(try machine.step { $0.propose(intent(3)) } == [.proposed(Epoch(3), accepted: true)])
        #expect(try machine.step { $0.propose(intent(3)) } == [.proposed(Epoch(3), accepted: false)])
        #expect(try machine.step { $0.propose(intent(4)) } == [.proposed(Epoch(4), accepted: true)])
        #expect(try machine.step { $0.commit(Epoch(3)) } == [.committed(Epoch(3), accepted: false)])
        #expect(try machine.step { $0.commit(Epoch(4)) } == [.committed(Epoch(4), accepted: true)])
        #expect(try machine.step { $0.commit(Epoch(4)) } == [.committed(Epoch(4), accepted: false)])
    }

    @Test func membersOutOfOrderAreNotProposed() throws {
        var machine = try StateMachine(workers: ["a"])
        for members in [[member("b"), member("a")], [member("a"), member("a")]] {
            let intent = Intent(epoch: Epoch(2), mode: .handoff, members: members)
            #expect(try machine.step { $0.propose(intent) } == [.proposed(Epoch(2), accepted: false)])
        }
    }

    @Test func everybodyMayLeave() throws {
        var machine = try StateMachine(workers: ["a"])
        let client = try machine.openSession()
        try machine.change(to: [], epoch: 2)
        #expect(machine.view.owner(of: Slot(0)) == nil)
        let delta = TestDelta(client: client, sequence: 1, base: 0, key: "k", state: "1")
        #expect(try machine.delta(delta) == .staleOwner)
    }
}
