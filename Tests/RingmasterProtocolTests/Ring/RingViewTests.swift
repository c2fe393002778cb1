// What a view answers, and which views from the wire it refuses.

import RingmasterProtocol
import Testing

struct RingViewTests {
    private let members: [Member]
    private let view: RingView

    init() throws {
        members = [Member("a"), try Member("b", weight: 2), Member("c")]
        view = try RingView(epoch: Epoch(7), members: members, ownerIndices: [0, 0, 1, 1, 1, 0, 1, 1])
    }

    @Test func aViewKnowsTheOwnerOfEverySlot() {
        let owners: [WorkerID?] = ["a", "a", "b", "b", "b", "a", "b", "b"]
        #expect((0..<8).map { view.owner(of: Slot($0)) } == owners)
        #expect((0..<8).map { view.ownerIndex(of: Slot($0)) } == [0, 0, 1, 1, 1, 0, 1, 1])
    }

    @Test func nobodyOwnsASlotThatIsNotOnTheRing() {
        for position in [8, UInt32.max] {
            #expect(view.owner(of: Slot(position)) == nil)
            #expect(view.ownerIndex(of: Slot(position)) == nil)
        }
    }

    @Test func aKeyIsOwnedByTheOwnerOfItsSlot() throws {
        // The top three bits of the hashes of "job-1" (0x5f...) and "user:42" (0xdc...) are 2 and 6.
        let odd = try RingView(epoch: Epoch(1), members: members, ownerIndices: [0, 0, 2, 0, 0, 0, 1, 0])
        #expect(odd.owner(ofKey: "job-1") == "c")
        #expect(odd.owner(ofKey: "user:42") == "b")
        #expect(odd.owner(ofKey: "abc") == "c")
        #expect(odd.owner(ofKey: "") == "a")
        let bytes = Array("user:42".utf8)
        #expect(odd.owner(ofKey: bytes.span.bytes) == "b")
        #expect(bytes.withUnsafeBytes { odd.owner(ofKey: $0) } == "b")
    }

    @Test func aViewCountsAndListsTheSlotsOfEachMember() {
        #expect(view.slotCounts == [3, 5, 0])
        #expect(view.slotCount(of: "b") == 5)
        #expect(view.slotCount(of: "c") == 0)
        #expect(view.slotCount(of: "nobody") == 0)
        #expect(view.slots(of: "a") == [Slot(0), Slot(1), Slot(5)])
        #expect(view.slots(of: "c").isEmpty)
        #expect(view.slots(of: "nobody").isEmpty)
    }

    @Test func everyMemberIsFoundByName() throws {
        for count in 0...33 {
            let members = try (0..<count).map { Member(try WorkerID(validating: "w\(100 + 2 * $0)")) }
            let owners = Array(repeating: count == 0 ? RingView.unowned : 0, count: 4)
            let view = try RingView(epoch: .zero, members: members, ownerIndices: owners)
            for (index, member) in members.enumerated() {
                #expect(view.memberIndex(of: member.id) == index)
            }
            for position in 0...count {
                #expect(view.memberIndex(of: try WorkerID(validating: "w\(99 + 2 * position)")) == nil)
            }
        }
    }

    @Test func balanceIsTheFullestMemberOverTheMeanByWeight() throws {
        // Per weight: a holds 3, b holds 2.5, c holds 0; the mean is 8 slots over a weight of 4.
        #expect(view.balance == 1.5)
        let even = try RingView(epoch: .zero, members: [Member("a"), Member("b")], ownerIndices: [0, 1])
        #expect(even.balance == 1)
        let crowded = try RingView(epoch: .zero, members: [Member("a"), Member("b")], ownerIndices: [1])
        #expect(crowded.balance == 2)
        #expect(RingView().balance == nil)
    }

    @Test func aNewRingHasNoOwners() throws {
        let ring = try RingView(size: RingSize(slotCount: 4))
        #expect(ring.epoch == .zero)
        #expect(ring.members.isEmpty)
        #expect((0..<4).allSatisfy { ring.owner(of: Slot($0)) == nil })
        #expect(ring.owner(ofKey: "key") == nil)
    }

    @Test func aViewSurvivesTheWire() throws {
        #expect(try RingView(epoch: view.epoch, members: view.members, ownerIndices: view.ownerIndices) == view)
        let empty = RingView()
        #expect(try RingView(epoch: empty.epoch, members: [], ownerIndices: empty.ownerIndices) == empty)
    }

    @Test func aViewOfAnImpossibleSizeIsRefused() {
        for count in [0, 3, 1 << 21] {
            #expect(throws: RingError.ringSizeInvalid(slotCount: count)) {
                try RingView(epoch: .zero, members: [Member("a")], ownerIndices: Array(repeating: 0, count: count))
            }
        }
    }

    @Test func aSlotOwnedByNobodyOrAStrangerIsRefused() {
        for stranger in [2, 3, RingView.unowned] {
            #expect(throws: RingError.slotOwnerUnknown(slot: Slot(2), ownerIndex: stranger)) {
                try RingView(epoch: .zero, members: [Member("a"), Member("b")], ownerIndices: [0, 1, stranger, 1])
            }
        }
    }

    @Test func aSlotWithAnOwnerIsRefusedWhenThereAreNoMembers() {
        #expect(throws: RingError.slotOwnerUnknown(slot: Slot(1), ownerIndex: 0)) {
            try RingView(epoch: .zero, members: [], ownerIndices: [RingView.unowned, 0])
        }
    }

    @Test func membersOutOfOrderOrTwiceAreRefused() {
        #expect(throws: RingError.membersOutOfOrder("a")) {
            try RingView(epoch: .zero, members: [Member("b"), Member("a")], ownerIndices: [0])
        }
        #expect(throws: RingError.memberRepeated("a")) {
            try RingView(epoch: .zero, members: [Member("a"), Member("a", weight: 2)], ownerIndices: [0])
        }
    }

    @Test func moreMembersThanAnIndexCanNameAreRefused() throws {
        let many = try (0...RingLimits.membersMax).map { Member(try WorkerID(validating: "w\(1_000_000 + $0)")) }
        #expect(throws: RingError.tooManyMembers(count: many.count)) {
            try RingView(epoch: .zero, members: many, ownerIndices: [0])
        }
        let most = try RingView(epoch: .zero, members: many.dropLast(), ownerIndices: [RingView.unowned - 1])
        #expect(most.owner(of: Slot(0)) == many[RingLimits.membersMax - 1].id)
    }

    @Test func aWeightIsAPositiveIntegerWithinBounds() throws {
        for weight in [Int.min, -1, 0, RingLimits.weightMax + 1, Int.max] {
            #expect(throws: RingError.weightOutOfRange(weight: weight)) { try Member("a", weight: weight) }
        }
        for weight in [1, RingLimits.weightMax] {
            #expect(try Member("a", weight: weight).weight == weight)
        }
    }
}
