import Testing

@testable import Measurement

@Suite("Numbers as text")
struct NumberTextTests {
    @Test(arguments: [
        (0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567"), (Int.min, "-9,223,372,036,854,775,808"),
    ])
    func thousandsAreSeparated(value: Int, text: String) {
        #expect(NumberText.grouped(value) == text)
    }

    @Test(arguments: [
        (0.0, "0"), (65.234, "65.2"), (0.87, "0.870"), (999.6, "1,000"), (1_234_567, "1,230,000"), (9.999, "10.0"),
        (-0.012345, "-0.0123"), (.infinity, "∞"), (.nan, "-"), (1e-305, "0"), (1e300, "9,223,372,036,854,775,807"),
    ])
    func threeSignificantDigitsAreShown(value: Double, text: String) {
        #expect(NumberText.significant(value) == text)
    }

    @Test func moreDigitsThanTheThousandsKeepTheirDecimals() {
        #expect(NumberText.significant(1234.5678, 6) == "1,234.57")
    }

    @Test(arguments: [
        (0.87, "870 ns"), (65.2, "65.2 µs"), (999.4, "999 µs"), (999.7, "1.00 ms"), (1200, "1.20 ms"),
        (3_400_000, "3.40 s"), (0, "0 ns"),
    ])
    func latenciesHaveTheUnitThatSuits(us: Double, text: String) {
        #expect(NumberText.microseconds(us) == text)
    }

    @Test(arguments: [
        (0, "0 B"), (64, "64 B"), (1023, "1020 B"), (1024, "1 KiB"), (1_572_864, "1.5 MiB"), (1 << 40, "1 TiB"),
    ])
    func sizesHaveBinaryUnits(count: Int, text: String) {
        #expect(NumberText.bytes(count) == text)
    }

    @Test(arguments: [(950.0, "950"), (15_300, "15.3 k"), (1_200_000, "1.2 M"), (0, "0"), (-2e9, "-2 G")])
    func ratesAreShortened(value: Double, text: String) {
        #expect(NumberText.short(value) == text)
    }

    /// What the files hold is what is kept in memory: rounding twice changes nothing, and text reads as the number.
    @Test func aRoundedNumberSurvivesItsText() {
        var state: UInt64 = 42
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let magnitude = Double(Int(state >> 59)) - 12
            var value = Double(state >> 11) / Double(1 << 53)
            for _ in 0..<abs(Int(magnitude)) { value = magnitude < 0 ? value / 10 : value * 10 }
            let rounded = NumberText.rounded(value, significant: 6)
            #expect(NumberText.rounded(rounded, significant: 6) == rounded)
            #expect(Double(NumberText.trimmed(rounded)) == rounded)
            #expect(abs(rounded - value) <= abs(value) * 5.1e-6)
        }
    }
}
