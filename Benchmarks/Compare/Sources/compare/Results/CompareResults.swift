// A run as a directory: compare.csv, systems.csv, machine.json and failures.txt hold all of it, and targets.csv what chaos runs add;
// bars, plots and report are made from them.

import Foundation
import Measurement

struct CompareResults {
    var machine: MachineInfo
    var systems: [SystemRow]
    var rows: [CompareRow]
    /// What could not be measured, or went wrong.
    var failures: [String]
    /// Of chaos runs, where their table was put beside it.
    var targets: [TargetFigures] = []

    init(machine: MachineInfo, systems: [SystemRow], rows: [CompareRow], failures: [String]) {
        self.machine = machine
        self.systems = systems
        self.rows = rows
        self.failures = failures
    }

    /// Reads a run that was written.
    init(reading directory: URL) throws {
        func text(_ name: String) throws -> String {
            try String(contentsOf: directory.appending(path: name), encoding: .utf8)
        }
        machine = try JSONDecoder().decode(MachineInfo.self, from: Data(text("machine.json").utf8))
        systems = try SystemRow.read(text("systems.csv"), file: "systems.csv")
        rows = try CompareRow.read(text("compare.csv"), file: "compare.csv")
        failures = ((try? text("failures.txt")) ?? "").split(separator: "\n").map(String.init)
        if let table = try? text("targets.csv") { targets = try TargetFigures.read(table, file: "targets.csv") }
    }

    /// Writes all of it, replacing an earlier run.
    /// - Returns: What could not be drawn.
    func write(to directory: URL) throws -> [String] {
        let plots = directory.appending(path: "plots")
        try FileManager.default.createDirectory(at: plots, withIntermediateDirectories: true)
        func write(_ data: Data, _ name: String) throws {
            try data.write(to: directory.appending(path: name), options: .atomic)
        }
        try write(machine.json(), "machine.json")
        try write(Data(CSVTable(systems).text.utf8), "systems.csv")
        try write(Data(CSVTable(rows).text.utf8), "compare.csv")
        var bars = CSVTable(header: CompareBar.columns)
        for bar in CompareBars.all(self) { bars.append(bar.fields) }
        try write(Data(bars.text.utf8), "bars.csv")
        let failuresFile = directory.appending(path: "failures.txt")
        try? FileManager.default.removeItem(at: failuresFile)
        if !failures.isEmpty { try write(Data((failures.joined(separator: "\n") + "\n").utf8), "failures.txt") }
        var drawn: [(figure: CompareFigure, svg: String)] = []
        var warnings: [String] = []
        do {
            let gnuplot = try Gnuplot()
            for figure in CompareFigure.all(of: self) {
                let file = try gnuplot.draw(figure.plot, named: figure.name, as: .svg, in: plots)
                drawn.append((figure, try String(contentsOf: file, encoding: .utf8)))
                _ = try gnuplot.draw(figure.plot, named: figure.name, as: .png, in: plots)
            }
        } catch {
            warnings.append("not all figures were drawn: \(error)")
        }
        try write(Data(CompareReport.html(self, drawn).utf8), "report.html")
        return warnings
    }
}
