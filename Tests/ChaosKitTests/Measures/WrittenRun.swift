// Histories of a few lines, written in the tests that judge their measures. Times are in milliseconds.

import RingmasterProtocol
import Testing

@testable import ChaosKit

/// A history that grows line by line, in any order of time.
struct WrittenRun {
    private var text = ""
    private var index = 0
    private var value = 0

    /// The bytes of the file.
    var bytes: [UInt8] { Array(text.utf8) }

    /// The measures of the history.
    var measures: RunMeasures {
        get throws { RunMeasures(try RunRecord.read(HistoryReader(bytes)).record) }
    }

    mutating func line(_ ms: Double, _ process: String, _ rest: String) {
        text += #"{"index":\#(index),"time":\#(Self.ns(ms)),"process":"\#(process)",\#(rest)}"# + "\n"
        index += 1
    }

    /// An append to a key from one time to another, by a client of its own.
    mutating func append(
        _ key: String,
        from asked: Double,
        to end: Double?,
        _ type: String = "ok",
        intended: Double? = nil
    ) {
        value += 1
        let operation = #""f":"append","key":"\#(key)","value":\#(value)"#
        let meant = intended.map { #","intended":\#(Self.ns($0))"# } ?? ""
        line(asked, "c\(value)", #""type":"invoke",\#(operation)\#(meant)"#)
        guard let end else { return }
        let position = type == "ok" ? #","position":0"# : ""
        line(end, "c\(value)", #""type":"\#(type)",\#(operation)\#(position)"#)
    }

    mutating func read(_ key: String, from asked: Double, to end: Double) {
        value += 1
        line(asked, "c\(value)", #""type":"invoke","f":"read","key":"\#(key)","value":null"#)
        line(end, "c\(value)", #""type":"ok","f":"read","key":"\#(key)","value":[]"#)
    }

    mutating func nemesis(_ ms: Double, _ function: String, _ value: String) {
        line(ms, "nemesis", #""type":"info","f":"\#(function)","value":\#(value)"#)
    }

    mutating func fault(_ id: Int, _ kind: String, _ target: String, from begin: Double, to end: Double?) {
        nemesis(begin, "fault-begin", #"{"fault":\#(id),"kind":"\#(kind)","target":"\#(target)","verified":true}"#)
        if let end { nemesis(end, "fault-end", #"{"fault":\#(id),"verified":true}"#) }
    }

    /// A view of a ring of four slots, by the owner of each.
    mutating func view(_ ms: Double, epoch: Int, _ owners: [String]) {
        let ranges = owners.enumerated().map { #"[\#($0),1,"\#($1)"]"# }.joined(separator: ",")
        nemesis(ms, "view", #"{"epoch":\#(epoch),"owners":[\#(ranges)]}"#)
    }

    private static func ns(_ ms: Double) -> Int64 { Int64((ms * 1e6).rounded()) }
}

/// The times of the tests, in nanoseconds.
func ms(_ ms: Double) -> Int64 { Int64((ms * 1e6).rounded()) }

/// A key for each slot of a ring of four.
let keyOfSlot: [String] = (0..<4).map { slot in
    let names = (0..<1000).lazy.map { "k\($0)" }
    return names.first { (KeyHash(of: $0).rawValue >> 62) == slot } ?? ""
}
