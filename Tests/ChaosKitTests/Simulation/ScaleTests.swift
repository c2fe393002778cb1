// What clusters say to each other in a resize, counted: numbers that the protocol gives, for sizes small enough to do by hand.

import RingmasterProtocol
import Testing

@testable import ChaosKit

@Suite("Scale") struct ScaleTests {
    /// 1 coordinator, 2 clients.
    private func measurement(workers: Int, slots: Int = 64) throws -> ScaleMeasurement {
        try ScaleCluster(ScaleSize(workers: workers, slots: slots, clients: 2, coordinators: 1, rounds: 1)).measure()
    }

    private func frames(_ resize: ScaleResize, _ name: String) -> Int {
        resize.traffic.filter { $0.name == name }.reduce(0) { $0 + $1.frames }
    }

    private func bytes(_ resize: ScaleResize, _ name: String) -> Int {
        resize.traffic.filter { $0.name == name }.reduce(0) { $0 + $1.bytes }
    }

    /// In a resize of `workers` workers phase 1 goes to all who are alive in the view before or the one after, phase 2 to those who gain
    /// slots, the notice to the members of the new view; each is answered. Who leaves gets the answer to `member.leave` instead of a
    /// notice.
    @Test(arguments: [2, 5, 16]) func ordersGoToAsManyAsTheProtocolSays(workers: Int) throws {
        for resize in try measurement(workers: workers).resizes {
            let (told, gaining, noticed) =
                switch resize.event {
                case .join: (workers + 1, 1, workers + 1)
                case .leave: (workers + 1, min(workers, resize.movedSlots), workers)
                case .death, .rack: (workers, min(workers, resize.movedSlots), workers)
                }
            #expect(resize.epochs == 1, "\(resize.event)")
            #expect(frames(resize, "member.sync 1") == told, "\(resize.event)")
            #expect(frames(resize, "reply to member.sync 1") == told, "\(resize.event)")
            #expect(frames(resize, "member.sync 2") == gaining, "\(resize.event)")
            #expect(frames(resize, "reply to member.sync 2") == gaining, "\(resize.event)")
            #expect(frames(resize, "member.sync 3") == noticed, "\(resize.event)")
            #expect(frames(resize, "reply to member.sync 3") == noticed, "\(resize.event)")
            // A view goes ahead of each notice, and nobody has to ask for it.
            #expect(frames(resize, "member.view") + frames(resize, "member.view-step") == noticed, "\(resize.event)")
            #expect(frames(resize, "state.fetch") == gaining, "\(resize.event)")
            #expect(frames(resize, "reply to member.leave") == (resize.event == .leave ? 1 : 0), "\(resize.event)")
        }
    }

    /// 64 slots: the fifth worker gets 12 of them, 64 / 5 rounded down.
    @Test func slotsMoveAsFewAsCan() throws {
        let resizes = try measurement(workers: 4).resizes
        #expect(resizes.map(\.event) == [.join, .leave, .join, .death])
        #expect(resizes.map(\.movedSlots) == [12, 12, 12, 12])
    }

    @Test func aWorkerIsHeardTenTimesASecond() throws {
        let atRest = try measurement(workers: 3).atRest
        #expect(abs(atRest.heartbeatsPerSecond - 30) <= 1)
        // [0, msgid, "member.heartbeat", [bin of ["w1", incarnation of 9 bytes, true]], budget]: between 40 and 60 bytes, and the
        // answer [1, msgid, nil, bin of an epoch]: about 10.
        #expect((45...75).contains(atRest.heartbeatBytes))
        #expect(atRest.leaderNsPerHeartbeat > 0)
    }

    /// A view has 2 bytes a slot; what is sent of it at a change of one member does not grow with the slots.
    @Test func whoHasAViewIsSentTheStepToTheNext() throws {
        let (small, large) = (try measurement(workers: 8, slots: 1024), try measurement(workers: 8, slots: 4096))
        #expect(large.atRest.viewBytes - small.atRest.viewBytes == 2 * (4096 - 1024))
        for resize in large.resizes {
            #expect(frames(resize, "member.view") == 0, "\(resize.event)")
            // 6 bytes for each slot that moves, and less than 200 for members, heads and check.
            let each = bytes(resize, "member.view-step") / max(1, frames(resize, "member.view-step"))
            #expect((6 * resize.movedSlots...6 * resize.movedSlots + 200).contains(each), "\(resize.event)")
            // To each of 2 clients, but for repeats.
            #expect(frames(resize, "view-step") == 2, "\(resize.event)")
            #expect(frames(resize, "view") == 0, "\(resize.event)")
        }
    }

    @Test func messagesAndVirtualTimesAreTheSameEachTime() throws {
        let (one, other) = (try measurement(workers: 6), try measurement(workers: 6))
        for (a, b) in zip(one.resizes, other.resizes) {
            #expect(a.traffic == b.traffic)
            #expect(a.commitNs == b.commitNs)
            #expect(a.settledNs == b.settledNs)
        }
    }
}
