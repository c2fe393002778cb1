// A run as a directory. The CSV files, machine.json and hgrm/ hold all of it; the rest can be drawn again from them.
//
//     results/<name>/
//         bench.csv  open-loop.csv  ring.csv  micro.csv  memory.csv  ratios.csv  targets.csv
//         hgrm/*.hgrm  plots/*.svg  plots/*.png  machine.json  notes.txt  run.json  report.html

import Foundation
import Measurement

/// Why a run could not be written or read.
public enum BenchRunError: Error, CustomStringConvertible {
    /// A file cannot be written: no permission, no room.
    case cannotWrite(path: String, reason: String)
    /// A file cannot be read: it is not there, or not allowed.
    case cannotRead(path: String, reason: String)
    /// A table is not as it was written.
    case badTable(CSVError)
    /// A percentile distribution is not as it was written.
    case badLatencies(path: String, HgrmError)
    /// `machine.json` is not as it was written.
    case badMachine(path: String, reason: String)

    public var description: String {
        switch self {
        case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
        case .cannotRead(let path, let reason): "cannot read \(path): \(reason)"
        case .badTable(let error): "\(error)"
        case .badLatencies(let path, let error): "\(path): \(error)"
        case .badMachine(let path, let reason): "\(path) does not describe a machine: \(reason)"
        }
    }
}

/// What was written.
public struct WrittenRun: Sendable {
    /// The files, in the order in which they were written.
    public internal(set) var files: [URL] = []
    /// What could not be written without the run being the worse for it, such as plots without gnuplot; a line each.
    public internal(set) var warnings: [String] = []
}

extension BenchRun {
    private var tables: [(name: String, table: CSVTable, isEmpty: Bool)] {
        [
            ("bench", CSVTable(rows), rows.isEmpty), ("open-loop", CSVTable(openLoop), openLoop.isEmpty),
            ("ring", CSVTable(ring), ring.isEmpty), ("micro", CSVTable(micro), micro.isEmpty),
            ("memory", CSVTable(memory), memory.isEmpty), ("ratios", CSVTable(ratios), ratios.isEmpty),
            ("targets", CSVTable(targets), targets.isEmpty),
        ]
    }

    /// Writes the run into a directory, which is made where it is missing. Files of an earlier run of the same name are
    /// replaced. Blocks while gnuplot draws, some tenths of a second a figure and format.
    ///
    /// - Parameter gnuplot: What draws; by default the gnuplot of this machine. Where there is none, the run is written
    ///   without figures, with a warning.
    /// - Throws: `BenchRunError.cannotWrite`.
    @discardableResult
    public func write(
        to directory: URL,
        formats: OutputFormats = .all,
        gnuplot: Result<Gnuplot, GnuplotError> = Result(catching: { () throws(GnuplotError) in try Gnuplot() })
    ) throws(BenchRunError) -> WrittenRun {
        var output = RunDirectory(directory)
        try output.makeDirectory()
        do {
            try output.write(try machine.json(), to: "machine.json")
        } catch let error as BenchRunError {
            throw error
        } catch {
            throw .cannotWrite(path: "machine.json", reason: "\(error)")
        }
        if formats.contains(.csv) {
            for (name, table, isEmpty) in tables {
                if isEmpty, name != "bench" {
                    try output.removeIfThere("\(name).csv")
                } else {
                    try output.write(Data(table.text.utf8), to: "\(name).csv")
                }
            }
            if notes.isEmpty {
                try output.removeIfThere("notes.txt")
            } else {
                try output.write(Data((notes.joined(separator: "\n") + "\n").utf8), to: "notes.txt")
            }
        }
        if formats.contains(.hgrm) {
            for file in output.files(in: "hgrm", withExtension: "hgrm") { try output.remove(file) }
            for (stem, curve) in latencies.sorted(by: { $0.key < $1.key }) {
                try output.write(Data(curve.hgrm.utf8), to: "hgrm/\(stem).hgrm")
            }
        }
        if formats.contains(.json) { try output.write(json, to: "run.json") }
        let drawn = try draw(into: &output, formats: formats, gnuplot: gnuplot)
        if formats.contains(.html) {
            let html = RunReport.html(self, name: directory.lastPathComponent, figures: drawn)
            try output.write(Data(html.utf8), to: "report.html")
        }
        return output.written
    }

    /// The tables in one file: `{"bench":[{"scenario":"roundtrip",...}],...}`, numbers as numbers, empty fields as null.
    private var json: Data {
        var text: [String] = []
        for (name, table, _) in tables {
            let rows = table.rows.map { fields in
                let pairs = zip(table.header, fields).map { "\(Self.jsonText($0)):\(Self.jsonValue($1))" }
                return "    {" + pairs.joined(separator: ",") + "}"
            }
            text.append("  \(Self.jsonText(name)): [\n" + rows.joined(separator: ",\n") + "\n  ]")
        }
        text.append("  \"notes\": [" + notes.map(Self.jsonText).joined(separator: ",") + "]")
        return Data(("{\n" + text.joined(separator: ",\n") + "\n}\n").utf8)
    }

    private static func jsonValue(_ field: String) -> String {
        if field.isEmpty { return "null" }
        if field == "yes" || field == "no" { return field == "yes" ? "true" : "false" }
        return Double(field).map { $0.isFinite } == true ? field : jsonText(field)
    }

    private static func jsonText(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        guard let data = try? encoder.encode(text) else { preconditionFailure("a text is JSON") }
        return String(decoding: data, as: UTF8.self)
    }

    /// Draws the figures; the SVG text of each that was drawn comes back for the report.
    private func draw(
        into output: inout RunDirectory,
        formats: OutputFormats,
        gnuplot: Result<Gnuplot, GnuplotError>
    ) throws(BenchRunError) -> [DrawnFigure] {
        guard !formats.isDisjoint(with: [.svg, .png, .html]) else { return [] }
        let program: Gnuplot
        switch gnuplot {
        case .success(let found): program = found
        case .failure(let error):
            output.warn("no figures were drawn: \(error)")
            return []
        }
        var drawn: [DrawnFigure] = []
        try output.makeDirectory("plots")
        for figure in BenchFigure.all(of: self) {
            do {
                if !formats.isDisjoint(with: [.svg, .html]) {
                    let file = try program.draw(figure.plot, named: figure.name, as: .svg, in: output.plots)
                    let svg = try output.read(file)
                    drawn.append(DrawnFigure(figure: figure, svg: svg))
                    if formats.contains(.svg) { output.note(file) } else { try output.remove(file) }
                }
                if formats.contains(.png) {
                    output.note(try program.draw(figure.plot, named: figure.name, as: .png, in: output.plots))
                }
            } catch let error as GnuplotError {
                output.warn("\(error)")
            } catch let error as BenchRunError {
                throw error
            } catch {
                throw .cannotRead(path: figure.name, reason: "\(error)")
            }
        }
        return drawn
    }
}
