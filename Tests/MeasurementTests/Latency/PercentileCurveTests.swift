import Testing

@testable import Measurement

@Suite("Percentile curves")
struct PercentileCurveTests {
    private static func recorded() -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for value in 1...10_000 { histogram.record(Int64(value) * 100) }
        return histogram
    }

    @Test func theTextIsHdrHistogramsStandardFormatInMicroseconds() throws {
        let lines = Self.recorded().hgrm.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "       Value     Percentile TotalCount 1/(1-Percentile)")
        #expect(lines[1].isEmpty)
        #expect(lines[2] == "       0.100 0.000000000000          1           1.00")
        let last = try #require(lines.last { !$0.hasPrefix("#") && !$0.isEmpty })
        #expect(last.split(separator: " ").dropFirst() == ["1.000000000000", "10000"])
        let footer = lines.filter { $0.hasPrefix("#[") }.map { $0.prefix(9) }
        #expect(footer == ["#[Mean   ", "#[Max    ", "#[Buckets"])
    }

    @Test func aCurveSaysWhatTheHistogramSays() throws {
        let histogram = Self.recorded()
        let curve = PercentileCurve(histogram)
        #expect(curve.count == 10_000)
        let p50 = try #require(curve.valueUs(atQuantile: 0.5))
        #expect(p50 == Double(histogram.valueNs(atPercentile: 50)) / 1000)
        #expect(curve.points.last?.quantile == 1)
        #expect(curve.points.last?.inverseTail == .infinity)
    }

    @Test func aCurveReadFromItsTextIsTheSame() throws {
        let curve = PercentileCurve(Self.recorded())
        #expect(try PercentileCurve(hgrm: curve.hgrm) == curve)
    }

    @Test func anEmptyHistogramGivesAnEmptyCurve() {
        let curve = PercentileCurve(LatencyHistogram())
        #expect(curve.count == 0)
    }

    @Test(arguments: [
        ("1.0 0.5\n", 1), ("Value Percentile\n\n1.0 0.5 1 2.0\nx 0.6 2 2.5\n", 4), ("1.0 1.5 1\n", 1),
        ("2.0 0.5 1\n1.0 0.6 2\n", 2), ("1.0 0.5 2\n1.0 0.6 1\n", 2), ("-1.0 0.5 2\n", 1), ("nan 0.5 2\n", 1),
    ])
    func aBadLineIsNamed(text: String, line: Int) {
        #expect(throws: HgrmError.self) { try PercentileCurve(hgrm: text) }
        do {
            _ = try PercentileCurve(hgrm: text)
        } catch {
            #expect(error.line == line)
        }
    }
}
