// A run's folder told anew from its history: the measures, the tables, the figures and the page.
//
//     results/<name>/
//         history.jsonl  verdict.json  run.json        what a run leaves; read
//         summary.json  throughput.csv  latency.csv  recoveries.csv  resizes.csv  faults.csv
//         hgrm/*.hgrm  plots/*.svg  plots/*.png  report.html
//
// docs/MEASURES.md defines what stands in them.

import Foundation
import Measurement

/// What a run's folder says of the run.
public struct ChaosReport: Sendable {
    /// The folder's name, which is the run's.
    public let name: String
    public let directory: URL
    /// The history judged anew, so that the report can say nothing that the history does not.
    public let verdict: Verdict
    public let measures: RunMeasures
    public let facts: RunFacts
    /// What a reader should know before believing the rest.
    public private(set) var warnings: [String] = []

    /// Reads a folder. O(bytes of the history), and memory for each of its operations.
    /// - Throws: `ReportError`.
    public init(reading directory: URL) throws(ReportError) {
        self.directory = directory
        name = directory.standardizedFileURL.lastPathComponent
        let path = directory.appending(path: HistoryPlace.historyName).path(percentEncoded: false)
        do {
            let (record, verdict) = try RunRecord.read(path: path)
            self.verdict = verdict
            measures = RunMeasures(record)
        } catch {
            throw .history(error)
        }
        facts = RunFacts(directory)
        warnings = facts.oddities + Array(measures.record.oddities.prefix(ReportLimits.odditiesMax))
        if let written = facts.writtenOutcome, written != verdict.outcome.rawValue {
            warnings.append(
                "verdict.json says \(written), and the history as it is now is \(verdict.outcome.rawValue)"
            )
        }
    }

    /// Writes everything of some formats into the folder, and replaces what is there. Blocks while gnuplot draws.
    /// - Parameter gnuplot: What draws. Where there is none, the report has no figures, and `warnings` says so.
    /// - Returns: The files, and what could not be written.
    /// - Throws: `ReportError.cannotWrite`.
    public func write(
        formats: OutputFormats = .all,
        gnuplot: Result<Gnuplot, GnuplotError> = Result(catching: { () throws(GnuplotError) in try Gnuplot() })
    ) throws(ReportError) -> (files: [URL], warnings: [String]) {
        var folder = ReportFolder(directory)
        if formats.contains(.json) { try folder.write(RunSummary(self).json(), to: "summary.json") }
        if formats.contains(.csv) {
            for (name, table) in RunTables.all(of: measures) { try folder.write(table.text, to: name + ".csv") }
        }
        if !formats.isDisjoint(with: [.csv, .hgrm]) {
            for (name, histogram) in RunTables.histograms(of: measures) {
                try folder.write(PercentileCurve(histogram).hgrm, to: "hgrm/\(name).hgrm")
            }
        }
        let figures = try draw(formats, gnuplot, into: &folder)
        if formats.contains(.html) {
            try folder.write(ReportPage.html(self, figures: figures, warnings: folder.warnings), to: "report.html")
        }
        return (folder.files, warnings + folder.warnings)
    }

    private func draw(
        _ formats: OutputFormats,
        _ gnuplot: Result<Gnuplot, GnuplotError>,
        into folder: inout ReportFolder
    ) throws(ReportError) -> [DrawnFigure] {
        guard !formats.isDisjoint(with: [.svg, .png, .html]) else { return [] }
        let program: Gnuplot
        switch gnuplot {
        case .success(let found): program = found
        case .failure(let error):
            folder.warn("\(error)")
            return []
        }
        let plots = try folder.makeDirectory("plots")
        var drawn: [DrawnFigure] = []
        for figure in RunFigure.all(of: measures, run: name) {
            do throws(GnuplotError) {
                if !formats.isDisjoint(with: [.svg, .html]) {
                    let file = try program.draw(figure.plot, named: figure.name, as: .svg, in: plots)
                    if let svg = try? String(contentsOf: file, encoding: .utf8) {
                        drawn.append(DrawnFigure(figure: figure, svg: svg))
                    }
                    if formats.contains(.svg) { folder.note(file) } else { folder.remove(file) }
                }
                if formats.contains(.png) {
                    folder.note(try program.draw(figure.plot, named: figure.name, as: .png, in: plots))
                }
            } catch {
                folder.warn("\(error)")
            }
        }
        return drawn
    }
}

/// A figure as it stands in a page.
struct DrawnFigure {
    let figure: RunFigure
    let svg: String
}

/// Why a run could not be told.
public enum ReportError: Error, Equatable, CustomStringConvertible {
    /// There is no history, or it is none.
    case history(HistoryError)
    /// A file cannot be written: no permission, no room.
    case cannotWrite(path: String, reason: String)

    public var description: String {
        switch self {
        case .history(let error): "\(error)"
        case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
        }
    }
}
