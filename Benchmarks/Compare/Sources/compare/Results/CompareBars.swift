// The bars: what Ringmaster is to reach beside the best of the others, judged from the rows of a run and, where `targets.csv` is
// with them, from chaos runs of all targets. Each says who the best one was, and whether the bar was met.

import Alternatives
import Foundation
import Measurement

/// A line of bars.csv.
struct CompareBar: Equatable {
    let what: String
    /// The best of the others; several where that is a list.
    let best: String
    /// Ringmaster's figure over theirs, median of the rounds with its least and greatest; of chaos runs, one figure.
    let ratio: Summary?
    let bound: String
    /// nil: not measured.
    let isMet: Bool?
    let how: String

    static let columns = ["bar", "against", "ratio", "least", "greatest", "bound", "met", "how"]

    var fields: [String] {
        func text(_ value: Double?) -> String {
            value.map { NumberText.trimmed(NumberText.rounded($0, significant: 3)) } ?? ""
        }
        return [
            what, best, text(ratio?.median), text(ratio?.min), text(ratio?.max), bound,
            isMet.map { $0 ? "yes" : "no" } ?? "not measured", how,
        ]
    }
}

enum CompareBars {
    static let callsAtLeast = 1.2
    static let jobsAtLeast = 0.3
    static let roundTripAtMost = 2.2
    /// Recoveries that differ by less are a tie: a poll of the run's conductor, and a scheduler's turn.
    static let tieAtMost = 1.1

    static func all(_ results: CompareResults) -> [CompareBar] {
        [
            rate(results, .calls, "calls/s, 64 B, 4,096 in flight", atLeast: callsAtLeast, onlySynced: false),
            rate(results, .jobs, "jobs/s, 64 B, 4,096 in flight", atLeast: jobsAtLeast, onlySynced: true),
            roundTrip(results),
            recovery(
                results.targets,
                "worker killed: next answer, p50",
                \.recoveryP50Ms,
                "Ringmaster on the keys that it owned, the others on any"
            ),
            recovery(
                results.targets,
                "worker killed: longest wait, p50",
                \.longestWaitP50Ms,
                "all operations that were under way, or came before it was up again"
            ),
            losses(results.targets),
        ]
    }

    static func text(_ bars: [CompareBar]) -> String {
        var table = TextTable(
            CompareBar.columns.dropLast().map { .init($0, ["bar", "against", "bound"].contains($0) ? .left : .right) },
            lineWidthMax: 180
        )
        for bar in bars { table.append(bar.fields.dropLast()) }
        return table.text
    }

    // MARK: From the rows of a run

    private static func rate(
        _ results: CompareResults,
        _ work: Work,
        _ what: String,
        atLeast: Double,
        onlySynced: Bool
    ) -> CompareBar {
        let rivals = results.systems.filter { system in
            system.work == work && system.system != "ringmaster" && !system.isCalibration
                && (!onlySynced || system.isSynced)
        }.map(\.system)
        let point = Point(work: work, payloadBytes: 64, inFlight: 4096)
        let (best, ratio) = against(results, rivals, point, .higher, \.perSecond)
        return CompareBar(
            what: what,
            best: best,
            ratio: ratio,
            bound: "at least \(atLeast)x",
            isMet: ratio.map { $0.median >= atLeast },
            how: onlySynced ? "of those that synchronise the disk before they answer" : "of all but calibrations"
        )
    }

    private static func roundTrip(_ results: CompareResults) -> CompareBar {
        let rivals = results.systems.filter { system in
            system.work == .calls && system.system != "ringmaster" && !system.isCalibration
        }.map(\.system)
        let point = Point(work: .calls, payloadBytes: 64, inFlight: 1)
        let (best, ratio) = against(results, rivals, point, .lower, \.p50Us)
        return CompareBar(
            what: "call p50, 64 B, one in flight",
            best: best,
            ratio: ratio,
            bound: "at most \(roundTripAtMost)x",
            isMet: ratio.map { $0.median <= roundTripAtMost },
            how: "of all but calibrations"
        )
    }

    /// The rival with the best median, and Ringmaster's figure over its in each round.
    private static func against(
        _ results: CompareResults,
        _ rivals: [String],
        _ point: Point,
        _ better: Direction,
        _ value: (CompareRow) -> Double
    ) -> (String, Summary?) {
        let rows = results.rows.filter { $0.point == point }
        let own = rows.filter { $0.alternative == "ringmaster" }
        let medians = rivals.compactMap { name in
            Summary(of: rows.filter { $0.alternative == name }.map(value)).map { (name: name, median: $0.median) }
        }
        let best = medians.max { better == .higher ? $0.median < $1.median : $0.median > $1.median }
        guard let best else { return ("", nil) }
        let their = rows.filter { $0.alternative == best.name }
        let ratios = own.compactMap { mine in
            their.first { $0.round == mine.round && value($0) > 0 }.map { value(mine) / value($0) }
        }
        return (best.name, Summary(of: ratios))
    }

    // MARK: From chaos runs

    private static func recovery(
        _ targets: [TargetFigures],
        _ what: String,
        _ value: (TargetFigures) -> Double?,
        _ how: String
    ) -> CompareBar {
        let own = targets.first { $0.isRingmaster }.flatMap(value)
        let best = targets.filter { !$0.isRingmaster }.compactMap { target in
            value(target).map { (name: target.name, ms: $0) }
        }.min { $0.ms < $1.ms }
        var ratio: Summary?
        if let own, let best, best.ms > 0 { ratio = Summary(of: [own / best.ms]) }
        return CompareBar(
            what: what,
            best: best.map { "\($0.name) (\(NumberText.significant($0.ms)) ms)" } ?? "",
            ratio: ratio,
            bound: "at most \(tieAtMost)x: first or tied",
            isMet: ratio.map { $0.median <= tieAtMost },
            how: how
        )
    }

    private static func losses(_ targets: [TargetFigures]) -> CompareBar {
        let own = targets.first { $0.isRingmaster }
        let bare = targets.filter { $0.service == "recommended" }
        let clean = bare.filter { $0.lostOrDuplicated == 0 }
        return CompareBar(
            what: "lost and duplicated under kills",
            best: clean.isEmpty ? "none of \(bare.count)" : clean.map(\.target).joined(separator: ", "),
            ratio: nil,
            bound: "Ringmaster 0, nobody else 0 without the user's own record",
            isMet: own.map { $0.lostOrDuplicated == 0 && clean.isEmpty },
            how: "against: the others at 0; Ringmaster \(own.map { "\($0.lostOrDuplicated)" } ?? "not run")"
        )
    }
}
