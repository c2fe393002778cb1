// The resizes' rounds, and whether each of them was over in time.

import RingmasterProtocol

/// The rounds by their epochs.
struct RoundTrace {
    private var begins: [Epoch: Moment] = [:]
    /// The first commit or end of each.
    private var ends: [Epoch: Moment] = [:]

    private struct Moment {
        var timeNs: Int64
        var line: Int
    }

    var count: Int { begins.count }

    mutating func noteBegin(_ epoch: Epoch, _ line: HistoryLine) {
        // A new leader may begin the same round again.
        if begins[epoch] == nil { begins[epoch] = Moment(timeNs: line.timeNs, line: line.number) }
    }

    mutating func noteEnd(_ epoch: Epoch, _ line: HistoryLine) {
        if ends[epoch] == nil { ends[epoch] = Moment(timeNs: line.timeNs, line: line.number) }
    }

    func judge(_ healed: NemesisTrace.Healed?, lastNs: Int64, _ judgement: inout Judgement) {
        // From the highest epoch down, with the earliest beginning of those above: it supersedes those below.
        var superseding: Moment?
        for (epoch, begin) in begins.sorted(by: { $0.key > $1.key }) {
            let over = [ends[epoch], superseding].compactMap(\.self).min { $0.timeNs < $1.timeNs }
            if let healed, let boundNs = healed.boundNs {
                let deadlineNs = max(begin.timeNs, healed.timeNs).addingReportingOverflow(boundNs)
                let isLate = !deadlineNs.overflow && (over?.timeNs ?? lastNs) > deadlineNs.partialValue
                if isLate {
                    judgement.anomalies.add(.roundWithoutEnd, lines: [begin.line, healed.line, over?.line ?? 0]) {
                        "the round of epoch \(epoch) \(over == nil ? "has no end" : "ended too late"); the bound is \(boundNs) ns"
                    }
                } else if over == nil {
                    addUndecided(epoch, begin, &judgement)
                }
            } else if over == nil {
                addUndecided(epoch, begin, &judgement)
            }
            if begin.timeNs < superseding?.timeNs ?? .max { superseding = begin }
        }
    }

    private func addUndecided(_ epoch: Epoch, _ begin: Moment, _ judgement: inout Judgement) {
        judgement.problems.add(.roundEndNotShown, lines: [begin.line]) {
            "the round of epoch \(epoch) has no end, and the history none of the time by which it must"
        }
    }
}
