import Testing

@testable import Measurement

@Suite("Blocks of reports")
struct HTMLBlocksTests {
    @Test func blocksEscapeTheirTexts() {
        var report = HTMLReport(title: "t")
        report.banner("<b>", "<i>", .bad)
        report.cards([.init("<1>", "<2>", note: "<3>", .good)])
        report.list(["<li2>"])
        report.beginSubsection("<h>", anchor: "\"x")
        let html = report.html
        for text in ["<b>", "<i>", "<1>", "<2>", "<3>", "<li2>", "<h>", "id=\"\"x"] {
            #expect(!html.contains(text), "\(text)")
        }
        #expect(html.contains("<div class=\"banner bad\"><strong>&lt;b&gt;</strong>&lt;i&gt;</div>"))
    }

    @Test func aCellLeadsToItsSection() {
        var report = HTMLReport(title: "t")
        report.beginSection("Faults", anchor: "faults")
        report.table([.text("fault")], rows: [[.init("one", to: "fault-1")]])
        report.beginSubsection("Fault 1", anchor: "fault-1", back: ("all", "faults"))
        #expect(report.html.contains("<td><a href=\"#fault-1\">one</a></td>"))
        #expect(report.html.contains("<h3 id=\"fault-1\">Fault 1 <a href=\"#faults\">all</a></h3>"))
    }
}
