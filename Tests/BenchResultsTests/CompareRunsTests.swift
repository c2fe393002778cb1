import Foundation
import Measurement
import Testing

@testable import BenchResults

@Suite("Comparing runs")
struct CompareRunsTests {
    private static let key = BenchKey(.throughput, transport: .tcp, payloadBytes: 64, inFlight: 16)

    private static func run(_ rates: Int..., allocations: Double? = nil) -> BenchRun {
        var run = BenchRun(machine: SyntheticRun.machine)
        for rate in rates {
            run.add(BenchRow(key, .swift, requests: rate, seconds: 1, allocsPerRequest: allocations))
        }
        return run
    }

    private static func change(_ a: BenchRun, _ b: BenchRun) -> CompareRuns.Change? {
        CompareRuns(a, b).findings.first { $0.measure == "requests_per_s" }?.change
    }

    @Test func aRunIsNoSlowerThanItself() {
        let run = SyntheticRun.usual
        let comparison = CompareRuns(run, run)
        #expect(!comparison.anySlower)
        #expect(comparison.findings.allSatisfy { $0.change == .same })
        #expect(comparison.onlyBefore.isEmpty && comparison.onlyAfter.isEmpty)
    }

    @Test func aSlowerRunIsNamedSlowerAndTheOtherWayRoundFaster() {
        let (fast, slow) = (SyntheticRun.usual, SyntheticRun.slow)
        let comparison = CompareRuns(fast, slow)
        #expect(comparison.anySlower)
        #expect(comparison.findings.first?.change == .slower)
        let roundtrips = comparison.findings.filter { $0.what.hasPrefix("swift roundtrip") && $0.measure == "p50_us" }
        #expect(roundtrips.count == 18)
        #expect(roundtrips.allSatisfy { $0.change == .slower })
        let back = CompareRuns(slow, fast).findings.filter { $0.what.hasPrefix("swift roundtrip tcp 64 B") }
        #expect(back.contains { $0.change == .faster })
    }

    @Test func withoutRepetitionsTenPerCentAreNoise() {
        #expect(Self.change(Self.run(1000), Self.run(910)) == .same)
        #expect(Self.change(Self.run(1000), Self.run(890)) == .slower)
        #expect(Self.change(Self.run(1000), Self.run(1110)) == .faster)
    }

    @Test func theSpreadOfRepetitionsIsTheNoise() {
        #expect(Self.change(Self.run(980, 1000, 1020), Self.run(930, 950, 965)) == .slower)
        #expect(Self.change(Self.run(900, 1000, 1100), Self.run(830, 850, 870)) == .same)
        // Repetitions that agree by chance leave the least noise that is assumed.
        #expect(Self.change(Self.run(1000, 1000), Self.run(975, 975)) == .same)
    }

    @Test func oneAllocationMoreIsNoNoise() {
        let comparison = CompareRuns(Self.run(1000, allocations: 0), Self.run(1000, allocations: 1))
        #expect(comparison.anySlower)
        #expect(comparison.text.contains("from 0"))
        let fewer = CompareRuns(Self.run(1000, allocations: 1), Self.run(1000, allocations: 0))
        #expect(!fewer.anySlower)
    }

    @Test func whatOnlyOneRunMeasuredIsNamed() {
        var (a, b) = (Self.run(1000), Self.run(1000))
        a.add(MicroRow(name: "encode", ns: 10, instructions: nil, allocations: 0))
        b.add(MicroRow(name: "decode", ns: 10, instructions: nil, allocations: 0))
        let comparison = CompareRuns(a, b)
        #expect(comparison.onlyBefore == ["encode, ns", "encode, allocations"])
        #expect(comparison.onlyAfter == ["decode, ns", "decode, allocations"])
        #expect(comparison.text.contains("only in the second run: decode, ns"))
        #expect(!comparison.anySlower)
    }

    @Test func openLoopRatesAreNotTakenForRepetitions() {
        let comparison = CompareRuns(SyntheticRun.usual, SyntheticRun.slow)
        let rates = Set(comparison.findings.filter { $0.what.hasPrefix("swift open-loop") }.map(\.what))
        #expect(rates.count == 6)
    }

    @Test func theTextFitsItsWidth() {
        let text = CompareRuns(SyntheticRun.usual, SyntheticRun.slow).text
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 110 })
        #expect(!text.contains("…"))
    }
}
