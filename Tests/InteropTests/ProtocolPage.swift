// docs/PROTOCOL.md as the tests see it: its examples and its tables.

import Foundation
import Testing

/// The page. An example is a fenced block that begins with ```hex NAME; what follows a '#' on its lines is for people.
struct ProtocolPage {
    let examples: [String: [UInt8]]
    private let lines: [Substring]

    init() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let path = folder.deletingLastPathComponent().appending(path: "docs/PROTOCOL.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var examples: [String: [UInt8]] = [:]
        var name: String?
        for line in lines {
            if line.hasPrefix("```hex ") {
                name = String(line.dropFirst("```hex ".count))
                try #require(examples[name!] == nil, "the example '\(name!)' is there twice")
                examples[name!] = []
            } else if line.hasPrefix("```") {
                name = nil
            } else if let name {
                for word in line.prefix(while: { $0 != "#" }).split(separator: " ") {
                    examples[name]!.append(try #require(UInt8(word, radix: 16), "'\(word)' in '\(name)' is no byte"))
                }
            }
        }
        self.examples = examples
    }

    /// The cells of the rows of the table under `header`.
    func table(_ header: [String]) throws -> [[String]] {
        func cells(_ line: Substring) -> [String] {
            line.dropFirst(2).dropLast(2).components(separatedBy: " | ")
        }
        let start = try #require(lines.firstIndex { cells($0) == header }, "docs/PROTOCOL.md has no table \(header)")
        return lines[(start + 2)...].prefix { $0.hasPrefix("| ") }.map(cells)
    }

    func example(_ name: String) throws -> [UInt8] {
        try #require(examples[name], "docs/PROTOCOL.md has no example '\(name)'")
    }
}
