// Jobs while the leader takes a snapshot, beside jobs while it does not.

import BenchResults
import Foundation
import Measurement

/// Keys of the state that the snapshot holds, and bytes of each.
private let (keyCount, stateBytes) = (100_000, 256)

func snapshotSteps(_ choices: BenchChoices, _ place: BenchPlace) -> [BenchStep] {
    let key = ClusterKeys.snapshot(payloadBytes: choices.payloadBytes ?? ClusterKeys.payloadBytes)
    let pairs = choices.pairs ?? 3
    let seconds = 0.4 * choices.timeScale
    return [
        BenchStep(label: "\(key)", plannedSeconds: 3 + Double(pairs) * 2 * (seconds + 0.1)) { run in
            let rig = try ClusterRig(key, in: place)
            defer { rig.end() }
            _ = try rig.client.run(
                ClusterLoadOrder(pattern: .fill, payloadBytes: stateBytes, inFlight: 4096, keys: keyCount)
            )
            let order = ClusterLoadOrder(
                pattern: .pipelined,
                seconds: seconds,
                payloadBytes: key.payloadBytes,
                inFlight: key.inFlight ?? 1,
                keys: keyCount,
                perSecond: 1000
            )
            let leader = try rig.leader()
            _ = try rig.client.run(order)
            for pair in 0..<pairs {
                let quietFirst = pair % 2 == 0
                let quiet = quietFirst ? try rig.client.run(order) : nil
                try rig.client.begin(order)
                try leader.takeSnapshot()
                let disturbed = try rig.client.report()
                let other = try quiet ?? rig.client.run(order)
                run.addPair(
                    swift: row(key, .swift, disturbed),
                    raw: row(key, .quiet, other),
                    swiftLatency: disturbed.latency,
                    rawLatency: other.latency
                )
            }
        }
    ]
}

private func row(_ key: BenchKey, _ variant: Variant, _ report: LoadReport) -> BenchRow {
    BenchRow(
        key,
        variant,
        requests: report.requests,
        seconds: Double(max(report.elapsedNs, 1)) / 1e9,
        latency: LatencyFigures(report.latency)
    )
}
