// Durable jobs: how many a second beside libraft alone, one in flight beside what it is made of, and what many workers cost.

import BenchResults
import Foundation
import Measurement
import Ringmaster
import RingmasterProtocol

func jobsSteps(_ choices: BenchChoices, _ place: BenchPlace) -> [BenchStep] {
    let payload = choices.payloadBytes ?? ClusterKeys.payloadBytes
    return [
        besideLibraft(choices, place, payload),
        rateStep(ClusterKeys.jobs(replicas: 3, payloadBytes: payload), choices, place),
        rateStep(ClusterKeys.jobs(replicas: 0, payloadBytes: payload), choices, place, planned: 2),
        oneInFlight(choices, place, payload),
        rateStep(ClusterKeys.jobs(replicas: 1, workers: 4, payloadBytes: payload), choices, place, planned: 2),
        rateStep(ClusterKeys.jobs(replicas: 1, workers: 64, payloadBytes: payload), choices, place, planned: 2),
    ]
}

/// Keys that the jobs spread over.
private let keyCount = 10_000

/// Jobs that are timed, a second, beside those that make the rate.
private let timedPerSecond = 200.0

/// A run of jobs on all processes.
struct JobsReport {
    let load: LoadReport
    let cpuNs: Double
    let allocations: Double
    /// What the leader's log was given.
    let jobsPerEntry: Double
    let commandsPerEntry: Double
    let proposalsInFlight: Double

    func row(_ key: BenchKey) -> BenchRow {
        let count = Double(max(load.requests, 1))
        return BenchRow(
            key,
            .swift,
            requests: load.requests,
            seconds: Double(max(load.elapsedNs, 1)) / 1e9,
            latency: LatencyFigures(load.latency),
            cpuNsPerRequest: cpuNs / count,
            allocsPerRequest: allocations / count
        )
    }
}

extension ClusterRig {
    /// Runs a load of jobs and says what all processes spent on it.
    func measure(_ order: ClusterLoadOrder) throws -> JobsReport {
        let leader = try leader()
        let (before, used) = (try leader.status(), try accounts())
        try leader.watch()
        let report = try client.run(order)
        let watch = try leader.watched()
        let (after, usedThen) = (try leader.status(), try accounts())
        let parts = zip(usedThen, used).map { $0.since($1) } + [report.account]
        let entries = Double(max(1, after.entries - before.entries))
        return JobsReport(
            load: report,
            cpuNs: parts.map { Double($0.cpuNs) }.reduce(0, +),
            allocations: parts.map { Double($0.ownAllocations) }.reduce(0, +),
            jobsPerEntry: Double(after.deltasApplied - before.deltasApplied) / entries,
            commandsPerEntry: Double(after.commands - before.commands) / entries,
            proposalsInFlight: watch.mean
        )
    }

    convenience init(_ key: BenchKey, in place: BenchPlace) throws {
        try self.init(replicas: key.replicas ?? 0, workers: key.servers, sessions: key.clients, in: place)
    }
}

/// The load that goes with a key of the scenario.
private func load(_ key: BenchKey, seconds: Double) -> ClusterLoadOrder {
    ClusterLoadOrder(
        pattern: .pipelined,
        seconds: seconds,
        payloadBytes: key.payloadBytes,
        inFlight: key.inFlight ?? 1,
        keys: keyCount,
        perSecond: timedPerSecond
    )
}

// MARK: Rates

private func rateStep(
    _ key: BenchKey,
    _ choices: BenchChoices,
    _ place: BenchPlace,
    planned: Int = 3
) -> BenchStep {
    let repeats = choices.pairs ?? planned
    let seconds = 0.5 * choices.timeScale
    let start = 0.6 + 0.04 * Double(key.servers + 2 * (key.replicas ?? 0))
    return BenchStep(label: "\(key)", plannedSeconds: start + 0.3 + Double(repeats) * (seconds + 0.1)) { run in
        let rig = try ClusterRig(key, in: place)
        defer { rig.end() }
        _ = try rig.measure(load(key, seconds: 0.3))
        for _ in 0..<repeats {
            let report = try rig.measure(load(key, seconds: seconds))
            run.add(report.row(key), latency: report.load.latency)
        }
    }
}

/// The rate at n=1, and libraft alone with the same entries in turn.
private func besideLibraft(_ choices: BenchChoices, _ place: BenchPlace, _ payload: Int) -> BenchStep {
    let key = ClusterKeys.jobs(replicas: 1, payloadBytes: payload)
    let pairs = choices.pairs ?? 5
    let (own, alone) = (0.5 * choices.timeScale, 0.3 * choices.timeScale)
    let planned = 1.5 + Double(pairs) * (own + alone + 0.3)
    return BenchStep(label: "\(key), libraft alone in turn", plannedSeconds: planned) { run in
        let rig = try ClusterRig(key, in: place)
        defer { rig.end() }
        var shape = try rig.measure(load(key, seconds: max(0.3, own)))
        for pair in 0..<pairs {
            let swiftFirst = pair % 2 == 0
            var report = swiftFirst ? try rig.measure(load(key, seconds: own)) : shape
            if swiftFirst { shape = report }
            let libraft = try entries(like: shape, payload).run(key, seconds: alone, in: place)
            if !swiftFirst {
                report = try rig.measure(load(key, seconds: own))
                shape = report
            }
            run.addPair(
                swift: report.row(key),
                raw: libraft.row,
                swiftLatency: report.load.latency,
                rawLatency: libraft.latency
            )
        }
        run.note(
            "\(key): entries of \(NumberText.grouped(Int(shape.jobsPerEntry))) jobs,"
                + " \(NumberText.bytes(entries(like: shape, payload).entryBytes)),"
                + " \(NumberText.decimals(shape.proposalsInFlight, 1)) proposals in flight on average;"
                + " libraft alone was given the same."
        )
    }
}

/// Entries as large as the leader's were on average, as many at once.
private func entries(like report: JobsReport, _ payload: Int) -> LibraftAlone {
    let jobsPerCommand = max(1, Int((report.jobsPerEntry / max(1, report.commandsPerEntry)).rounded()))
    let command = batchBytes(jobs: jobsPerCommand, payload)
    return LibraftAlone(
        entryBytes: 5 + Int(Double(command) * max(1, report.commandsPerEntry)),
        jobsPerEntry: max(1, report.jobsPerEntry),
        inFlight: max(1, Int(report.proposalsInFlight.rounded()))
    )
}

/// The bytes of a batch of deltas like the workers'.
private func batchBytes(jobs: Int, _ payload: Int) -> Int {
    var writer = DeltaBatchWriter(worker: "w1", incarnation: Incarnation(rawValue: 1 << 60))
    // What a reply is wrapped in takes a few bytes.
    let (key, state) = (ClusterLoad.key(1234), [UInt8](repeating: 0, count: payload))
    let reply = state + [0, 0, 0, 0]
    for sequence in 0..<jobs {
        key.withUnsafeBytes { key in
            state.withUnsafeBytes { state in
                reply.withUnsafeBytes { reply in
                    writer.add(
                        client: ClientID(rawValue: 4),
                        sequence: UInt64(100_000 + sequence),
                        acked: 100_000,
                        base: 1000,
                        key: key,
                        state: .bytes(state),
                        reply: reply
                    )
                }
            }
        }
    }
    return writer.finish().count
}

// MARK: One in flight

/// One job in flight beside a bare round trip and a bare commit, in turn.
private func oneInFlight(_ choices: BenchChoices, _ place: BenchPlace, _ payload: Int) -> BenchStep {
    let key = ClusterKeys.oneJob(payloadBytes: payload)
    let repeats = choices.pairs ?? 7
    let seconds = 0.15 * choices.timeScale
    let planned = 1 + Double(repeats) * (3 * seconds + 0.15)
    return BenchStep(label: "\(key), round trip and commit in turn", plannedSeconds: planned) { run in
        let rig = try ClusterRig(key, in: place)
        defer { rig.end() }
        let wire = BenchKey(.roundtrip, transport: .tcp, payloadBytes: payload, inFlight: 1)
        let raw = try Rig(wire, .rawC, in: place.directory)
        defer { raw.end() }
        let order = ClusterLoadOrder(pattern: .sequential, seconds: seconds, payloadBytes: payload, keys: 100)
        let commit = LibraftAlone(entryBytes: 5 + batchBytes(jobs: 1, payload), jobsPerEntry: 1, inFlight: 1)
        for _ in 0..<repeats {
            let jobs = try rig.measure(order)
            let trip = try raw.run(LoadOrder(pattern: .sequential, seconds: seconds))
            let log = try commit.run(key, seconds: seconds, in: place)
            run.add(jobs.row(key), latency: jobs.load.latency)
            run.add(trip.row(key, .rawC), latency: trip.latency)
            run.add(log.row, latency: log.latency)
        }
    }
}
