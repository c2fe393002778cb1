import Foundation
import Measurement
import Testing

@testable import BenchResults

@Suite("The cluster's rows, targets and pings")
struct ClusterResultsTests {
    private static func target(_ measure: String, in run: BenchRun) throws -> TargetRow {
        var judged = run
        judged.judge()
        return try #require(judged.targets.first { $0.measure == measure })
    }

    private static func figures(p50Us: Double, p99Us: Double) -> LatencyFigures {
        LatencyFigures(p50Us: p50Us, p90Us: p99Us, p99Us: p99Us, p999Us: p99Us, maxUs: p99Us)
    }

    // MARK: Rows

    @Test func aClustersRowKeepsItsReplicasDurabilityAndInterruption() throws {
        let row = BenchRow(
            ClusterKeys.resize(),
            .swift,
            requests: 100,
            seconds: 1,
            interruption: Interruption(pauseP99Us: 1234.5, recoveryP50Us: nil, recoveryP99Us: 7)
        )
        #expect(row.fields.suffix(5) == ["1", "fsync", "1234.5", "", "7"])
        #expect(try BenchRow.read(CSVTable([row]).text, file: "bench.csv") == [row])
    }

    @Test func replicasAndDurabilityTellMeasurementsApart() {
        let keys = [0, 1, 3].map { ClusterKeys.jobs(replicas: $0) }
        #expect(Set(keys).count == 3)
        #expect(Set(keys.map(\.fileStem)).count == 3)
        #expect(keys.map { "\($0)".contains("memory") } == [true, false, false])
    }

    @Test func aRunFromBeforeTheClusterIsReadWithItsLaterFieldsEmpty() throws {
        let key = BenchKey(.roundtrip, transport: .tcp, payloadBytes: 64, inFlight: 1)
        let row = BenchRow(key, .swift, requests: 5, seconds: 1, ratioToRaw: 0.9)
        let early = CSVTable([row]).text.split(separator: "\n").map { line in
            line.split(separator: ",", omittingEmptySubsequences: false).dropLast(5).joined(separator: ",")
        }
        #expect(early[0].hasSuffix("ratio_to_raw"))
        #expect(try BenchRow.read(early.joined(separator: "\n") + "\n", file: "bench.csv") == [row])
    }

    @Test func theCommittedReferenceRunCanBeReadAndDrawn() throws {
        let reference = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../results/reference").standardizedFileURL
        var run = try BenchRun(reading: reference)
        #expect(!run.rows.isEmpty)
        run.judge()
        #expect(summaryTable(run).contains("round trip"))
    }

    @Test func someOfTheLaterColumnsAloneAreAFault() {
        let columns = BenchRow.columns.dropLast().joined(separator: ",")
        #expect(throws: CSVError.self) { try BenchRow.read(columns + "\n", file: "bench.csv") }
    }

    // MARK: Judgement

    @Test func jobsAreJudgedAgainstLibraftPairByPair() throws {
        var run = BenchRun(machine: SyntheticRun.machine)
        let key = ClusterKeys.jobs(replicas: 1)
        for (own, alone) in [(40, 100), (90, 100), (50, 100)] {
            run.addPair(
                swift: BenchRow(key, .swift, requests: own, seconds: 1),
                raw: BenchRow(key, .libraft, requests: alone, seconds: 1)
            )
        }
        let target = try Self.target("durable jobs over libraft alone, n=1", in: run)
        #expect((target.measured, target.met) == (0.5, .yes))
        #expect(target.limit.contains("100"))
        #expect(run.rows.first?.ratioToRaw == 0.4)
    }

    @Test func oneJobIsJudgedAgainstRoundTripAndCommitTogether() throws {
        var run = BenchRun(machine: SyntheticRun.machine)
        for (variant, p50Us) in [(Variant.swift, 300.0), (.rawC, 80), (.libraft, 120)] {
            let latency = Self.figures(p50Us: p50Us, p99Us: 2 * p50Us)
            run.add(BenchRow(ClusterKeys.oneJob(), variant, requests: 1, seconds: 1, latency: latency))
        }
        let target = try Self.target("one job p50 over round trip + commit", in: run)
        #expect((target.measured, target.met) == (1.5, .yes))
        #expect(target.limit == "80.0 + 120 µs")
    }

    @Test func aKeyThatStaysIsJudgedByItsOwnNormal() throws {
        var run = BenchRun(machine: SyntheticRun.machine)
        let row = { (variant: Variant, p99Us: Double) in
            BenchRow(
                ClusterKeys.resize(),
                variant,
                requests: 1,
                seconds: 1,
                latency: Self.figures(p50Us: 1, p99Us: p99Us),
                interruption: Interruption(pauseP99Us: variant == .swift ? 21_000 : nil)
            )
        }
        run.addPair(swift: row(.swift, 160), raw: row(.quiet, 100))
        #expect(try Self.target("p99 of a key that stays over its normal", in: run).met == .no)
        let pause = try Self.target("pause of a key that moves, p99, ms", in: run)
        #expect((pause.measured, pause.met) == (21, .no))
    }

    @Test func recoveriesOfWorkerAndLeaderAreJudgedApart() throws {
        var run = BenchRun(machine: SyntheticRun.machine)
        let interruption = Interruption(recoveryP50Us: 10_000, recoveryP99Us: 110_000)
        let key = ClusterKeys.recovery(.recoveryWorker)
        run.add(BenchRow(key, .swift, requests: 20, seconds: 1, interruption: interruption))
        #expect(try Self.target("worker killed, p50, ms", in: run).met == .yes)
        #expect(try Self.target("worker killed, p99, ms", in: run).met == .no)
        #expect(try Self.target("leader killed, p50, ms", in: run).met == .notMeasured)
        #expect(run.rows[0].requestsPerSecond == nil)
    }

    @Test func handOverAndManyWorkersAreJudged() throws {
        var run = BenchRun(machine: SyntheticRun.machine)
        run.add(BenchRow(ClusterKeys.handOver, .swift, requests: 1000, seconds: 0.1))
        #expect(try Self.target("state hand-over, MB/s", in: run).measured == 655.36)
        for (workers, cpu) in [(4, 100.0), (64, 140)] {
            let key = ClusterKeys.jobs(replicas: 1, workers: workers)
            run.add(BenchRow(key, .swift, requests: 1, seconds: 1, cpuNsPerRequest: cpu))
        }
        #expect(try Self.target("CPU a job, 64 workers over 4", in: run).measured == 1.4)
    }

    @Test func theLimitIsPrintedBesideItsTarget() throws {
        let lines = summaryTable(SyntheticRun.usual).split(separator: "\n")
        #expect(lines.contains { $0.contains("durable jobs/s, n=1") && $0.contains("libraft 380 k/s") })
        #expect(lines.contains { $0.contains("one job p50") && $0.contains(" + ") })
    }

    // MARK: Pings

    private static let timeline = PingTimeline([
        Ping(key: 1, intendedNs: 300, ackedNs: 310), Ping(key: 1, intendedNs: 100, ackedNs: 250),
        Ping(key: 2, intendedNs: 110, ackedNs: 120), Ping(key: 1, intendedNs: 200, ackedNs: 251),
    ])

    @Test func aPauseIsTheLongestWaitThatTouchesTheSpan() {
        #expect(Self.timeline.pauseNs(ofKey: 1, during: 240...260) == 150)
        #expect(Self.timeline.pauseNs(ofKey: 1, during: 251...260) == 51)
        #expect(Self.timeline.pauseNs(ofKey: 2, during: 240...260) == nil)
    }

    @Test func latenciesCountFromTheIntendedSend() {
        let histogram = Self.timeline.latencies(ofKeys: [1], during: 150...400)
        #expect((histogram.count, histogram.maxNs) == (2, 51))
    }

    @Test func aRecoveryIsOfAJobThatWasMeantToBeSentAfterTheDeath() {
        #expect(Self.timeline.recoveryNs(ofKeys: [1, 2], after: 105) == 15)
        #expect(Self.timeline.recoveryNs(ofKeys: [1], after: 105) == 146)
        #expect(Self.timeline.recoveryNs(ofKeys: [2], after: 200) == nil)
    }
}
