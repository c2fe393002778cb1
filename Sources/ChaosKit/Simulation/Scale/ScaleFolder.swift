// A folder of `chaos scale`.
//
//     results/<name>/
//         rest.csv  resizes.csv  traffic.csv  machine.json  plots/*.svg  plots/*.png  report.html

import Foundation
import Measurement

/// Writes measurements of clusters.
public enum ScaleFolder {
    /// Writes everything of some formats, and replaces what is there. Blocks while gnuplot draws; without gnuplot there are no plots.
    /// - Returns: what could not be drawn, and why.
    public static func write(
        _ measurements: [ScaleMeasurement],
        on machine: MachineInfo,
        to path: String,
        formats: OutputFormats = .all
    ) throws(ScaleError) -> [String] {
        let directory = URL(filePath: path)
        let tables = ScaleTables(measurements)
        do {
            let plots = directory.appending(path: "plots")
            try FileManager.default.createDirectory(at: plots, withIntermediateDirectories: true)
            try machine.json().write(to: directory.appending(path: "machine.json"))
            if formats.contains(.csv) {
                for (name, table) in [("rest", tables.rest), ("resizes", tables.resizes), ("traffic", tables.traffic)] {
                    try Data(table.text.utf8).write(to: directory.appending(path: "\(name).csv"))
                }
            }
            guard !formats.isDisjoint(with: [.svg, .png, .html]) else { return [] }
            return try draw(ScaleFigures(measurements, on: machine), tables, formats, plots, directory)
        } catch {
            throw .cannotWrite("\(path): \(error)")
        }
    }

    private static func draw(
        _ figures: ScaleFigures,
        _ tables: ScaleTables,
        _ formats: OutputFormats,
        _ plots: URL,
        _ directory: URL
    ) throws -> [String] {
        let gnuplot: Gnuplot
        do throws(GnuplotError) { gnuplot = try Gnuplot() } catch { return ["\(error)"] }
        var report = HTMLReport(title: "Clusters of growing size")
        report.beginSection("Figures")
        for figure in figures.all {
            if formats.contains(.png) { try gnuplot.draw(figure.plot, named: figure.name, as: .png, in: plots) }
            guard !formats.isDisjoint(with: [.svg, .html]) else { continue }
            let file = try gnuplot.draw(figure.plot, named: figure.name, as: .svg, in: plots)
            report.figure(
                svg: try String(contentsOf: file, encoding: .utf8),
                named: figure.name,
                caption: figure.caption
            )
            if !formats.contains(.svg) { try FileManager.default.removeItem(at: file) }
        }
        for (title, table) in [("At rest", tables.rest), ("Resizes", tables.resizes)] {
            report.beginSection(title)
            report.table(
                table.header.map { $0 == "event" ? .text($0) : .number($0) },
                rows: table.rows.map { $0.map { HTMLReport.Cell($0) } }
            )
        }
        if formats.contains(.html) {
            try Data(report.html.utf8).write(to: directory.appending(path: "report.html"))
        }
        return []
    }
}
