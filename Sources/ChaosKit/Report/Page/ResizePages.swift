// The resizes of a report.

import Measurement

struct ResizePages {
    private let resizes: [ResizeMeasures]

    init(_ measures: RunMeasures) {
        resizes = measures.resizes
    }

    func tell(in page: inout HTMLReport) {
        page.beginSection("Resizes", anchor: "resizes")
        guard !resizes.isEmpty else {
            page.paragraph("There was none.")
            return
        }
        page.paragraph(
            "Until the commit: slots' gates close, jobs drain, gainers take over. Pause: the longest wait of each key that was"
                + " asked something during the round, apart for keys whose slot moved and for all others, which should not"
                + " notice."
        )
        let shown = resizes.prefix(ReportLimits.rowsMax)
        page.table(
            [
                .text("epoch"), .text("outcome"), .number("members"), .number("at"), .number("until commit"),
                .number("length"),
                .number("slots moved"), .number("bytes"), .number("moved keys p50"), .number("max"),
                .number("other keys p50"), .number("max"),
            ],
            rows: shown.map(row)
        )
        if shown.count < resizes.count { page.note("And \(resizes.count - shown.count) more, in resizes.csv.") }
    }

    private func row(_ resize: ResizeMeasures) -> [HTMLReport.Cell] {
        let round = resize.round
        let time = { (time: Measured<Int64>) -> HTMLReport.Cell in
            time.value.map { .init(ReportPage.duration($0)) } ?? .init("–", .faint)
        }
        let pauses = [resize.movedPausesNs, resize.unmovedPausesNs].flatMap { pauses -> [HTMLReport.Cell] in
            let line = pauses.value.flatMap(QuantileLine.init)
            return [line?.p50, line?.max].map { $0.map { .init(ReportPage.duration($0)) } ?? .init("–", .faint) }
        }
        return [
            .init("\(round.epoch) (\(round.mode))"), .init(round.outcomeText, round.hasEnd ? .plain : .bad),
            .init("\(round.members.count)"), .init(ReportPage.moment(round.beganNs)), time(resize.untilCommitNs),
            time(resize.lengthNs), .init(resize.movedSlots.value.map { NumberText.grouped(Int($0)) } ?? "–"),
            .init(resize.movedBytes.value.map { NumberText.bytes(Int($0)) } ?? "–"),
        ] + pauses
    }
}
