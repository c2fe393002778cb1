// A verdict for people and for programs.

import Foundation

extension Verdict {
    /// The verdict as JSON, as verdict.json has it.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // A verdict is made of numbers and strings, none of which can fail to encode.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) + "\n" } ?? ""
    }

    /// The verdict in lines of text.
    /// - Parameter excerpts: What the evidence's lines say, by number; see `HistoryPlace.excerpts`.
    public func report(excerpts: [Int: String] = [:]) -> String {
        var lines = ["\(outcome.rawValue.uppercased()): \(counts.summary)"]
        for finding in anomalies {
            lines += Self.report(finding.kind.rawValue, finding.kind.meaning, finding.count, finding.examples, excerpts)
        }
        for finding in problems {
            let name = "problem: \(finding.kind.rawValue)"
            lines += Self.report(name, finding.kind.meaning, finding.count, finding.examples, excerpts)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func report(
        _ name: String,
        _ meaning: String,
        _ count: Int,
        _ examples: [Case],
        _ excerpts: [Int: String]
    ) -> [String] {
        var lines = ["", "\(name): \(meaning); \(count) case\(count == 1 ? "" : "s")"]
        for example in examples {
            lines.append("  " + (example.key.map { "key \($0): " } ?? "") + example.explanation)
            for number in example.lines {
                lines.append("    line \(number)" + (excerpts[number].map { ": \($0)" } ?? ""))
            }
        }
        if count > examples.count { lines.append("  and \(count - examples.count) more") }
        return lines
    }
}

extension Verdict.Counts {
    /// What the history is made of, on a line.
    public var summary: String {
        """
        \(operations) operations (\(appends) appends, \(reads) reads; \(ok) ok, \(fail) failed, \(info + open) unknown) on \
        \(keys) keys, \(faults) faults, \(rounds) resizes, in \(lines) lines
        """
    }
}
