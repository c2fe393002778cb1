// Log lines for machines: logfmt or one JSON object a line, on stderr.

import Foundation
import Logging

/// How log lines are written.
enum LogFormat: String, CaseIterable {
    case logfmt, json
}

/// A swift-log handler that writes one line a message to stderr, in one write.
struct LineLogHandler: LogHandler {
    let label: String
    let format: LogFormat
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    /// Whose lines these are, where several processes write to one terminal.
    let processName: String?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        var fields: [(String, String)] = [
            ("time", Date.now.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))),
            ("level", event.level.rawValue), ("label", label),
        ]
        if let processName { fields.append(("process", processName)) }
        fields.append(("message", "\(event.message)"))
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { fields.append((key, "\(value)")) }
        printError(LogLine.text(fields, format))
    }
}

/// Fields as one line of text.
enum LogLine {
    static func text(_ fields: [(String, String)], _ format: LogFormat) -> String {
        switch format {
        case .json: "{" + fields.map { "\(JSONText.quote($0)):\(JSONText.quote($1))" }.joined(separator: ",") + "}"
        case .logfmt: fields.map { "\($0)=\(needsQuotes($1) ? JSONText.quote($1) : $1)" }.joined(separator: " ")
        }
    }

    private static func needsQuotes(_ text: String) -> Bool {
        text.isEmpty
            || text.unicodeScalars.contains {
                $0.value <= 0x20 || "\"=\\".unicodeScalars.contains($0) || $0.value == 0x7f
            }
    }
}
