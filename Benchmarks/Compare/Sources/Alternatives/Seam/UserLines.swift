// How much a user writes for a service.

import Foundation

/// The rule: of the files that an alternative names, the lines between `begin <work>` and `end <work>`, or all where a file has no
/// such marks, that are neither empty nor comments. They hold the worker's side alone: what a client writes for one request
/// is one call with all of these libraries, and starting servers is the same for all.
public enum UserLines {
    /// Nil where the alternative names no file, or the sources are not there.
    public static func count(_ alternative: any Alternative, _ work: Work) -> Int? {
        let files = alternative.userSources(work)
        guard !files.isEmpty else { return nil }
        var total = 0
        for file in files {
            guard let text = try? String(contentsOf: Alternatives.sources.appending(path: file), encoding: .utf8) else {
                return nil
            }
            total += count(text, work)
        }
        return total
    }

    static func count(_ text: String, _ work: Work) -> Int {
        let lines = text.split(separator: "\n").map { $0.drop(while: \.isWhitespace) }
        let hasMarks = lines.contains { isMark($0, "begin", work) }
        var isInside = !hasMarks
        var count = 0
        for line in lines {
            if isMark(line, "begin", work) { isInside = true }
            if isMark(line, "end", work) { isInside = false }
            let isComment = ["//", "#!", "# "].contains { line.hasPrefix($0) }
            if isInside, !line.isEmpty, !isComment { count += 1 }
        }
        return count
    }

    /// A comment that says nothing else, in any language.
    private static func isMark(_ line: Substring, _ word: String, _ work: Work) -> Bool {
        ["// ", "# ", "-- "].contains { line == "\($0)\(word) \(work.rawValue)" }
    }
}
