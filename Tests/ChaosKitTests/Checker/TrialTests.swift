// A share of the checker's trials. `swift run -c release history-trials` runs a million.

import ChaosKit
import HistoryTrials
import Testing

struct TrialTests {
    private let trials = Trials(seed: 20_001)

    @Test func nothingIsFoundInValidHistories() throws {
        var operations = 0
        for trial in 0..<6000 { operations += try trials.validHistory(trial) }
        #expect(operations > 60_000, "histories of next to nothing show nothing")
    }

    @Test func everyPlantedAnomalyIsFoundByNameAndLines() throws {
        var planted: [AnomalyKind: Int] = [:]
        for trial in 0..<6600 { if let kind = try trials.plantedAnomaly(trial) { planted[kind, default: 0] += 1 } }
        for kind in AnomalyKind.allCases {
            #expect(planted[kind, default: 0] >= 40, "\(kind.rawValue) was hardly planted")
        }
    }

    @Test func aBruteForceSearchAgrees() throws {
        var opinions: [Bool?: Int] = [:]
        for trial in 0..<8000 { opinions[try trials.secondOpinion(trial), default: 0] += 1 }
        #expect(opinions[true, default: 0] > 4000)
        #expect(opinions[false, default: 0] > 1000)
        #expect(opinions[nil, default: 0] < 200)
    }

    @Test func theBruteForceSearchKnowsRightFromWrong() {
        let history = { (list: [Int64]) in
            [
                HistoryEvent(timeNs: 0, .append(.invoke, by: 1, key: "x", value: 1)),
                HistoryEvent(timeNs: 1, .append(.ok, by: 1, key: "x", value: 1, position: 0)),
                HistoryEvent(timeNs: 2, .read(.invoke, by: 2, key: "x")),
                HistoryEvent(timeNs: 3, .read(.ok, by: 2, key: "x", list: list)),
            ]
        }
        #expect(BruteForceChecker.isLinearizable(history([1])))
        #expect(!BruteForceChecker.isLinearizable(history([])))
    }

    /// A history that is cut off shows less, but nothing that is not so.
    @Test func theFrontOfAValidHistoryShowsNoAnomaly() throws {
        for trial in 0..<40 {
            var random = SplitMix64(seed: 20_002, trial: trial)
            var shape = RunShape.small(&random)
            shape.hasNemesis = true
            let lines = Judging.lines(SimulatedRun.events(shape, random))
            for _ in 0..<10 {
                let front = Array(lines.prefix(Int.random(in: 0...lines.count, using: &random)))
                let verdict = try HistoryChecker.check(HistoryReader(front))
                #expect(verdict.anomalies.isEmpty, "\(String(decoding: front, as: UTF8.self))")
            }
        }
    }
}
