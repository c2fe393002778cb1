import Testing

@testable import Measurement

@Suite("Text tables")
struct TextTableTests {
    @Test func numbersStandRightAndTextsLeft() {
        var table = TextTable([.init("what", .left), .init("rate", .right)])
        table.append(["a", "1,000"])
        table.beginGroup("more")
        table.append(["long", "7"])
        #expect(
            table.text == """
                what   rate
                ───────────
                a     1,000
                more
                long      7

                """
        )
    }

    @Test func theFirstColumnGivesWayToTheWidth() {
        var table = TextTable([.init("what", .left), .init("rate", .right)], lineWidthMax: 20)
        table.append([String(repeating: "x", count: 60), "1,000"])
        let widths = table.text.split(separator: "\n").map(\.count)
        #expect(widths.allSatisfy { $0 <= 20 })
        #expect(table.text.contains("xxx…  1,000"))
    }
}
