import Testing

@testable import ChaosKit

@Suite("Measures of the load")
struct LoadMeasuresTests {
    /// A fault from 1000 to 1200 ms, a round from 1150 to 1300 ms, and an operation of a latency of its own in each stretch.
    private static var run: WrittenRun {
        var run = WrittenRun()
        run.append("a", from: 100, to: 101)
        run.append("b", from: 1000, to: 1002)
        run.append("c", from: 1160, to: 1164)
        run.append("d", from: 1250, to: 1258)
        run.append("e", from: 1310, to: 1326)
        // Under way over the end of the fault.
        run.append("f", from: 1199, to: 1231)
        run.append("g", from: 1400, to: 1464, "fail")
        run.append("h", from: 1500, to: nil)
        run.fault(1, "kill", "w1", from: 1000, to: 1200)
        run.nemesis(1150, "resize-begin", #"{"epoch":2,"mode":"handoff","members":["w1"]}"#)
        run.nemesis(1300, "resize-end", #"{"epoch":2,"outcome":"committed"}"#)
        // At the end, as every key is read: no load.
        run.read("a", from: 1501, to: 9000)
        return run
    }

    @Test func latenciesAreGroupedByWhatWentOnMeanwhile() throws {
        let latencies = try Self.run.measures.latencies
        func counts(_ scope: LatencyScope) -> [Int] {
            let group = latencies[scope]
            return [group.histogram.count, group.failedCount, group.unknownCount]
        }
        #expect(counts(.overall) == [6, 1, 1])
        #expect(counts(.duringFaults) == [3, 0, 0])
        #expect(counts(.outsideFaults) == [3, 1, 1])
        #expect(counts(.duringResizes) == [3, 0, 0])
        #expect(counts(.undisturbed) == [2, 1, 1])
        #expect(counts(.appends) == [6, 1, 1])
        #expect(counts(.reads) == [0, 0, 0])
        #expect(latencies[.overall].histogram.maxNs == ms(32))
        #expect(latencies[.duringFaults].histogram.maxNs == ms(32))
        #expect(latencies[.outsideFaults].histogram.maxNs == ms(16))
        #expect(latencies[.undisturbed].histogram.maxNs == ms(16))
    }

    @Test func aLatencyCountsFromTheIntendedTime() throws {
        var run = WrittenRun()
        run.append("a", from: 500, to: 501, intended: 100)
        let measures = try run.measures
        #expect(measures.latencies[.overall].histogram.maxNs == ms(401))
        #expect(measures.record.isOpenLoop)
        #expect(measures.record.load == TimeSpan(ms(100), ms(500)))
        #expect(try !Self.run.measures.record.isOpenLoop)
    }

    @Test func theReadsAtTheEndAreNoLoad() throws {
        let record = try Self.run.measures.record
        #expect(record.finalReadCount == 1)
        #expect(record.load == TimeSpan(ms(100), ms(1500)))
        #expect(record.operations.all.count == 8)
    }

    @Test func throughputIsCountedInBinsOf100Ms() throws {
        let throughput = try Self.run.measures.throughput
        // From the bin of 100 ms to that of 1500 ms.
        #expect(throughput.bins.count == 15)
        #expect(throughput.bins.map(\.asked) == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1, 1, 1, 1])
        #expect(throughput.bins.map(\.ok) == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 1, 0, 0])
        #expect(throughput.bins.map(\.failed).reduce(0, +) == 1)
        #expect(throughput.bins[13].failed == 1)
        #expect(throughput.bins.map(\.faults) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0])
        #expect(throughput.bins.map(\.rounds) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0])
        #expect(abs(throughput.meanPerSecond - 6 / 1.4) < 1e-9)
    }

    @Test func windowsThatOverlapAreCoveredOnce() throws {
        let cover = TimeCover([TimeSpan(50, 60), TimeSpan(10, 20), TimeSpan(15, 30), TimeSpan(12, 13)])
        #expect(cover.spans == [TimeSpan(10, 30), TimeSpan(50, 60)])
        #expect(cover.coveredNs(of: TimeSpan(25, 55)) == 10)
        #expect(
            [(0, 9), (0, 10), (31, 49), (30, 31), (55, 56), (61, 99)].map { cover.meets(TimeSpan($0, $1)) }
                == [false, true, false, true, true, false]
        )
        let measures = try Self.run.measures
        #expect(measures.faultNs == ms(200))
        #expect(measures.resizeNs == ms(150))
    }

    @Test func countersAreSummedOverProcessesAndNewStarts() throws {
        var run = Self.run
        for (time, process, retries) in [(1.0, "a", 5), (2, "b", 1), (3, "a", 7), (4, "a", 2), (5, "b", 1)] {
            run.nemesis(time, "counters", #"{"process":"\#(process)","retries":\#(retries),"duplicates suppressed":1}"#)
        }
        let measures = try run.measures
        #expect(measures.counter(.retries) == .value(10))
        // Told by "a" before and after its new start, and by "b".
        #expect(measures.counter(.duplicatesSuppressed) == .value(2))
        #expect(measures.counter(.fenced).reason == "no note \"counters\" has it")
    }

    @Test func aNoteThatHoldsSomethingElseIsNamed() throws {
        var run = Self.run
        run.nemesis(1, "view", #"{"epoch":1,"owners":[[0,3,"w1"]]}"#)
        run.nemesis(2, "moved", #"{"slots":1}"#)
        run.nemesis(3, "another", #"{"anything":[1]}"#)
        #expect(try run.measures.record.oddities.count == 2)
    }

    @Test func aHistoryWithoutOperationsHasNoMeasuresAndNoCrash() throws {
        var run = WrittenRun()
        run.fault(1, "kill", "w1", from: 10, to: nil)
        let measures = try run.measures
        #expect(measures.throughput.bins.isEmpty)
        #expect(measures.latencies[.overall].count == 0)
        #expect(measures.recoveries[0].fullRecoveryNs.value == nil)
    }

    @Test func quantilesAreValuesThatWereMeasured() {
        #expect(QuantileLine([]) == nil)
        let line = QuantileLine(Array(1...200))
        #expect(line.map { [$0.p50, $0.p90, $0.p99, $0.max] } == [100, 180, 198, 200])
        #expect(QuantileLine([7]).map { [$0.p50, $0.p90, $0.p99, $0.max] } == [7, 7, 7, 7])
    }
}
