// The faults of a report: a table of all of them, the worst recovery first, and a paragraph for each of the worst.

import Measurement

struct FaultPages {
    private let measures: RunMeasures
    /// The worst first: those that were not recovered from, then by their recoveries, then those that cannot be told.
    private let worstFirst: [Recovery]

    init(_ measures: RunMeasures) {
        self.measures = measures
        worstFirst = measures.recoveries.sorted { one, other in
            (Self.badness(one), one.fault.id.rawValue) > (Self.badness(other), other.fault.id.rawValue)
        }
    }

    private static func badness(_ recovery: Recovery) -> Int64 {
        switch (recovery.recoveryNs, recovery.victims) {
        case (.value(let ns), _): ns
        case (.missing, .none): -1
        case (.missing, _): .max
        }
    }

    func tell(in page: inout HTMLReport) {
        page.beginSection("Faults, the worst first", anchor: "faults")
        let unverified = measures.record.faults.filter { !$0.isVerified }
        if measures.recoveries.isEmpty { page.paragraph("No fault was seen to work.") }
        if !unverified.isEmpty {
            page.paragraph("Applied and never seen to work, so that they count for nothing:")
            page.list(unverified.map { "fault \($0.id): \($0.name), at \(ReportPage.moment($0.span.beginNs))" })
        }
        guard !worstFirst.isEmpty else { return }
        page.paragraph(
            "Detected: the cluster noticed. Recovered: the first job on a key that the victim owned, asked after the fault"
                + " began, was acknowledged. Fully: throughput was back to 95 % of that of the second before. Slots: how long"
                + " each slot of the victim did not answer."
        )
        table(in: &page)
        let told = worstFirst.prefix(ReportLimits.faultsTold)
        for recovery in told { paragraph(recovery, in: &page) }
    }

    private func table(in page: inout HTMLReport) {
        let shown = worstFirst.prefix(ReportLimits.rowsMax)
        let rows = shown.enumerated().map { place, recovery -> [HTMLReport.Cell] in
            let slots = recovery.unavailabilityNs.value.flatMap(QuantileLine.init)
            let isTold = place < ReportLimits.faultsTold
            return [
                .init("\(recovery.fault.id): \(recovery.fault.name)", to: isTold ? "fault-\(recovery.fault.id)" : nil),
                .init(ReportPage.moment(recovery.fault.span.beginNs)), cell(recovery.detectionNs),
                recoveryCell(recovery), recovery.fullRecoveryNs.value == 0 ? "no dip" : cell(recovery.fullRecoveryNs),
                .init(slots.map { ReportPage.duration($0.p50) } ?? "–"),
                .init(slots.map { ReportPage.duration($0.max) } ?? "–"),
                .init(recovery.longestNs.map(ReportPage.duration) ?? "–"),
                .init(
                    "\(recovery.failedCount + recovery.unknownCount)",
                    recovery.failedCount + recovery.unknownCount > 0 ? .plain : .faint
                ),
            ]
        }
        page.table(
            [
                .text("fault"), .number("at"), .number("detected"), .number("recovered"), .number("fully"),
                .number("slots p50"), .number("slots max"), .number("longest wait"), .number("not acked"),
            ],
            rows: rows
        )
        if shown.count < worstFirst.count {
            page.note("And \(worstFirst.count - shown.count) more, in recoveries.csv.")
        }
    }

    private func cell(_ time: Measured<Int64>) -> HTMLReport.Cell {
        switch time {
        case .value(let ns): .init(ReportPage.duration(ns))
        case .missing: .init("–", .faint)
        }
    }

    private func recoveryCell(_ recovery: Recovery) -> HTMLReport.Cell {
        switch (recovery.recoveryNs, recovery.victims) {
        case (.value(let ns), _): .init(ReportPage.duration(ns))
        case (.missing, .none): .init("–", .faint)
        case (.missing, _): .init("never", .bad)
        }
    }

    private func paragraph(_ recovery: Recovery, in page: inout HTMLReport) {
        let fault = recovery.fault
        page.beginSubsection(
            "Fault \(fault.id): \(fault.name)",
            anchor: "fault-\(fault.id)",
            back: ("all faults", "faults")
        )
        var sentences = [
            "It began at \(ReportPage.moment(fault.span.beginNs))"
                + (fault.hasEnded
                    ? " and was healed \(ReportPage.duration(fault.span.lengthNs)) later." : " and has no end.")
        ]
        switch recovery.victims {
        case .slots(let slots):
            sentences.append("Its target owned \(slots.count(where: { $0 })) of \(slots.count) slots.")
        case .everyKey: sentences.append("Every key counts as its victim's.")
        case .none(let reason): sentences.append("No key counts as its victim's: \(reason).")
        }
        sentences.append(
            sentence("The cluster noticed it after", recovery.detectionNs, "When it was noticed is not known")
        )
        if case .none = recovery.victims {
        } else {
            sentences.append(
                sentence(
                    "The first job on a victim's key was acknowledged after",
                    recovery.recoveryNs,
                    "It was not recovered from"
                )
            )
            if let slots = recovery.unavailabilityNs.value.flatMap(QuantileLine.init) {
                sentences.append(
                    "Of the victim's slots \(slots.count) were asked something; they did not answer for"
                        + " \(ReportPage.duration(slots.p50)) in the median and \(ReportPage.duration(slots.max)) in the worst case."
                )
            }
            if recovery.silentSlotCount > 0 {
                sentences.append("\(recovery.silentSlotCount) slots were asked and never answered.")
            }
        }
        switch recovery.fullRecoveryNs {
        case .value(0): sentences.append("The throughput did not fall below 95 % of that before in any bin of 100 ms.")
        case let other:
            sentences.append(sentence("The throughput was back after", other, "The throughput's return is not known"))
        }
        let rounds = measures.record.rounds.filter {
            $0.span.beginNs <= fault.span.endNs && fault.span.beginNs <= $0.span.endNs
        }
        if !rounds.isEmpty {
            let epochs = rounds.prefix(8).map { "\($0.epoch)" }.joined(separator: ", ")
            sentences.append("Meanwhile a resize was under way, to epoch \(epochs).")
        }
        page.paragraph(sentences.joined(separator: " "))
    }

    private func sentence(_ words: String, _ time: Measured<Int64>, _ otherwise: String) -> String {
        switch time {
        case .value(let ns): "\(words) \(ReportPage.duration(ns))."
        case .missing(let reason): "\(otherwise): \(reason)."
        }
    }
}
