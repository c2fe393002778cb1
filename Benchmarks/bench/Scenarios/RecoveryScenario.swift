// Processes killed under load: from SIGKILL to the first acknowledged job.

import BenchResults
import Foundation
import Measurement
import RingmasterProtocol

private let keyCount = 12
private let pingsPerSecond = 2000.0

func recoverySteps(_ choices: BenchChoices, _ place: BenchPlace) -> [BenchStep] {
    let kills = max(2, Int(20 * choices.timeScale))
    let (worker, leader) = (ClusterKeys.recovery(.recoveryWorker), ClusterKeys.recovery(.recoveryLeader))
    return [
        BenchStep(label: "\(worker)", plannedSeconds: 1.5 + Double(kills) * 0.35) { run in
            let deaths = try await measure(worker, place, kills, death: killWorker)
            add(deaths, worker, to: &run)
            noteStages(of: deaths, worker, in: &run)
        },
        BenchStep(label: "\(leader)", plannedSeconds: 1.5 + Double(kills) * 0.5) { run in
            let deaths = try await measure(leader, place, kills, death: killLeader)
            add(deaths, leader, to: &run)
        },
    ]
}

/// A death, and the keys that it concerns.
private struct Death {
    let atNs: Int64
    let keys: Set<Int>
}

/// How a death ended.
private struct Recovery {
    let ns: Int64
    /// From the death to the leader's notice of it, and to the commit of the view without the dead, in ns; of workers.
    var noticedNs: Int64?
    var committedNs: Int64?
}

/// Kills so often while keys are pinged.
private func measure(
    _ key: BenchKey,
    _ place: BenchPlace,
    _ kills: Int,
    death: (ClusterRig, Int) async throws -> Death
) async throws -> [Recovery] {
    let rig = try ClusterRig(key, in: place)
    defer { rig.end() }
    try rig.client.beginPings(keys: keyCount, perSecond: pingsPerSecond, payloadBytes: key.payloadBytes)
    usleep(200_000)
    var deaths: [Death] = []
    for number in 0..<kills {
        deaths.append(try await death(rig, number))
        usleep(50_000)
    }
    let timeline = PingTimeline(try rig.client.endPings())
    let events = try rig.leader().events()
    return try deaths.filter { !$0.keys.isEmpty }.map { death in
        guard let recovery = timeline.recoveryNs(ofKeys: death.keys, after: death.atNs) else {
            throw ChildError("nothing was acknowledged after a death")
        }
        let noticed = events.first { $0.what == "worker lost" && $0.atNs > death.atNs }
        let committed = Round.all(in: events).first { $0.endedNs > noticed?.atNs ?? .max }
        return Recovery(
            ns: recovery,
            noticedNs: noticed.map { $0.atNs - death.atNs },
            committedNs: committed.map { $0.endedNs - death.atNs }
        )
    }
}

/// Of what a worker's recovery is made.
private func noteStages(of recoveries: [Recovery], _ key: BenchKey, in run: inout BenchRun) {
    let median = { (times: [Int64]) in
        Summary(of: times.map { Double($0) / 1000 }).map { NumberText.microseconds($0.median) } ?? "-"
    }
    run.note(
        "\(key): the leader noticed the death after \(median(recoveries.compactMap(\.noticedNs))), had the view without it"
            + " committed after \(median(recoveries.compactMap(\.committedNs))); medians."
    )
}

private func killWorker(_ rig: ClusterRig, _ number: Int) async throws -> Death {
    let view = try await rig.view()
    let victim = rig.workers[number % rig.workers.count]
    let keys = Set((0..<keyCount).filter { owner(of: $0, in: view)?.name == victim.name })
    let survivors = rig.workers.map(\.name).filter { $0 != victim.name }
    let death = Death(atNs: rig.kill(victim), keys: keys)
    try rig.waitForMembers(survivors)
    try rig.replace(victim)
    return death
}

private func killLeader(_ rig: ClusterRig, _ number: Int) async throws -> Death {
    let victim = try rig.leader()
    let death = Death(atNs: rig.kill(victim), keys: Set(0..<keyCount))
    _ = try rig.leader()
    usleep(100_000)
    try rig.replace(victim)
    try rig.waitUntilCaughtUp()
    return death
}

private func add(_ recoveries: [Recovery], _ key: BenchKey, to run: inout BenchRun) {
    var histogram = LatencyHistogram()
    for recovery in recoveries { histogram.record(recovery.ns) }
    guard let figures = LatencyFigures(histogram) else { return run.note("\(key): no death concerned a key.") }
    run.add(
        BenchRow(
            key,
            .swift,
            requests: recoveries.count,
            seconds: Double(recoveries.map(\.ns).reduce(0, +)) / 1e9,
            latency: figures,
            interruption: Interruption(recoveryP50Us: figures.p50Us, recoveryP99Us: figures.p99Us)
        ),
        latency: histogram
    )
}
