// Plans of the ring: how long they take, how many slots they move, how even they leave it.

import BenchResults
import Measurement
import Ringmaster
import RingmasterProtocol

func ringStep() -> BenchStep {
    BenchStep(label: "ring plans, 1 to 1,024 workers", plannedSeconds: 2) { run in
        // The standard ring, and one with enough slots for 1,024 workers to be within 1 % of each other.
        for slots in [RingSize.standard.slotCount, 131_072] {
            for workers in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] {
                let empty = try RingView(size: RingSize(slotCount: slots))
                let founded = try RingPlan(from: empty, to: members(workers)).view
                if workers < 1024 {
                    run.add(try ringRow(from: founded, workers, to: workers + 1))
                }
                if workers > 1 {
                    run.add(try ringRow(from: founded, workers, to: workers - 1))
                }
            }
        }
    }
}

private func members(_ count: Int) throws -> [Member] {
    try (0..<count).map { Member(try WorkerID(validating: "worker-\($0)")) }
}

private func ringRow(from view: RingView, _ before: Int, to after: Int) throws -> RingRow {
    let target = try members(after)
    var times: [Double] = []
    var plan = try RingPlan(from: view, to: target)
    for _ in 0..<5 {
        let start = MonotonicTime.now.nanoseconds
        plan = try RingPlan(from: view, to: target)
        times.append(Double(MonotonicTime.now.nanoseconds - start) / 1000)
    }
    guard let time = Summary(of: times), let balance = plan.balance else {
        preconditionFailure("a plan for members has a balance")
    }
    return RingRow(
        workersFrom: before,
        workersTo: after,
        slots: view.size.slotCount,
        planUs: time.median,
        moved: plan.movedSlots,
        leastPossible: plan.leastPossibleMoves,
        balance: balance
    )
}
