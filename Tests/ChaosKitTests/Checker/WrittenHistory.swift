// Histories in a few words, as the files of Histories have them, with the verdict that each must get.

import ChaosKit
import Foundation
import Testing

/// A history of one of the files.
///
/// A paragraph: what it shows, after '#'; an event a line, `TIME PROCESS TYPE F KEY [VALUE] [@POSITION] [LIST]`, or `TIME
/// nemesis F VALUE`; then, indented, the verdict: `valid`, or every anomaly and problem with the lines of its first example,
/// counted from the paragraph's first event.
struct WrittenHistory: Sendable, CustomTestStringConvertible {
    let title: String
    let lines: [UInt8]
    let verdict: [String]

    var testDescription: String { title }

    static func all(_ file: String) throws -> [WrittenHistory] {
        let url = try #require(Bundle.module.url(forResource: file, withExtension: "txt", subdirectory: "Histories"))
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n\n").map { try WrittenHistory($0) }
    }

    init(_ paragraph: Substring) throws {
        var (title, text, verdict, count): (String, String, [String], Int) = ("", "", [], 0)
        for line in paragraph.split(separator: "\n") {
            if line.hasPrefix("#") {
                title = String(line.dropFirst(2))
            } else if line.hasPrefix("    ") {
                verdict.append(String(line.dropFirst(4)))
            } else {
                text += try Self.json(line, index: count) + "\n"
                count += 1
            }
        }
        self.title = title
        self.verdict = verdict
        lines = Array(text.utf8)
    }

    private static func json(_ line: Substring, index: Int) throws -> String {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        guard words.count == 4 else { throw UnreadableLine(line: String(line)) }
        let start = #"{"index":\#(index),"time":\#(words[0]),"process":"\#(words[1])""#
        if words[1] == "nemesis" { return start + #","type":"info","f":"\#(words[2])","value":\#(words[3])}"# }
        let rest = words[3].split(separator: " ").map(String.init)
        guard rest.count >= 2 else { throw UnreadableLine(line: String(line)) }
        let key = rest[1].hasPrefix("\"") || Int(rest[1]) != nil ? rest[1] : "\"\(rest[1])\""
        var json =
            start
            + #","type":"\#(words[2])","f":"\#(rest[0])","key":\#(key),"value":\#(rest.count > 2 ? rest[2] : "null")"#
        if rest.count > 3 { json += #","position":\#(rest[3].dropFirst())"# }
        return json + "}"
    }

    struct UnreadableLine: Error {
        let line: String
    }
}

extension Verdict {
    /// What was found, in the form of the files.
    var written: [String] {
        let anomalies = anomalies.map { Self.written($0.kind.rawValue, $0.examples) }
        let problems = problems.map { Self.written("problem: \($0.kind.rawValue)", $0.examples) }
        return anomalies.isEmpty && problems.isEmpty ? [outcome.rawValue] : anomalies + problems
    }

    private static func written(_ kind: String, _ examples: [Case]) -> String {
        ([kind] + (examples.first?.lines ?? []).map(String.init)).joined(separator: " ")
    }
}
