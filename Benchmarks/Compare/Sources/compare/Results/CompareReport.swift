// report.html of a comparison.

import Alternatives
import Measurement

enum CompareReport {
    static func html(_ results: CompareResults, _ figures: [(figure: CompareFigure, svg: String)]) -> String {
        var report = HTMLReport(title: "Ringmaster and its alternatives")
        report.paragraph(
            "The same work on each system, set up as its own documentation recommends for it: calls are an echo by a worker; a"
                + " job appends a value to a key and is acknowledged when its effect is as durable as the system makes it. All ran in"
                + " turn on the same machine in the same run, each with one client process driven by the same load."
        )
        report.note("\(results.machine.date) · \(results.machine.summary)")
        if let command = results.machine.command { report.code(command) }
        for failure in results.failures { report.note("Not as it should be: \(failure)") }
        report.beginSection("Figures")
        for (figure, svg) in figures { report.figure(svg: svg, named: figure.name, caption: figure.caption) }
        describeSystems(results, &report)
        listBars(results, &report)
        listFigures(results, &report)
        return report.html
    }

    private static func describeSystems(_ results: CompareResults, _ report: inout HTMLReport) {
        report.beginSection("What they promise")
        report.paragraph(
            "Lines: what a user writes for the worker's side of the service, without empty lines and comments; starting servers is"
                + " not counted."
        )
        for work in Work.allCases {
            let rows = results.systems.filter { $0.work == work }.map { system in
                let lines = system.lines.map(String.init) ?? "–"
                return [
                    system.system + (system.isCalibration ? " (calibration)" : ""), system.version,
                    system.delivery.rawValue, system.isSynced ? "synchronised" : "no", "\(system.replicas)", lines,
                    system.settings, system.promise,
                ].map { HTMLReport.Cell($0) }
            }
            guard !rows.isEmpty else { continue }
            report.table(
                [
                    .text("system"), .text("version"), .text("delivery"), .text("disk before the answer"),
                    .number("replicas"), .number("lines"), .text("settings"), .text("promise"),
                ],
                rows: rows,
                caption: work.rawValue
            )
        }
    }

    private static func listBars(_ results: CompareResults, _ report: inout HTMLReport) {
        report.beginSection("What is to be reached")
        report.table(
            CompareBar.columns.map { .text($0) },
            rows: CompareBars.all(results).map { $0.fields.map { HTMLReport.Cell($0) } },
            caption: "Ringmaster's figure over that of the best of the others"
        )
    }

    private static func listFigures(_ results: CompareResults, _ report: inout HTMLReport) {
        report.beginSection("Measurements")
        report.paragraph(
            "Medians of rounds. The last column says how many times the rate, or at one in flight and at fixed times how"
                + " many times as quick at the median, Ringmaster is: median, least and greatest of the rounds. Above 1 is"
                + " for Ringmaster, below 1 for the other."
        )
        for group in CompareTable.groups(results.rows) {
            report.table(
                CompareTable.columns.map { $0.isText ? .text($0.title) : .number($0.title) },
                rows: group.lines.map { $0.map { HTMLReport.Cell($0) } },
                caption: group.title
            )
        }
    }
}
