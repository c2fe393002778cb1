// The line of the terminal that shows how a run goes.

import Foundation
import RingmasterCommand

/// One line that is drawn over and over on a terminal; elsewhere a line now and then.
struct LiveLine {
    /// Where there is no terminal: every so many draws one is printed.
    private static let drawsPerLine = 25
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var draws = 0

    struct Content {
        var timeNs: Int64
        var durationNs: Int64
        var phase: String
        var perSecond: Double
        var p99Ns: Int64?
        var faults: Int
        var workers: Int
        var epoch: UInt64
        var verdict: String
    }

    mutating func draw(_ content: Content) {
        draws += 1
        if isTerminal {
            writeAll("\r" + Self.text(content) + "\u{1b}[K", to: STDERR_FILENO)
        } else if draws % Self.drawsPerLine == 1 {
            printError(Self.text(content))
        }
    }

    /// Ends the line, so that others can follow.
    func end() {
        if isTerminal { writeAll("\r\u{1b}[K", to: STDERR_FILENO) }
    }

    static func text(_ content: Content) -> String {
        let time = String(format: "%5.1f/%.0f s", Double(content.timeNs) / 1e9, Double(content.durationNs) / 1e9)
        let latency = content.p99Ns.map { String(format: "p99 %.1f ms", Double($0) / 1e6) } ?? "p99 -"
        return [
            time, content.phase, String(format: "%.0f/s", content.perSecond), latency,
            "\(content.faults) faults", "epoch \(content.epoch)", "\(content.workers) workers", content.verdict,
        ].joined(separator: "  ")
    }
}
