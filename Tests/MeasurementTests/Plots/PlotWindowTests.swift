import Testing

@testable import Measurement

@Suite("Windows and boxes")
struct PlotWindowTests {
    private func script(_ panel: Panel) -> String {
        GnuplotScript.text(Plot(title: "t", panels: [panel]), terminal: .png, output: "x.png")
    }

    @Test func windowsAreShadedWithinTheAxisAndLabelledWhereThereIsRoom() {
        let windows = [0.0, 0.01, 5, 200].map {
            PlotWindow("fault", label: "at \($0)", begin: $0, end: $0 + 1, colour: .vermillion)
        }
        let axis = Axis("x", lower: 0.5, upper: 10)
        let text = script(Panel(x: axis, y: Axis("y"), series: [], windows: windows))
        // The one outside is not drawn; of the first two, which begin at the same place, one is labelled.
        #expect(text.components(separatedBy: " behind ").count == 4)
        #expect(text.contains("'at 0.0'") && !text.contains("'at 0.01'") && text.contains("'at 5.0'"))
        #expect(!text.contains("at 200.0"))
        #expect(text.contains("from first 0.5, graph 0 to first 1.0, graph 1 behind"))
    }

    @Test func boxesAreGivenByTheirMiddlesAndEnds() {
        let series = BoxSeries("a", [.init(x: 0...2, y: 4...8)], colour: .blue, isPale: true)
        let text = script(Panel(x: Axis("x"), y: Axis("y"), boxes: [series]))
        #expect(text.contains("1.0 6.0 0.0 2.0 4.0 8.0"))
        #expect(text.contains("boxxyerror") && text.contains("solid 0.4"))
    }

    @Test func boxesAndWindowsHaveLegendEntriesOnce() {
        let window = PlotWindow("fault", begin: 0, end: 1, colour: .vermillion)
        let series = BoxSeries("worker", [], colour: .blue)
        let panel = Panel(x: Axis("x"), y: Axis("y"), boxes: [series], windows: [window, window])
        let titles = PlotLayout(Plot(title: "t", panels: [panel])).legend.map(\.entry.title)
        #expect(titles == ["worker", "fault"])
    }
}
