// What a process of the cluster tells the run: lines of JSON on its standard output.

import Foundation
import Ringmaster
import RingmasterCommand

/// One line.
struct NodeReport: Codable, Sendable {
    /// On the monotonic clock.
    var atNs: Int64
    var content: Content

    enum Content: Codable, Sendable {
        /// It is up.
        case ready
        case epoch(UInt64, incarnation: Int64)
        case roundBegan(UInt64, mode: String, members: [String])
        case roundMoves(UInt64, slots: Int)
        case roundEnded(UInt64, outcome: String, bytes: Int)
        case workerLost(String, reason: String)
        case role(String)
        /// Totals since it began, by the names of `RunCounter`.
        case counters([String: Int])
        case stateHash(logIndex: UInt64, hash: UInt64)
        /// Anything else that the history is to have, for people.
        case note(String, [String: String])
    }

    static func say(_ content: Content, at time: MonotonicTime = .true) {
        let report = NodeReport(atNs: time.nanoseconds, content: content)
        guard let line = try? JSONEncoder().encode(report) else { return }
        printNow(String(decoding: line, as: UTF8.self))
    }

    init(atNs: Int64, content: Content) {
        self.atNs = atNs
        self.content = content
    }

    init?(line: String) {
        guard let report = try? JSONDecoder().decode(NodeReport.self, from: Data(line.utf8)) else { return nil }
        self = report
    }
}
