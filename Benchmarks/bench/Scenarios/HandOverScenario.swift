// Large states on their way to a new owner: bytes a second, from the intent of a resize in the log to its commit.

import BenchResults
import Foundation
import Measurement

func handOverSteps(_ choices: BenchChoices, _ place: BenchPlace) -> [BenchStep] {
    let key = ClusterKeys.handOver
    // 400 MB, of which half moves.
    let keyCount = max(64, Int(6400 * min(1, choices.timeScale)))
    let repeats = choices.pairs ?? 2
    return [
        BenchStep(label: "\(key)", plannedSeconds: 5 + Double(repeats) * 2) { run in
            let rig = try ClusterRig(key, in: place)
            defer { rig.end() }
            let guest = try rig.makeWorker("w9")
            defer { guest.end() }
            _ = try rig.client.run(
                ClusterLoadOrder(pattern: .fill, payloadBytes: key.payloadBytes, inFlight: 64, keys: keyCount)
            )
            let leader = try rig.leader()
            let names = rig.workers.map(\.name)
            for _ in 0..<repeats {
                for joins in [true, false] {
                    _ = try leader.events()
                    let before = try await rig.view()
                    if joins {
                        try guest.join()
                        try rig.waitForMembers(names + [guest.name])
                    } else {
                        try guest.leave()
                        try rig.waitForMembers(names)
                    }
                    let after = try await rig.view()
                    let moved = (0..<keyCount).count { owner(of: $0, in: before) != owner(of: $0, in: after) }
                    guard let round = try Round.all(in: leader.events()).last else {
                        throw ChildError("no round was committed")
                    }
                    let seconds = Double(max(1, round.endedNs - round.beganNs)) / 1e9
                    run.add(BenchRow(key, .swift, requests: moved, seconds: seconds))
                }
            }
        }
    ]
}
