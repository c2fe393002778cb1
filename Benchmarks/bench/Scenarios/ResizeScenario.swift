// A worker joins and leaves under load: how long the keys that move stand still, and what the others notice of it.

import BenchResults
import Foundation
import Measurement
import Ringmaster
import RingmasterProtocol

/// Keys that are pinged. Few, so that each is pinged often.
private let keyCount = 12
// Half of what lone jobs can be at most on two CPUs: beyond, a pause is told from the queue no more.
private let pingsPerSecond = 4000.0
/// Of a resize, what is looked at after it began, at least.
private let windowNs: Int64 = 50_000_000

func resizeSteps(_ choices: BenchChoices, _ place: BenchPlace) -> [BenchStep] {
    let key = ClusterKeys.resize(payloadBytes: choices.payloadBytes ?? ClusterKeys.payloadBytes)
    let repeats = max(2, Int(10 * choices.timeScale))
    return [
        BenchStep(label: "\(key)", plannedSeconds: 1.5 + Double(repeats) * 0.45) { run in
            let rig = try ClusterRig(key, in: place)
            defer { rig.end() }
            let guest = try rig.makeWorker("w9")
            defer { guest.end() }
            let names = rig.workers.map(\.name)
            _ = try await resizes(1, rig, guest, names)
            let leader = try rig.leader()
            _ = try leader.events()
            try rig.client.beginPings(keys: keyCount, perSecond: pingsPerSecond, payloadBytes: key.payloadBytes)
            // What comes at first finds caches cold.
            usleep(200_000)
            let began = MonotonicTime.now.nanoseconds
            let moves = try await resizes(repeats, rig, guest, names)
            let pings = try rig.client.endPings()
            let rounds = try Round.all(in: leader.events())
            guard rounds.count == moves.count else {
                throw ChildError("\(rounds.count) rounds where \(moves.count) were asked for")
            }
            add(pings, zip(rounds, moves).map { ($0, $1) }, from: began, key, to: &run)
        }
    ]
}

/// Lets the guest join and leave so often; tells of each time which keys moved.
private func resizes(
    _ repeats: Int,
    _ rig: ClusterRig,
    _ guest: WorkerProcess,
    _ names: [String]
) async throws -> [Set<Int>] {
    var moves: [Set<Int>] = []
    var before = try await rig.view()
    for _ in 0..<repeats {
        for joins in [true, false] {
            usleep(60_000)
            if joins { try guest.join() } else { try guest.leave() }
            // Whoever asks the coordinator whether it is done takes CPU from it: not while it is looked at.
            usleep(60_000)
            try rig.waitForMembers(joins ? names + [guest.name] : names)
            let after = try await rig.view()
            moves.append(Set((0..<keyCount).filter { owner(of: $0, in: before) != owner(of: $0, in: after) }))
            before = after
        }
    }
    return moves
}

/// The owner of a key of the load.
func owner(of key: Int, in view: ClusterView) -> WorkerID? {
    ClusterLoad.key(key).withUnsafeBytes { view.ring.owner(ofKey: $0) }
}

/// A round of a resize, from the intent in the log to its commit, as the leader logged it.
struct Round {
    let beganNs: Int64
    let endedNs: Int64

    static func all(in events: [CoordinatorEvent]) -> [Round] {
        var begins: [String: Int64] = [:]
        return events.compactMap { event in
            let epoch = event.details["epoch"] ?? ""
            if event.what == "round begins" { begins[epoch] = event.atNs }
            guard event.what == "round ends", event.details["how"] == "committed", let began = begins[epoch] else {
                return nil
            }
            return Round(beganNs: began, endedNs: event.atNs)
        }
    }
}

extension PingTimeline {
    init(_ report: PingReport) {
        self.init(
            report.keys.indices.map {
                Ping(key: report.keys[$0], intendedNs: report.intendedNs[$0], ackedNs: report.ackedNs[$0])
            }
        )
    }
}

private func add(
    _ pings: PingReport,
    _ resizes: [(round: Round, moved: Set<Int>)],
    from began: Int64,
    _ key: BenchKey,
    to run: inout BenchRun
) {
    let timeline = PingTimeline(pings)
    var (pauses, disturbed, quiet) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
    var seconds = 0.0
    for (index, (round, moved)) in resizes.enumerated() {
        let kept = Set(0..<keyCount).subtracting(moved)
        let span = round.beganNs...max(round.endedNs, round.beganNs + windowNs)
        for key in moved { timeline.pauseNs(ofKey: key, during: span).map { pauses.record($0) } }
        disturbed.merge(timeline.latencies(ofKeys: kept, during: span))
        seconds += Double(span.upperBound - span.lowerBound) / 1e9
        // As long a time before it, in which nothing happened, of the same keys.
        let free = index == 0 ? began : resizes[index - 1].round.endedNs + windowNs
        let from = max(free, round.beganNs - (span.upperBound - span.lowerBound))
        if from < round.beganNs { quiet.merge(timeline.latencies(ofKeys: kept, during: from...(round.beganNs - 1))) }
    }
    let pause = pauses.isEmpty ? nil : Double(pauses.valueNs(atPercentile: 99)) / 1000
    let row = BenchRow(
        key,
        .swift,
        requests: disturbed.count,
        seconds: max(seconds, 1e-9),
        latency: LatencyFigures(disturbed),
        interruption: Interruption(pauseP99Us: pause)
    )
    let undisturbed = BenchRow(
        key,
        .quiet,
        requests: quiet.count,
        seconds: max(seconds, 1e-9),
        latency: LatencyFigures(quiet)
    )
    run.addPair(swift: row, raw: undisturbed, swiftLatency: disturbed, rawLatency: quiet)
    let lengths = Summary(of: resizes.map { Double($0.round.endedNs - $0.round.beganNs) / 1000 })
    let text =
        lengths.map { "\(NumberText.microseconds($0.median)), at most \(NumberText.microseconds($0.max))" } ?? "-"
    run.addPauses(pauses, of: key)
    run.note(
        "\(key): \(resizes.count) rounds, from intent to commit \(text); \(pauses.count) pauses of keys that moved."
    )
}
