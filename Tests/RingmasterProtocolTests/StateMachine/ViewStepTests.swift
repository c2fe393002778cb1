// Steps from view to view lead where they were made for, and nowhere else.

import RingmasterProtocol
import Testing

struct ViewStepTests {
    private static func record(_ name: String, incarnation: UInt64 = 1, weight: Int = 1) throws -> MemberRecord {
        MemberRecord(
            member: try Member(WorkerID(validating: name), weight: weight),
            incarnation: Incarnation(rawValue: incarnation),
            endpoint: "tcp://127.0.0.1:\(7000 + incarnation % 1000)"
        )
    }

    private static func next(_ view: ClusterView, _ members: [MemberRecord]) throws -> ClusterView {
        let members = members.sorted { $0.member.id < $1.member.id }
        let plan = try RingPlan(from: view.ring, to: members.map(\.member))
        return ClusterView(ring: plan.view, members: members)
    }

    private static func readBack(_ step: ViewStep) throws -> ViewStep {
        try step.encoded().withUnsafeBytes { try ViewStep(decoding: $0) }
    }

    @Test func aStepLeadsToTheViewThatItWasMadeFor() throws {
        var generator = SplitMix64(seed: 1)
        var view = ClusterView(size: try RingSize(slotCount: 64))
        for round in 1...500 {
            // Some come, some go, some begin a new life or change their weight; now and then nobody is left.
            let members = try (0..<12).filter { _ in Bool.random(using: &generator) && round % 50 != 0 }.map {
                try Self.record(
                    "w\($0)",
                    incarnation: UInt64.random(in: 1...2, using: &generator),
                    weight: Int.random(in: 1...2, using: &generator)
                )
            }
            let new = try Self.next(view, members)
            let step = try Self.readBack(ViewStep(from: view, to: new))
            #expect(step.base == view.ring.epoch)
            #expect(try step.applied(to: view) == new)
            view = new
        }
    }

    @Test func aStepIsOfOneViewAlone() throws {
        let none = ClusterView(size: try RingSize(slotCount: 16))
        let one = try Self.next(none, [Self.record("a")])
        let two = try Self.next(one, [Self.record("a"), Self.record("b")])
        let step = ViewStep(from: one, to: two)
        #expect(try step.applied(to: none) == nil)
        #expect(try step.applied(to: two) == nil)
        // Of the same epoch, and yet another view: it is found out.
        let other = try Self.next(none, [Self.record("a", incarnation: 2)])
        #expect(throws: CommandError.self) { try step.applied(to: other) }
        let larger = ClusterView(size: try RingSize(slotCount: 32))
        #expect(throws: CommandError.self) { try ViewStep(from: none, to: one).applied(to: larger) }
    }

    @Test func anAnnouncementChangesNothing() throws {
        let view = try Self.next(ClusterView(size: try RingSize(slotCount: 16)), [Self.record("a"), Self.record("b")])
        let step = ViewStep(from: view, to: view)
        #expect(step.base == step.epoch)
        #expect(try step.applied(to: view) == view)
        #expect(step.encoded().count < 32)
    }

    @Test func whatIsCutShortIsRefused() throws {
        let one = try Self.next(ClusterView(size: try RingSize(slotCount: 16)), [Self.record("a")])
        let bytes = ViewStep(from: one, to: try Self.next(one, [Self.record("b")])).encoded()
        for count in 0..<bytes.count {
            #expect(throws: CommandError.self) {
                try Array(bytes.prefix(count)).withUnsafeBytes { try ViewStep(decoding: $0) }
            }
        }
    }

    @Test func amongAThousandWorkersAStepIsAHundredthOfTheView() throws {
        let records = try (1000..<2000).map { try Self.record("w\($0)") }
        let full = try Self.next(ClusterView(size: try RingSize(slotCount: 131_072)), records)
        let joined = try Self.next(full, records + [Self.record("w2000")])
        let left = try Self.next(full, Array(records.dropFirst()))
        // A join: a member and its 130 slots, 6 bytes each. A departure: a name and 131 or 132 slots.
        #expect(ViewStep(from: full, to: joined).encoded().count < 900)
        #expect(ViewStep(from: full, to: left).encoded().count < 900)
        #expect(full.encoded().count > 2 * 131_072)
    }
}
