import Foundation
import Measurement
import Testing

@testable import BenchResults

@Suite("Ratios, targets and the summary")
struct JudgementTests {
    private static let pipelined = BenchKey(.throughput, transport: .tcp, payloadBytes: 64, inFlight: 4096)

    private static func row(_ variant: Variant, _ rate: Int, coalesced: Bool = false) -> BenchRow {
        let key = BenchKey(.throughput, transport: .tcp, payloadBytes: 64, inFlight: 4096, coalesced: coalesced)
        return BenchRow(key, variant, requests: rate, seconds: 1)
    }

    private static func figures(p50Us: Double) -> LatencyFigures {
        LatencyFigures(p50Us: p50Us, p90Us: p50Us * 2, p99Us: p50Us * 3, p999Us: p50Us * 4, maxUs: p50Us * 5)
    }

    private static func target(_ measure: String, in run: BenchRun) throws -> TargetRow {
        var judged = run
        judged.judge()
        return try #require(judged.targets.first { $0.measure.contains(measure) })
    }

    @Test func aRatioAboveOneIsBetterForRatesAndLatenciesAlike() {
        var run = BenchRun(machine: SyntheticRun.machine)
        run.addPair(swift: Self.row(.swift, 200), raw: Self.row(.rawC, 100))
        let key = BenchKey(.roundtrip, transport: .tcp, payloadBytes: 64, inFlight: 1)
        run.addPair(
            swift: BenchRow(key, .swift, requests: 1, seconds: 1, latency: Self.figures(p50Us: 50)),
            raw: BenchRow(key, .rawC, requests: 1, seconds: 1, latency: Self.figures(p50Us: 100))
        )
        #expect(run.rows.map(\.ratioToRaw) == [2, nil, 2, nil])
    }

    @Test func theMedianOfPairsIsJudgedNotTheRatioOfMedians() throws {
        var run = BenchRun(machine: SyntheticRun.machine)
        for (swift, raw) in [(90, 100), (45, 50), (200, 100)] {
            run.addPair(swift: Self.row(.swift, swift), raw: Self.row(.rawC, raw))
        }
        run.judge()
        let ratio = try #require(run.ratios.first { $0.what == "one frame a message, both, tcp" })
        #expect((ratio.median, ratio.min, ratio.max, ratio.pairs) == (0.9, 0.9, 2, 3))
        #expect(try Self.target("pipelined", in: run).met == .yes)
    }

    @Test func coalescedIsHeldAgainstBothPlainAndCoalescedRawC() throws {
        var run = BenchRun(machine: SyntheticRun.machine)
        run.addPair(swift: Self.row(.swift, 100), raw: Self.row(.rawC, 100))
        run.addPair(swift: Self.row(.swift, 410, coalesced: true), raw: Self.row(.rawC, 600, coalesced: true))
        #expect(try Self.target("coalesced rate over raw C's plain", in: run).met == .aim)
        #expect(try Self.target("coalesced rate over raw C's coalesced", in: run).met == .no)
    }

    @Test func aLatencyWithinItsBoundMeetsTheTarget() throws {
        let key = BenchKey(.roundtrip, transport: .tcp, payloadBytes: 64, inFlight: 1)
        for (p50Us, verdict) in [(101.0, TargetRow.Verdict.aim), (110, .yes), (120, .no)] {
            var run = BenchRun(machine: SyntheticRun.machine)
            run.addPair(
                swift: BenchRow(key, .swift, requests: 1, seconds: 1, latency: Self.figures(p50Us: p50Us)),
                raw: BenchRow(key, .rawC, requests: 1, seconds: 1, latency: Self.figures(p50Us: 100))
            )
            #expect(try Self.target("round trip", in: run).met == verdict)
        }
    }

    @Test func whatWasNotMeasuredIsNotMet() {
        var run = BenchRun(machine: SyntheticRun.machine)
        run.judge()
        #expect(run.targets.count == 20)
        #expect(run.targets.allSatisfy { $0.met == .notMeasured })
        #expect(run.ratios.isEmpty)
    }

    @Test func memoryIsJudgedOnlyAfterTenMillionRequests() throws {
        var run = BenchRun(machine: SyntheticRun.machine)
        run.add(MemoryRow(.swift, requests: 1_000_000, residentBytes: 100))
        run.add(MemoryRow(.swift, requests: 9_000_000, residentBytes: 300))
        #expect(try Self.target("memory", in: run).met == .notMeasured)
        run.add(MemoryRow(.swift, requests: 10_000_000, residentBytes: 104))
        run.add(MemoryRow(.rawC, requests: 10_000_000, residentBytes: 900))
        #expect(try Self.target("memory", in: run).measured == 1.04)
    }

    @Test func aSingleAllocationInAThousandRequestsIsSeen() throws {
        var run = BenchRun(machine: SyntheticRun.machine)
        run.add(BenchRow(Self.pipelined, .swift, requests: 1000, seconds: 1, allocsPerRequest: 0.001))
        #expect(try Self.target("allocations", in: run).met == .no)
    }

    @Test func aSlotMovedInVainIsSeen() throws {
        var run = BenchRun(machine: SyntheticRun.machine)
        let plan = { (moved: Int) in
            RingRow(workersFrom: 4, workersTo: 5, slots: 4096, planUs: 30, moved: moved, leastPossible: 819, balance: 1)
        }
        run.add(plan(819))
        #expect(try Self.target("slots moved", in: run).met == .yes)
        run.add(plan(820))
        #expect(try Self.target("slots moved", in: run).met == .no)
    }

    @Test func balanceIsJudgedWhereWholeSlotsAllowIt() throws {
        var run = BenchRun(machine: SyntheticRun.machine)
        let plan = { (workers: Int, balance: Double) in
            RingRow(
                workersFrom: workers,
                workersTo: workers,
                slots: 4096,
                planUs: 30,
                moved: 0,
                leastPossible: 0,
                balance: balance
            )
        }
        run.add(plan(4, 1))
        run.add(plan(1000, 5 / 4.096))
        let target = try Self.target("fullest", in: run)
        #expect(target.met == .yes)
        #expect(target.how.contains("elsewhere 1.22"))
        run.add(plan(4, 1.02))
        #expect(try Self.target("fullest", in: run).met == .no)
    }

    @Test func repetitionsHaveLatenciesOfTheirOwn() {
        let run = SyntheticRun.usual
        let key = BenchKey(.roundtrip, transport: .tcp, payloadBytes: 64, inFlight: 1)
        let curves = run.curves(key, .swift)
        #expect(curves.count == 3)
        #expect(curves[0] != curves[1])
        #expect(run.latencies["roundtrip-tcp-64B-1inflight-1x1-swift-2"] == curves[1])
    }

    @Test func anOpenLoopRowStandsInBothTables() {
        let run = SyntheticRun.single
        #expect(run.rows.count { $0.key.scenario == .openLoop } == run.openLoop.count)
        #expect(run.openLoop.filter { !$0.isSustained }.allSatisfy { $0.targetRate == 500_000 })
    }

    @Test func theSummaryFitsItsWidthAndNamesEveryGroup() {
        let text = summaryTable(SyntheticRun.usual)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 110 })
        #expect(!text.contains("…"))
        for group in [
            "round trip", "throughput", "scaling", "open loop", "restarted", "memory", "ring plans", "target",
            "durable jobs/s", "one durable job", "joins and leaves", "SIGKILL", "snapshot", "new owner",
        ] {
            #expect(text.contains(group), "\(group)")
        }
        #expect(text.contains("note: a synthetic run"))
    }
}
