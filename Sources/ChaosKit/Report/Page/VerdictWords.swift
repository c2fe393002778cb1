// The verdict in words for whoever does not know the checker.

import Measurement

struct VerdictWords {
    private let verdict: Verdict
    private let measures: RunMeasures
    /// What run.json says went wrong with the run itself.
    private let failures: [String]
    /// Whose promises count, where these are not Ringmaster's.
    private let target: RunTarget?

    init(_ verdict: Verdict, _ measures: RunMeasures, failures: [String], target: RunTarget? = nil) {
        self.target = target
        self.failures = failures
        self.verdict = verdict
        self.measures = measures
    }

    func tell(in page: inout HTMLReport) {
        page.banner(headline, text, outcome == .valid && failures.isEmpty ? .good : .bad)
        if !failures.isEmpty {
            page.beginSection("What went wrong with the run itself", anchor: "failures")
            page.list(Array(failures.prefix(ReportLimits.odditiesMax)))
        }
        guard !verdict.anomalies.isEmpty || !verdict.problems.isEmpty else { return }
        page.beginSection(verdict.anomalies.isEmpty ? "Why it is undecided" : "What is wrong", anchor: "verdict")
        for finding in verdict.anomalies {
            cases(finding.kind.rawValue, finding.kind.meaning, finding.count, finding.examples, in: &page)
            if let excuse = target?.excuse(finding.kind) { page.note("Not promised: \(excuse).") }
        }
        for finding in verdict.problems {
            cases(finding.kind.rawValue, finding.kind.meaning, finding.count, finding.examples, in: &page)
        }
    }

    /// In the light of what is promised.
    private var outcome: Verdict.Outcome { target?.outcome(of: verdict) ?? verdict.outcome }

    private var headline: String {
        let excused = verdict.anomalies.filter { target?.excuse($0.kind) != nil }
        if outcome != .violation, !excused.isEmpty {
            return
                "It kept what it promises. Not promised, and seen: \(excused.map(\.kind.meaning).joined(separator: "; "))."
        }
        return switch outcome {
        case .valid where !failures.isEmpty: "Every promise held, but the run itself had errors."
        case .valid: "Valid: every promise held."
        case .violation: "Violation: \(verdict.anomalies.map(\.kind.meaning).joined(separator: "; "))."
        case .undecided: "Undecided: nothing wrong was found, but something could have been missed."
        }
    }

    private var text: String {
        let counts = verdict.counts
        let faults = measures.record.faults
        let verified = faults.count(where: \.isVerified)
        var sentences = [
            "\(NumberText.grouped(counts.operations)) operations on \(NumberText.grouped(counts.keys)) keys, of which"
                + " \(NumberText.grouped(counts.ok)) were acknowledged, \(faultsInWords(verified)) and"
                + " \(resizesInWords)."
        ]
        switch verdict.outcome {
        case .valid:
            sentences.append(
                "Nothing acknowledged was lost or applied twice, and every reader saw each key's jobs in one order, consistent"
                    + " with real time."
            )
        case .violation:
            let count = verdict.anomalies.reduce(0) { $0 + $1.count }
            sentences.append(
                target != nil
                    ? "What Ringmaster promises did not hold in \(NumberText.grouped(count)) case\(count == 1 ? "" : "s"), shown below."
                    : "A promise was broken in \(NumberText.grouped(count)) case\(count == 1 ? "" : "s"), each shown below."
            )
        case .undecided:
            sentences.append("No promise was seen broken; what keeps the run from being called valid stands below.")
        }
        if verified < faults.count {
            sentences.append("\(faults.count - verified) of the faults were never seen to work.")
        }
        return sentences.joined(separator: " ")
    }

    private func faultsInWords(_ count: Int) -> String {
        switch count {
        case 0: "without any fault"
        case 1: "through one fault that was seen to work"
        default: "through \(NumberText.grouped(count)) faults, each seen to work,"
        }
    }

    private var resizesInWords: String {
        let count = measures.resizes.count
        return count == 0 ? "no resize" : count == 1 ? "one resize" : "\(NumberText.grouped(count)) resizes"
    }

    private func cases(
        _ name: String,
        _ meaning: String,
        _ count: Int,
        _ examples: [Case],
        in page: inout HTMLReport
    ) {
        page.beginSubsection("\(meaning) (\(name)): \(count) case\(count == 1 ? "" : "s")", anchor: "case-\(name)")
        page.list(
            examples.map { example in
                let lines = example.lines.map { "\($0)" }.joined(separator: ", ")
                return (example.key.map { "key \($0): " } ?? "") + example.explanation
                    + (lines.isEmpty ? "" : " (history.jsonl, line\(example.lines.count == 1 ? "" : "s") \(lines))")
            }
        )
    }
}
