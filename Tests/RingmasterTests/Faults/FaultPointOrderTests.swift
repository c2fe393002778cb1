// The orders that strike a process at a point, as text.

import RingmasterProtocol
import Testing

@testable import Ringmaster

@Suite struct FaultPointOrderTests {
    @Test(arguments: FaultPoint.allCases)
    func anOrderIsReadAsItIsWritten(point: FaultPoint) throws {
        let actions: [FaultPointOrder.Action] = [.kill, .pause(nil), .pause(.milliseconds(250)), .pause(.seconds(60))]
        for action in actions {
            for occurrence in [1, 3] {
                let order = FaultPointOrder(point, action, occurrence: occurrence)
                #expect(try FaultPointOrder(parsing: order.description) == order)
            }
        }
    }

    @Test func theFormsOfTheDocumentationAreRead() throws {
        #expect(
            try FaultPointOrder(parsing: "worker.phase2.loaded:kill") == FaultPointOrder(.workerPhase2Loaded, .kill)
        )
        #expect(
            try FaultPointOrder(parsing: "worker.job.run:pause=2s")
                == FaultPointOrder(.workerJobRun, .pause(.seconds(2)))
        )
        #expect(
            try FaultPointOrder(parsing: "coordinator.commit.logged:kill@3")
                == FaultPointOrder(.coordinatorCommitLogged, .kill, occurrence: 3)
        )
    }

    @Test func anUnknownPointIsRefusedWithThoseThatThereAre() {
        let error = #expect(throws: FaultError.self) { try FaultPointOrder(parsing: "worker.phase9.loaded:kill") }
        #expect(error == .pointUnknown("worker.phase9.loaded"))
        #expect(error?.description.contains("worker.phase2.loaded") == true)
    }

    @Test(
        arguments: [
            "", "worker.job.run", "worker.job.run:", "worker.job.run:die", "worker.job.run:pause=",
            "worker.job.run:pause=2",
            "worker.job.run:pause=0ms", "worker.job.run:pause=61s", "worker.job.run:pause=99999999999999999999s",
            "worker.job.run:pause=-1s", "worker.job.run:kill@0", "worker.job.run:kill@", "worker.job.run:kill@1@2",
        ]
    )
    func anOrderThatIsNoneIsRefused(text: String) {
        #expect(throws: FaultError.orderUnclear(text)) { try FaultPointOrder(parsing: text) }
    }

    @Test func anEnvironmentThatCannotBeFollowedIsRefused() {
        #expect(throws: FaultError.bugUnknown("none-such")) {
            try Faults.begin { $0 == "RINGMASTER_PLANTED" ? "none-such" : nil }
        }
        #expect(throws: FaultError.pointUnknown("none.such")) {
            try Faults.begin { $0 == "RINGMASTER_FAULT" ? "none.such:kill" : nil }
        }
        let error = #expect(throws: FaultError.self) {
            try Faults.begin { $0 == "RINGMASTER_FAULT_CONTROL" ? "/none/such" : nil }
        }
        guard case .cannotOpen("/none/such", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
