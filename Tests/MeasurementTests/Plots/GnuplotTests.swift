import Foundation
import Testing

@testable import Measurement

@Suite("Plots")
struct GnuplotTests {
    private static let plot = Plot(
        title: "It's 100 % \"quoted\" {not} _enhanced_",
        subtitle: "sub",
        panels: [
            Panel(
                title: "left",
                x: Axis("x", scale: .log2, ticks: [(1, "1 %"), (2, "it's")]),
                y: .logarithmic("y", over: [1, 100]),
                series: [
                    Series("a", [.init(x: 1, y: 1, low: 0.9, high: 1.1), .init(x: 2, y: 50)], colour: .blue),
                    Series("none", [], colour: .green),
                ]
            ),
            Panel(
                title: "right",
                x: .linear("ratio", upTo: 4),
                bars: [Bar("bar", value: 1.5, low: 1.4, high: 1.6, atLeast: 1, aim: 4, colour: .green)]
            ),
        ]
    )

    @Test(.enabled(if: (try? Gnuplot()) != nil), arguments: Gnuplot.Format.allCases)
    func aFigureIsDrawnWhateverItsTextsHold(format: Gnuplot.Format) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "it's plots \(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = try Gnuplot().draw(Self.plot, named: "figure", as: format, in: directory)
        let data = try Data(contentsOf: file)
        switch format {
        case .png: #expect(data.starts(with: [0x89, 0x50, 0x4E, 0x47]))
        case .svg:
            let text = String(decoding: data, as: UTF8.self)
            #expect(
                text.contains("100 % &quot;quoted&quot; {not} _enhanced_") || text.contains("100 % \"quoted\" {not}")
            )
            #expect(text.contains("</svg>"))
        }
    }

    @Test(.enabled(if: (try? Gnuplot()) != nil))
    func aDirectoryThatIsNotThereIsAnError() {
        let directory = URL(filePath: "/nonexistent/\(UUID().uuidString)")
        #expect(throws: GnuplotError.self) {
            try Gnuplot().draw(Self.plot, named: "figure", as: .svg, in: directory)
        }
    }

    @Test func aMissingGnuplotIsNamedWithItsRemedy() {
        #expect(throws: GnuplotError.notFound) { try Gnuplot(searching: "/nonexistent:/dev") }
        #expect(throws: GnuplotError.notFound) { try Gnuplot(searching: nil) }
        #expect("\(GnuplotError.notFound)".contains("apt-get install gnuplot-nox"))
    }

    @Test func legendEntriesStandApartAndOnThePage() {
        let series = (0..<14).map { Series("a series with a name, \($0)", [], colour: .cycling($0)) }
        let layout = PlotLayout(Plot(title: "t", panels: [Panel(x: Axis("x"), y: Axis("y"), series: series)]))
        #expect(layout.legend.count == 14)
        for (one, other) in zip(layout.legend, layout.legend.dropFirst()) {
            #expect(one.x >= 0 && one.x < PlotLayout.width)
            #expect(one.y > other.y || one.x + 37 + 8 * Double(one.entry.title.count) < other.x)
        }
        #expect(layout.frames.allSatisfy { frame in layout.legend.allSatisfy { $0.y + 40 < frame.bottom } })
    }

    @Test func seriesOfOneNameShareALegendEntry() {
        let panel = Panel(x: Axis("x"), y: Axis("y"), series: [Series("same", [], colour: .blue)])
        #expect(PlotLayout(Plot(title: "t", panels: [panel, panel])).legend.count == 1)
    }
}

@Suite("Axes")
struct AxisTests {
    @Test(arguments: [[65.0, 70], [1, 1000], [0.5, 3e8], [20, 20]])
    func aLogarithmicAxisHasAFewRoundTicksWithinItsEnds(values: [Double]) throws {
        let axis = Axis.logarithmic("x", over: values)
        let (lower, upper) = (try #require(axis.lower), try #require(axis.upper))
        #expect(values.allSatisfy { lower < $0 && $0 < upper })
        let ticks = try #require(axis.ticks)
        #expect(ticks.count <= 10)
        #expect(ticks.allSatisfy { (lower...upper).contains($0.value) })
    }

    @Test func nothingToShowIsAPlainAxis() {
        #expect(Axis.logarithmic("x", over: [0, -1]).ticks == nil)
        #expect(Axis.linear("x", upTo: 0).ticks == nil)
    }

    @Test func latencyTicksHaveTheUnitThatSuits() {
        let texts = Axis.latency("t", overUs: [0.05, 5_000_000]).ticks?.map(\.text)
        #expect(texts == ["100 ns", "1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"])
    }

    @Test(arguments: [0.37, 4.2, 95, 2_800_000])
    func aLinearAxisHasAFewEvenTicksFromZero(highest: Double) throws {
        let ticks = try #require(Axis.linear("x", upTo: highest).ticks)
        #expect(ticks.first?.value == 0)
        #expect((4...10).contains(ticks.count))
    }
}
