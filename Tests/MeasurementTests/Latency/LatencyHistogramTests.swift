import Foundation
import Testing

@testable import Measurement

@Suite("Latency histograms")
struct LatencyHistogramTests {
    @Test func percentilesAreExactToAThousandth() {
        var histogram = LatencyHistogram()
        for value in 1...100_000 { histogram.record(Int64(value) * 1000) }
        for percentile in [0.1, 10, 50, 90, 99, 99.9, 100] {
            let exact = percentile / 100 * 100_000 * 1000
            let error = abs(Double(histogram.valueNs(atPercentile: percentile)) - exact) / exact
            #expect(error <= 0.001, "p\(percentile)")
        }
        #expect(histogram.count == 100_000)
        #expect(abs(histogram.meanNs - 50_000_500) / 50_000_500 < 0.001)
    }

    @Test func theMaximumIsExact() {
        var histogram = LatencyHistogram()
        histogram.record(123_456_789)
        histogram.record(5)
        #expect(histogram.maxNs == 123_456_789)
        #expect(histogram.minNs == 5)
        #expect(histogram.valueNs(atPercentile: 100) == 123_456_789)
    }

    @Test func valuesOutsideTheRangeAreKeptAtItsEndsAndCounted() {
        var histogram = LatencyHistogram()
        for value in [Int64.min, -1, 0, LatencyHistogram.highestNs + 1, .max] { histogram.record(value) }
        histogram.record(1)
        histogram.record(LatencyHistogram.highestNs)
        #expect(histogram.count == 7)
        #expect(histogram.clampedCount == 5)
        #expect(histogram.minNs == 1)
        #expect(histogram.maxNs == LatencyHistogram.highestNs)
    }

    @Test(arguments: [
        (Duration.nanoseconds(1500), Int64(1500), 0), (.seconds(3), 3_000_000_000, 0), (.zero, 1, 1),
        (.nanoseconds(-5), 1, 1), (.seconds(-5), 1, 1), (.seconds(Int64.max), LatencyHistogram.highestNs, 1),
    ])
    func durationsAreRecordedAsNanoseconds(duration: Duration, ns: Int64, clamped: Int) {
        var histogram = LatencyHistogram()
        histogram.record(duration)
        #expect(histogram.maxNs == ns)
        #expect(histogram.clampedCount == clamped)
    }

    @Test func mergingIsRecordingEverythingInOne() {
        var (one, other, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for value in stride(from: Int64(0), to: 5_000_000, by: 997) {
            value % 2 == 0 ? one.record(value) : other.record(value)
            both.record(value)
        }
        one.merge(other)
        #expect(one == both)
        #expect(one.clampedCount == 1)
    }

    @Test func anEmptyHistogramAnswersWithZeros() {
        let histogram = LatencyHistogram()
        #expect(histogram.isEmpty)
        #expect([histogram.minNs, histogram.maxNs, histogram.valueNs(atPercentile: 99)] == [0, 0, 0])
        #expect(histogram.meanNs == 0)
    }

    @Test func removingAllLeavesNothing() {
        var histogram = LatencyHistogram()
        histogram.record(0)
        histogram.removeAll()
        #expect(histogram == LatencyHistogram())
    }

    @Test func whatAChildProcessSendsIsWhatItRecorded() throws {
        var histogram = LatencyHistogram()
        for value in stride(from: Int64(40_000), to: 90_000_000, by: 7919) { histogram.record(value) }
        histogram.record(-1)
        let received = try JSONDecoder().decode(LatencyHistogram.self, from: JSONEncoder().encode(histogram))
        #expect(received == histogram)
        #expect(received.maxNs == histogram.maxNs)
        #expect(received.hgrm == histogram.hgrm)
        let empty = try JSONEncoder().encode(LatencyHistogram())
        #expect(try JSONDecoder().decode(LatencyHistogram.self, from: empty) == LatencyHistogram())
    }

    @Test(arguments: [
        #"{"clamped":0,"values":[1,2],"counts":[1]}"#, #"{"clamped":0,"values":[0],"counts":[1]}"#,
        #"{"clamped":0,"values":[200000000000],"counts":[1]}"#, #"{"clamped":2,"values":[5],"counts":[1]}"#,
        #"{"clamped":-1,"values":[5],"counts":[1]}"#,
        #"{"clamped":0,"values":[5,6],"counts":[18446744073709551615,1]}"#, #"{"values":[5],"counts":[1]}"#,
    ])
    func aMessageThatCannotBeAHistogramIsAnError(json: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(LatencyHistogram.self, from: Data(json.utf8))
        }
    }
}
