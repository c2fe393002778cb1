// report.html of a run: whether the targets were met, the figures, the summary, and then every row.

import Measurement

enum RunReport {
    /// The text of the file.
    static func html(_ run: BenchRun, name: String, figures: [DrawnFigure]) -> String {
        var report = HTMLReport(title: "Ringmaster benchmark: \(name)")
        introduce(run, in: &report)
        if !run.targets.isEmpty { listTargets(run, in: &report) }
        report.beginSection("Figures")
        if figures.isEmpty {
            report.paragraph("No figures were drawn, as gnuplot was not there. bench report DIR draws them later.")
        }
        for drawn in figures {
            report.figure(
                svg: drawn.svg,
                named: drawn.figure.name,
                caption: drawn.figure.caption,
                reproduce: drawn.figure.reproduce
            )
        }
        summarise(run, in: &report)
        discussNoise(run, in: &report)
        listRows(run, in: &report)
        describeMachine(run.machine, in: &report)
        return report.html
    }

    private static func introduce(_ run: BenchRun, in report: inout HTMLReport) {
        report.paragraph(
            "Calls and durable jobs through Ringmaster's public Swift API, calls beside the same work in plain C on libzmq"
                + " and msgpack-c, jobs beside the log's engine, libraft, alone. Both ran in turn on the same machine in the same run, real processes over real sockets; latencies are"
                + " HDR histograms."
        )
        report.note("\(run.machine.date) · \(run.machine.summary)")
        if let command = run.machine.command { report.code(command) }
        for note in run.notes { report.note("Note: \(note)") }
    }

    private static func summarise(_ run: BenchRun, in report: inout HTMLReport) {
        report.beginSection("Summary")
        report.paragraph(
            "Medians of repetitions. The ratio is the median of pairs with minimum and maximum; above 1 is better than raw"
                + " C, for latencies and rates alike."
        )
        for group in SummaryGroup.all(of: run) {
            report.table(
                [
                    .text("what"), .number(group.headings.swift), .number(group.headings.raw),
                    .text(group.headings.ratio),
                ],
                rows: group.rows.map { [.init($0.what), .init($0.swift), .init($0.raw), .init($0.ratio)] },
                caption: group.title
            )
        }
    }

    private static func listTargets(_ run: BenchRun, in report: inout HTMLReport) {
        report.beginSection("Targets")
        let rows = run.targets.map { target -> [HTMLReport.Cell] in
            [
                .init(target.measure), .init(target.bound(target.atLeast)), .init(target.aim.map(target.bound) ?? ""),
                .init(target.measured.map { NumberText.significant($0) } ?? "-"), verdict(target.met),
                .init(target.limit), .init(target.how, .faint),
            ]
        }
        report.table(
            [
                .text("measure"), .number("at least"), .number("aim"), .number("measured"), .text("met"),
                .text("limit, measured beside it"), .text("how it was taken"),
            ],
            rows: rows
        )
    }

    private static func verdict(_ met: TargetRow.Verdict) -> HTMLReport.Cell {
        switch met {
        case .no: .init("no", .bad)
        case .yes: .init("yes", .good)
        case .aim: .init("yes, and the aim", .good)
        case .notMeasured: .init("not measured", .faint)
        }
    }

    /// What the figures can and cannot tell apart.
    private static func discussNoise(_ run: BenchRun, in report: inout HTMLReport) {
        report.beginSection("Noise")
        let spreads = run.spreads
        guard let widest = spreads.max(by: { $0.spread < $1.spread }), let all = Summary(of: spreads.map(\.spread))
        else {
            report.paragraph(
                "Nothing was measured more than once, so this run cannot tell noise from difference; expect 10 % either way."
            )
            return
        }
        let percent = { (share: Double) in "\(NumberText.significant(share * 100, 2)) %" }
        report.paragraph(
            "\(all.count) measurements were repeated. Their minimum and maximum lie \(percent(all.median)) of the median"
                + " apart in the median case, and \(percent(all.max)) in the worst: \(widest.what). Differences below that"
                + " are noise. Client, server and kernel share \(run.machine.cpuCount) CPUs, so that a scheduling decision"
                + " shows in the tail; p99.9 and the maximum are to be read as orders of magnitude."
        )
    }

    private static func listRows(_ run: BenchRun, in report: inout HTMLReport) {
        report.beginSection("All measurements")
        report.note("bench.csv; an empty field was not measured.")
        let textColumns = 3
        let columns = BenchRow.columns.enumerated().map { index, title in
            index < textColumns ? HTMLReport.Column.text(title) : .number(title)
        }
        report.table(columns, rows: run.rows.map { $0.fields.map { .init($0) } })
    }

    private static func describeMachine(_ machine: MachineInfo, in report: inout HTMLReport) {
        report.beginSection("Machine")
        var rows: [[HTMLReport.Cell]] = []
        let facts: [(String, String?)] =
            [
                ("CPU", machine.cpu), ("CPUs", "\(machine.cpuCount)"),
                ("governor", machine.cpuGovernor ?? "not readable"),
                ("memory", NumberText.bytes(Int(clamping: machine.memoryBytes))), ("kernel", machine.kernel),
                ("system", machine.operatingSystem),
                ("commit", machine.commit.map { $0 + (machine.isDirty == true ? ", with changes" : "") }),
            ] + machine.versions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        for case (let name, let value?) in facts { rows.append([.init(name), .init(value)]) }
        report.table([.text("what"), .text("value")], rows: rows)
    }
}

extension BenchRun {
    /// The relative spread of everything that was measured more than once, by its scenario's measure.
    fileprivate var spreads: [(what: String, spread: Double)] {
        Scenario.allCases.filter { $0 != .openLoop }.flatMap { scenario -> [(what: String, spread: Double)] in
            guard let measure = scenario.measure else { return [] }
            return keys(scenario).flatMap { key in
                Variant.allCases.compactMap { variant in
                    guard let summary = summary(key, variant, measure), summary.count > 1 else { return nil }
                    return ("\(variant.title), \(key)", summary.relativeSpread)
                }
            }
        }
    }
}
