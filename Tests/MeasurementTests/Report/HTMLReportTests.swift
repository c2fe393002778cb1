import Testing

@testable import Measurement

@Suite("HTML reports")
struct HTMLReportTests {
    private static let svg = """
        <?xml version="1.0"?>
        <svg width="960" height="540" viewBox="0 0 960 540" xmlns="http://www.w3.org/2000/svg"
         xmlns:xlink="http://www.w3.org/1999/xlink">
        <rect fill="#ffffff"/><circle id='p0' r='1'/><use xlink:href='#p0' id="q"/>
        <path stroke='rgb( 43,  47,  54)'/><g fill="rgb(43,47,54)"/><path stroke="rgb(223, 226, 231)"/>
        <path stroke='rgb(213,  94,   0)'/></svg>
        """

    @Test func textsAreEscaped() {
        var report = HTMLReport(title: "a < b & \"c\"")
        report.paragraph("<script>alert(1)</script>")
        report.table([.text("<i>")], rows: [["<b>"]])
        let html = report.html
        #expect(html.contains("<title>a &lt; b &amp; &quot;c&quot;</title>"))
        #expect(!html.contains("<script"))
        #expect(!html.contains("<b>") && !html.contains("<i>"))
    }

    @Test func nothingOutsideIsReferredTo() {
        var report = HTMLReport(title: "t")
        report.figure(svg: Self.svg, named: "one", caption: "c", reproduce: "swift run bench")
        let html = report.html
        for reference in ["http:", "https:", "src=", "@import", "url(", "<link"] {
            #expect(!html.contains(reference), "\(reference)")
        }
    }

    @Test func twoFiguresDoNotShareIdentifiers() {
        let one = SVGFigure.inline(Self.svg, named: "one", label: "")
        let two = SVGFigure.inline(Self.svg, named: "two", label: "")
        #expect(one.contains("id='one-p0'") && one.contains("href='#one-p0'") && one.contains("id=\"one-q\""))
        #expect(two.contains("id='two-p0'") && !two.contains("one-"))
    }

    @Test func paperInkAndGridAreThePagesAndDataKeepTheirColours() {
        let figure = SVGFigure.inline(Self.svg, named: "f", label: "l")
        #expect(figure.contains("<rect fill=\"var(--paper)\"/>"))
        #expect(figure.contains("<path stroke=\"var(--ink)\"/><g fill=\"var(--ink)\"/>"))
        #expect(figure.contains("<path stroke=\"var(--grid)\"/>"))
        #expect(figure.contains("stroke='rgb(213,  94,   0)'"))
        #expect(figure.hasPrefix("<svg role=\"img\" aria-label=\"l\""))
    }

    @Test func bothLightAndDarkHaveColours() {
        #expect(HTMLReport(title: "t").html.contains("prefers-color-scheme: dark"))
    }

    @Test func sectionsAreListed() {
        var report = HTMLReport(title: "t")
        report.beginSection("First & last")
        #expect(report.html.contains("<a href=\"#s1\">First &amp; last</a>"))
        #expect(report.html.contains("<h2 id=\"s1\">First &amp; last</h2>"))
    }
}
