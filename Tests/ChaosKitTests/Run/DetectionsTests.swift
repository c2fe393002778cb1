// Each fault is detected once, by what tells of it.

import Testing

@testable import ChaosKit

struct DetectionsTests {
    private let worker = NodeName(.worker, 1)
    private let one = NodeName(.coordinator, 1)
    private let two = NodeName(.coordinator, 2)

    @Test
    func aLostWorkerTellsOfItsFaultOnce() {
        var detections = Detections()
        #expect(detections.lost("w1") == nil)
        detections.watch(for: FaultID(3), on: [worker])
        #expect(detections.lost("w2") == nil)
        #expect(detections.lost("w1") == FaultID(3))
        #expect(detections.lost("w1") == nil)
    }

    @Test
    func anElectionTellsOfTheFaultOfTheLeaderBefore() {
        var detections = Detections()
        #expect(detections.took("leader", of: one) == nil)
        #expect(detections.took("candidate", of: two) == nil)
        detections.watch(for: FaultID(4), on: [one])
        #expect(detections.took("follower", of: two) == nil)
        #expect(detections.took("candidate", of: two) == FaultID(4))
        #expect(detections.took("leader", of: two) == nil)
    }

    @Test
    func theFaultOfAFollowerIsNotDetectedByAnElection() {
        var detections = Detections()
        #expect(detections.took("leader", of: one) == nil)
        detections.watch(for: FaultID(5), on: [two])
        #expect(detections.took("candidate", of: NodeName(.coordinator, 3)) == nil)
    }
}
