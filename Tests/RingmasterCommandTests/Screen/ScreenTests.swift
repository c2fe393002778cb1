// Columns, percentiles, log lines.

import Testing

@testable import RingmasterCommand

struct ScreenTests {
    @Test
    func columnsAreAsWideAsTheirWidestField() {
        var columns = Columns(["NAME", "N"], numbers: [1])
        columns.add(["a", "100"])
        #expect(columns.lines == ["NAME    N", "a     100"])
    }

    @Test
    func aWindowForgetsTheOldest() {
        var window = LatencyWindow(countMax: 100)
        #expect(window.percentile(0.5) == nil)
        for ms in 1...200 { window.add(.milliseconds(ms)) }
        #expect(window.percentile(0) == .milliseconds(101))
        #expect(window.percentile(0.5) == .milliseconds(150))
        #expect(window.percentile(0.99) == .milliseconds(199))
        #expect(window.percentile(1) == .milliseconds(200))
    }

    @Test
    func logLinesAreOneLineEach() {
        let fields = [("message", "a \"b\"\nc"), ("n", "1")]
        #expect(LogLine.text(fields, .logfmt) == #"message="a \"b\"\nc" n=1"#)
        #expect(LogLine.text(fields, .json) == #"{"message":"a \"b\"\nc","n":"1"}"#)
    }

    @Test
    func aSampleWithoutALeaderSaysSo() {
        let sample = TopSample(
            leader: nil,
            coordinators: [],
            workers: [],
            jobsPerSecond: nil,
            p50: nil,
            p99: nil,
            probeFailures: 0
        )
        #expect(sample.line.hasPrefix("no leader"))
        #expect(sample.lines(columns: 20, rows: 3).allSatisfy { $0.count <= 20 })
        #expect(sample.lines(columns: 80, rows: 3).count <= 2)
    }
}
