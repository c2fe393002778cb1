// A snapshot of a cluster that has members: what every coordinator that restarts reads.

import RingmasterProtocol
import Testing

struct SnapshotOfAViewTests {
    private static func member(_ name: WorkerID) -> MemberRecord {
        MemberRecord(member: Member(name), incarnation: Incarnation(rawValue: 7), endpoint: "tcp://127.0.0.1:1")
    }

    private static func machine(_ write: (inout CommandWriter) -> Void) throws -> StateMachine {
        var machine = StateMachine()
        var entry = CommandWriter(timeMs: 1000, capacity: 1024)
        entry.initialise(clusterID: 1, size: .standard)
        write(&entry)
        _ = try entry.bytes.withUnsafeBytes { try machine.apply($0) }
        return machine
    }

    private static func readBack(_ machine: StateMachine) throws -> StateMachine {
        try machine.snapshot().withUnsafeBytes { try StateMachine(snapshot: $0) }
    }

    @Test
    func aCommittedViewIsReadBackWithItsHash() throws {
        let machine = try Self.machine {
            $0.propose(
                Intent(epoch: Epoch(1), mode: .handoff, members: [Self.member("w1"), Self.member("w2")], fenced: [])
            )
            $0.commit(Epoch(1))
        }
        #expect(machine.view.members.count == 2)
        let read = try Self.readBack(machine)
        #expect(read.view == machine.view)
        #expect(read.hash == machine.hash)
    }

    @Test
    func anIntentIsReadBackWithItsHash() throws {
        let machine = try Self.machine {
            $0.propose(Intent(epoch: Epoch(1), mode: .barrier, members: [Self.member("w1")], fenced: ["w2"]))
        }
        let read = try Self.readBack(machine)
        #expect(read.intent == machine.intent)
        #expect(read.hash == machine.hash)
    }
}
