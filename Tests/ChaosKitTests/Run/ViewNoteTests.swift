// A view's owners in runs of slots.

import Ringmaster
import Testing

@testable import ChaosKit

struct ViewNoteTests {
    @Test
    func neighbouringSlotsOfOneOwnerAreOneRun() throws {
        let members = try ["w1", "w2"].map { Member(try WorkerID(validating: $0)) }
        let ring = try RingView(epoch: Epoch(3), members: members, ownerIndices: [0, 0, 1, 0])
        let records = members.map {
            MemberRecord(member: $0, incarnation: Incarnation(1), endpoint: "tcp://127.0.0.1:1")
        }
        let note = ViewNote(ClusterView(ring: ring, members: records))
        #expect(note.epoch == 3)
        #expect(
            note.owners == [
                ViewNote.Run(first: 0, count: 2, owner: "w1"), ViewNote.Run(first: 2, count: 1, owner: "w2"),
                ViewNote.Run(first: 3, count: 1, owner: "w1"),
            ]
        )
    }

    @Test
    func aRunIsAListInJSON() {
        #expect(CompactJSON.text(ViewNote.Run(first: 2, count: 3, owner: "w1")) == #"[2,3,"w1"]"#)
    }

    @Test
    func aRingWithoutMembersHasNoRun() throws {
        let note = ViewNote(ClusterView(size: try RingSize(slotCount: 8)))
        #expect(note.owners.isEmpty)
    }
}
