// report.html of a run: the verdict in words, the figures, each fault with the worst recovery first, and how to make the run
// again.

import Measurement

enum ReportPage {
    /// The text of the file.
    static func html(_ report: ChaosReport, figures: [DrawnFigure], warnings: [String]) -> String {
        let target = report.facts.target
        let subject = target.map { "Chaos run of \($0.name), \($0.service)" } ?? "Ringmaster chaos run"
        var page = HTMLReport(title: "\(subject): \(report.name)")
        VerdictWords(report.verdict, report.measures, failures: report.facts.failures, target: target).tell(in: &page)
        if let target { tell(target, in: &page) }
        for warning in report.warnings + warnings { page.note("Note: \(warning).") }
        glance(report.measures, in: &page)
        replay(report, in: &page)
        page.beginSection("Figures", anchor: "figures")
        if figures.isEmpty {
            page.paragraph("No figures were drawn. chaos report DIR draws them where gnuplot is there.")
        }
        for drawn in figures {
            page.figure(svg: drawn.svg, named: drawn.figure.name, caption: drawn.figure.caption)
        }
        FaultPages(report.measures).tell(in: &page)
        ResizePages(report.measures).tell(in: &page)
        latencies(report.measures, in: &page)
        counters(report.measures, in: &page)
        notMeasured(report.measures, in: &page)
        settings(report.facts, in: &page)
        return page.html
    }

    /// What was tried, where that is not Ringmaster.
    private static func tell(_ target: RunTarget, in page: inout HTMLReport) {
        page.beginSection("What was tried", anchor: "target")
        page.paragraph("\(target.version). \(target.settings).")
        page.paragraph("Its clients may rely on: \(target.promise).")
    }

    /// The few figures that a run is known by.
    private static func glance(_ measures: RunMeasures, in page: inout HTMLReport) {
        let overall = measures.latencies[.overall]
        let histogram = overall.histogram
        let recoveries = QuantileLine(measures.recoveriesNs)
        let silences = QuantileLine(measures.recoveries.flatMap { $0.unavailabilityNs.value ?? [] }.sorted())
        let moved = QuantileLine(measures.resizes.flatMap { $0.movedPausesNs.value ?? [] }.sorted())
        let acknowledged = overall.count > 0 ? Double(histogram.count) / Double(overall.count) * 100 : 0
        var cards = [
            HTMLReport.Card(
                NumberText.significant(measures.throughput.meanPerSecond) + "/s",
                "acknowledged",
                note: "over \(duration(measures.record.load.lengthNs)) of load"
            )
        ]
        if !histogram.isEmpty {
            cards.append(.init(duration(histogram.valueNs(atPercentile: 50)), "median latency"))
            cards.append(
                .init(
                    duration(histogram.valueNs(atPercentile: 99)),
                    "99th percentile of latency",
                    note: outside(measures)
                )
            )
        }
        cards.append(
            .init(
                NumberText.significant(acknowledged, 4) + " %",
                "of operations acknowledged",
                note:
                    "\(NumberText.grouped(overall.failedCount)) failed, \(NumberText.grouped(overall.unknownCount)) unknown"
            )
        )
        if let recoveries {
            cards.append(.init(duration(recoveries.p50), "median recovery", note: "of \(recoveries.count) faults"))
            cards.append(.init(duration(recoveries.max), "worst recovery", note: "p99 \(duration(recoveries.p99))"))
        }
        if let silences {
            cards.append(
                .init(duration(silences.max), "longest silence of a slot", note: "median \(duration(silences.p50))")
            )
        }
        if let moved {
            cards.append(.init(duration(moved.p99), "p99 pause of moved keys", note: "median \(duration(moved.p50))"))
        }
        page.cards(cards)
    }

    private static func outside(_ measures: RunMeasures) -> String {
        let quiet = measures.latencies[.outsideFaults].histogram
        return quiet.isEmpty ? "" : "\(duration(quiet.valueNs(atPercentile: 99))) outside faults"
    }

    private static func replay(_ report: ChaosReport, in page: inout HTMLReport) {
        page.beginSection("Make this run again", anchor: "replay")
        if let replay = report.facts.replay(in: "results/\(report.name)") {
            page.code(replay)
            page.note(
                "The seed" + (report.facts.seed.map { ", \($0)," } ?? "")
                    + " fixes the schedule of faults, resizes and load."
                    + " When exactly a process is hit in the middle of what it does is up to the machine."
            )
        } else {
            page.paragraph("run.json does not say with which seed and settings it was made.")
        }
    }

    private static func latencies(_ measures: RunMeasures, in page: inout HTMLReport) {
        page.beginSection("Latencies", anchor: "latencies")
        page.paragraph(
            "From the time at which an operation was meant to be asked to its acknowledgement. An operation counts as during"
                + " a fault or resize if it was under way at any time of it. Verified faults were on for"
                + " \(share(measures.faultNs, measures)) of the load's time, resizes for \(share(measures.resizeNs, measures))."
        )
        let rows = LatencyScope.allCases.map { scope -> [HTMLReport.Cell] in
            let group = measures.latencies[scope]
            let histogram = group.histogram
            let quantiles = [50, 90, 99, 99.9].map {
                histogram.isEmpty ? "–" : duration(histogram.valueNs(atPercentile: $0))
            }
            return [.init(scope.title)] + ([NumberText.grouped(histogram.count)] + quantiles).map { .init($0) }
                + [.init(histogram.isEmpty ? "–" : duration(histogram.maxNs))]
                + [group.failedCount, group.unknownCount].map { .init(NumberText.grouped($0)) }
        }
        page.table(
            [
                .text("operations"), .number("acknowledged"), .number("p50"), .number("p90"), .number("p99"),
                .number("p99.9"), .number("max"), .number("failed"), .number("unknown"),
            ],
            rows: rows
        )
    }

    private static func share(_ ns: Int64, _ measures: RunMeasures) -> String {
        let load = measures.record.load.lengthNs
        return load > 0 ? "\(NumberText.significant(Double(ns) / Double(load) * 100)) %" : "none"
    }

    private static func counters(_ measures: RunMeasures, in page: inout HTMLReport) {
        page.beginSection("Sent again, suppressed, fenced", anchor: "counters")
        let rows = RunCounter.allCases.map { counter -> [HTMLReport.Cell] in
            switch measures.counter(counter) {
            case .value(let total): [.init(counter.title), .init(NumberText.grouped(Int(total)))]
            case .missing: [.init(counter.title), .init("not told", .faint)]
            }
        }
        page.table([.text("what"), .number("how often")], rows: rows)
        guard let cost = measures.suiteCost.value else { return }
        page.paragraph(
            "The load generators and the recorder took \(NumberText.microseconds(cost.perOperationNs / 1e3)) of processor time for each operation,"
                + " the client library included."
        )
    }

    private static func notMeasured(_ measures: RunMeasures, in page: inout HTMLReport) {
        var cases: [String: [String]] = [:]
        for recovery in measures.recoveries {
            let reasons = [recovery.detectionNs, recovery.recoveryNs, recovery.fullRecoveryNs].compactMap(\.reason)
            for reason in Set(reasons) { cases[reason, default: []].append("fault \(recovery.fault.id)") }
        }
        for resize in measures.resizes {
            let reasons = [resize.lengthNs, resize.untilCommitNs, resize.movedBytes].compactMap(\.reason)
            for reason in Set(reasons + [resize.movedPausesNs.reason].compactMap(\.self)) {
                cases[reason, default: []].append("epoch \(resize.round.epoch)")
            }
        }
        let counters = RunCounter.allCases.filter { measures.counter($0).value == nil }
        if !counters.isEmpty { cases["no note \"counters\" has it"] = counters.map(\.title) }
        guard !cases.isEmpty else { return }
        page.beginSection("Not measured", anchor: "not-measured")
        page.list(
            cases.sorted { $0.key < $1.key }.map { reason, which in
                let named = which.prefix(12).joined(separator: ", ")
                return "\(named)\(which.count > 12 ? " and \(which.count - 12) more" : ""): \(reason)"
            }
        )
    }

    private static func settings(_ facts: RunFacts, in page: inout HTMLReport) {
        guard !facts.settings.isEmpty || facts.machine != nil else { return }
        page.beginSection("Settings and machine", anchor: "settings")
        if let machine = facts.machine {
            page.paragraph("\(machine.date) · \(machine.summary)")
            if let commit = machine.commit {
                page.note("Commit \(commit)\(machine.isDirty == true ? ", with changes" : "").")
            }
        }
        if !facts.settings.isEmpty {
            page.table(
                [.text("setting"), .text("value")],
                rows: facts.settings.map { [.init($0.name), .init($0.value)] }
            )
        }
    }

    /// A time for people: three digits, with the unit that suits.
    static func duration(_ ns: Int64) -> String { NumberText.microseconds(Double(ns) / 1e3) }

    /// A moment of the run.
    static func moment(_ ns: Int64) -> String { NumberText.decimals(Double(ns) / 1e9, 3) + " s" }
}
