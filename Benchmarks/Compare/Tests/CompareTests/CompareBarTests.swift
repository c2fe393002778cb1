// The bars: from rows whose ratios are known.

import Alternatives
import Measurement
import Testing

@testable import compare

@Suite struct CompareBarTests {
    /// Rates of rounds at 4,096 in flight, and the p50 of one in flight, in a run with one calibration.
    private func results(own: [Double], rival: [Double], calibration: [Double]) throws -> CompareResults {
        var lines = [CompareRow.columns.joined(separator: ",")]
        for (name, rates) in [("ringmaster", own), ("redis", rival), ("redis-ping", calibration)] {
            for (round, rate) in rates.enumerated() {
                lines.append("\(name),calls,64,4096,,\(round + 1),\(Int(rate)),0,0,1,\(rate),1,1,1,1,1,1,1")
                lines.append("\(name),calls,64,1,,\(round + 1),1,0,0,1,1,\(1e6 / rate),1,1,1,1,1,1")
            }
        }
        let systems = try ["ringmaster", "redis", "redis-ping"].flatMap { name in
            try SystemRow.read(
                SystemRow.columns.joined(separator: ",")
                    + "\n\(name),calls,1,,at most once,no,0,,,\(name == "redis-ping" ? "yes" : "no")\n",
                file: "systems.csv"
            )
        }
        return CompareResults(
            machine: .current(),
            systems: systems,
            rows: try CompareRow.read(lines.joined(separator: "\n") + "\n", file: "compare.csv"),
            failures: []
        )
    }

    @Test func aRatioIsTheMedianOfRoundsAgainstTheBestThatIsNoCalibration() throws {
        let bars = CompareBars.all(
            try results(own: [100, 300, 90], rival: [100, 100, 100], calibration: [900, 900, 900])
        )
        #expect(bars[0].best == "redis")
        #expect(bars[0].ratio?.median == 1 && bars[0].ratio?.min == 0.9 && bars[0].ratio?.max == 3)
        #expect(bars[0].isMet == false)
        #expect(bars[2].isMet == true)
    }

    @Test func whatWasNotMeasuredIsNeitherMetNorMissed() throws {
        let bars = CompareBars.all(try results(own: [1], rival: [], calibration: []))
        #expect(bars.allSatisfy { $0.isMet == nil })
        #expect(bars[0].fields.contains("not measured"))
    }

    @Test func someoneElseWithoutLossesMissesTheBar() throws {
        func target(_ name: String, _ service: String, lost: Int, recovery: Double) -> String {
            "\(name),\(service),1,yes,1,1,0,0,\(lost),0,0,0,1,\(recovery),1,\(recovery),1,0,,,1,1,1"
        }
        func bars(redisLost: Int) throws -> [CompareBar] {
            let text =
                ([TargetFigures.columns.joined(separator: ",")] + [
                    target("ringmaster", "", lost: 0, recovery: 10),
                    target("redis", "recommended", lost: redisLost, recovery: 20),
                    target("redis", "idempotent", lost: 0, recovery: 20),
                ]).joined(separator: "\n") + "\n"
            var results = try results(own: [1], rival: [1], calibration: [1])
            results.targets = try TargetFigures.read(text, file: "targets.csv")
            return CompareBars.all(results)
        }
        #expect(try bars(redisLost: 3)[5].isMet == true)
        #expect(try bars(redisLost: 0)[5].isMet == false)
        #expect(try bars(redisLost: 0)[3].ratio?.median == 0.5)
    }
}
