// The lines that a recorder writes, byte by byte, and that reading them gives the same events.

import ChaosKit
import HistoryTrials
import RingmasterProtocol
import Testing

struct EncodingTests {
    static let goldens: [(event: HistoryEvent.Action, line: String)] = [
        (
            .append(.invoke, by: "c1", key: "k", value: 12),
            #"{"index":0,"time":5,"process":"c1","type":"invoke","f":"append","key":"k","value":12}"#
        ),
        (
            .append(.ok, by: 3, key: 7, value: -12, position: 0),
            #"{"index":0,"time":5,"process":3,"type":"ok","f":"append","key":7,"value":-12,"position":0}"#
        ),
        (
            .append(.fail, by: 3, key: "a\"\\\n\u{1}ü", value: .min),
            #"{"index":0,"time":5,"process":3,"type":"fail","f":"append","key":"a\"\\\u000a\u0001ü","value":-9223372036854775808}"#
        ),
        (
            .read(.info, by: 3, key: "k"),
            #"{"index":0,"time":5,"process":3,"type":"info","f":"read","key":"k","value":null}"#
        ),
        (
            .read(.ok, by: 3, key: "k", list: [1, 20, .max]),
            #"{"index":0,"time":5,"process":3,"type":"ok","f":"read","key":"k","value":[1,20,9223372036854775807]}"#
        ),
        (
            .read(.ok, by: 3, key: "k", list: []),
            #"{"index":0,"time":5,"process":3,"type":"ok","f":"read","key":"k","value":[]}"#
        ),
        (
            .nemesis(.faultBegan(FaultID(4), kind: "kill", target: "w\"1", isVerified: true)),
            nemesis("fault-begin", #"{"fault":4,"kind":"kill","target":"w\"1","verified":true}"#)
        ),
        (.nemesis(.faultEnded(FaultID(4), isVerified: false)), nemesis("fault-end", #"{"fault":4,"verified":false}"#)),
        (
            .nemesis(.roundBegan(Epoch(9), mode: "handoff", members: ["a", "b"])),
            nemesis("resize-begin", #"{"epoch":9,"mode":"handoff","members":["a","b"]}"#)
        ),
        (
            .nemesis(.roundBegan(Epoch(9), mode: "barrier", members: [])),
            nemesis("resize-begin", #"{"epoch":9,"mode":"barrier","members":[]}"#)
        ),
        (.nemesis(.roundCommitted(Epoch(9))), nemesis("resize-commit", #"{"epoch":9}"#)),
        (
            .nemesis(.roundEnded(Epoch(9), outcome: "superseded")),
            nemesis("resize-end", #"{"epoch":9,"outcome":"superseded"}"#)
        ),
        (
            .nemesis(.epochSeen(process: "w1", incarnation: 2, Epoch(9))),
            nemesis("epoch", #"{"epoch":9,"process":"w1","incarnation":2}"#)
        ),
        (
            .nemesis(.replicaHash(process: "c1", logIndex: 77, hash: "0f")),
            nemesis("replica-hash", #"{"index":77,"process":"c1","hash":"0f"}"#)
        ),
        (.nemesis(.healed(boundNs: 500)), nemesis("healed", #"{"bound":500}"#)),
        (.nemesis(.healed(boundNs: nil)), nemesis("healed", "{}")),
        (.nemesis(.note("rate", json: #"{"jobs/s":[1,2.5]}"#)), nemesis("rate", #"{"jobs/s":[1,2.5]}"#)),
    ]

    private static func nemesis(_ function: String, _ value: String) -> String {
        #"{"index":0,"time":5,"process":"nemesis","type":"info","f":"\#(function)","value":\#(value)}"#
    }

    @Test(arguments: goldens) func anEventHasItsGoldenLine(event: HistoryEvent.Action, line: String) throws {
        #expect(Judging.lines([HistoryEvent(timeNs: 5, event)]) == Array((line + "\n").utf8))
    }

    @Test(arguments: goldens) func aLineGivesItsEventBack(event: HistoryEvent.Action, line: String) throws {
        var reader = HistoryReader(Array(line.utf8))
        let read = try #require(try reader.next())
        #expect(try reader.event(of: read) == HistoryEvent(timeNs: 5, event))
    }

    @Test func aWholeHistoryComesBack() throws {
        for seed in UInt64(0)..<20 {
            var shape = RunShape()
            shape.operations = 60
            let events = SimulatedRun.events(shape, SplitMix64(seed: seed))
            var reader = HistoryReader(Judging.lines(events))
            var read: [HistoryEvent] = []
            while let line = try reader.next() {
                #expect(line.index == read.count && line.number == read.count + 1)
                read.append(try reader.event(of: line))
            }
            #expect(read == events)
            let isCutOff = reader.isCutOff
            #expect(!isCutOff)
        }
    }

    @Test func aNoteOfManyLinesIsOneLine() throws {
        let lines = Judging.lines([HistoryEvent(timeNs: 0, .nemesis(.note("n", json: "{\n  \"a\": 1\r\n}")))])
        #expect(lines.count { $0 == 0x0a } == 1)
        #expect(try countEvents(HistoryReader(lines)) == 1)
    }
}

/// Reads to the end.
func countEvents(_ reader: consuming HistoryReader) throws(HistoryError) -> Int {
    var count = 0
    while try reader.next() != nil { count += 1 }
    return count
}
