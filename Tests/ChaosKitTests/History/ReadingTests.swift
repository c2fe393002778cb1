// Any JSON with the fields is read; what is no event is refused by its line and for its reason; a file that is cut off is read
// up to there.

import ChaosKit
import Foundation
import HistoryTrials
import Testing

struct ReadingTests {
    /// The same append, written in all sorts of ways.
    static let equals = [
        #"{"index":3,"time":5,"process":"c1","type":"ok","f":"append","key":"k","value":12,"position":4}"#,
        #"{"position":4,"value":12,"key":"k","f":"append","type":"ok","process":"c1","time":5,"index":3}"#,
        "  {\t\"index\" : 3 , \"time\":5, \"process\" :\"c1\",\"type\": \"ok\",\"f\":\"append\",\"key\":\"k\",\"value\": 12 ,\"position\":4 }  \r",
        #"{"index":3,"time":5,"process":"\u0063\u0031","type":"\u006fk","f":"app\u0065nd","k\u0065y":"\u006B","value":12,"position":4}"#,
        #"{"index":3.0,"time":5e0,"process":"c1","type":"ok","f":"append","key":"k","value":1.2E+1,"position":400e-2}"#,
        #"{"index":3,"x":{"a":[1,{"b":"]}"}],"c":-1.5e-7},"time":5,"process":"c1","y":[],"type":"ok","f":"append","key":"k","value":12,"position":4,"z":null,"w":[true,false]}"#,
        #"{"value":[7,8],"index":1,"index":3,"time":5,"process":"c1","type":"ok","f":"append","key":"k","value":12,"position":4}"#,
    ]

    @Test(arguments: equals) func aLineIsReadHoweverItIsWritten(_ line: String) throws {
        var reader = HistoryReader(Array(line.utf8))
        let read = try #require(try reader.next())
        #expect(read.index == 3)
        #expect(
            try reader.event(of: read)
                == HistoryEvent(timeNs: 5, .append(.ok, by: "c1", key: "k", value: 12, position: 4))
        )
    }

    /// Lists, with or without `f` before them.
    static let lists: [(String, [Int64])] = [
        (#""f":"read","value":[]"#, []), (#""f":"read","value":[ ]"#, []), (#""value":[ 1 , 2 ],"f":"read""#, [1, 2]),
        (#""f":"read","value":[ -1,2e1 ,9223372036854775807]"#, [-1, 20, .max]), (#""value":[],"f":"read""#, []),
    ]

    @Test(arguments: lists) func aListIsReadHoweverItIsWritten(text: String, list: [Int64]) throws {
        let line = #"{"index":0,"time":0,"process":1,"type":"ok","key":1,\#(text)}"#
        var reader = HistoryReader(Array(line.utf8))
        let read = try #require(try reader.next())
        #expect(try read.list.elements(line: 1) == list)
    }

    @Test func namesMeanTheSameHoweverTheyAreEscaped() throws {
        let names = [
            #""a/b""#, #""\u0061\/b""#, #""é😀""#, #""\u00e9\ud83d\ude00""#, "10", "1e1", #""10""#, #""\ud83d""#,
            #""\ufffd""#,
        ]
        let lines = names.enumerated().map { index, name in
            #"{"index":\#(index),"time":0,"process":\#(index),"type":"invoke","f":"read","key":\#(name),"value":null}"#
        }
        var reader = HistoryReader(Array(lines.joined(separator: "\n").utf8))
        while try reader.next() != nil {}
        let (keys, processes) = (reader.keys.all, reader.processes.all)
        #expect(keys == ["a/b", "é😀", 10, "10", "\u{fffd}"])
        #expect(processes == [.text("nemesis")] + (0..<9).map { .number($0) })
    }

    static let refused: [(String, String)] = [
        ("7", "'{' expected at byte 0"),
        ("{}", "'index' is missing"),
        (#"{"index":0}"#, "'time' is missing"),
        (#"{"index":0,"time":0}"#, "'process' is missing"),
        (#"{"index":0,"time":0,"process":1}"#, "'type' is missing"),
        (#"{"index":0,"time":0,"process":1,"type":"ok"}"#, "'f' is missing"),
        (#"{"index":0,"time":0,"process":1,"type":"ok","f":"read"}"#, "'key' is missing"),
        (
            #"{"index":0,"time":0,"process":1,"type":"ok","f":"read","key":1}"#,
            "the 'value' of a read's ok is a list of integers"
        ),
        (
            #"{"index":0,"time":0,"process":1,"type":"ok","f":"append","key":1}"#,
            "the 'value' of an append is an integer"
        ),
        (
            #"{"index":0,"time":0,"process":1,"type":"ok","f":"append","key":1,"value":2}"#,
            "the ok of an append has no 'position'"
        ),
        (
            #"{"index":0,"time":0,"process":1,"type":"ok","f":"append","key":1,"value":2,"position":-1}"#,
            "'position' is -1: it counts from 0"
        ),
        (#"{"index":0,"time":0,"process":1,"type":"done"}"#, "'type' is 'done': invoke, ok, fail or info expected"),
        (
            #"{"index":0,"time":0,"process":1,"type":"ok","f":"write","key":1}"#,
            "'f' is 'write': append or read expected of a client"
        ),
        (#"{"index":x}"#, "'index' expected at byte 9"),
        (#"{"index":01}"#, "a number begins with 0 at byte 9"),
        (#"{"index":9223372036854775808}"#, "'index', an integer of 64 bits, expected at byte 9"),
        (#"{"index":1.5}"#, "'index', an integer of 64 bits, expected at byte 9"),
        (#"{"index":0,"time":"5"}"#, "'time' expected at byte 18"),
        (#"{"index":0,"key":{}}"#, "'key' expected at byte 17"),
        (#"{"index":0 "time":0}"#, "',' or '}' expected at byte 11"),
        (#"{"index":0,}"#, "a string expected at byte 11"),
        (#"{"index":0} {}"#, "more than one value stands on the line at byte 12"),
        (#"{"a":"\x"}"#, "no escape begins at byte 7"),
        (#"{"a":"\u12g4"}"#, "four hexadecimal digits expected at byte 10"),
        ("{\"a\":\"\t\"}", "a control character stands in a string at byte 6"),
        (#"{"a":tru}"#, "a value expected at byte 5"),
        ("{\"a\":" + String(repeating: "[", count: 80), "nesting deeper than 64 at byte 69"),
        ("\u{0}", "'{' expected at byte 0"),
    ]

    @Test(arguments: refused) func aLineThatIsNoEventIsRefused(line: String, reason: String) {
        let good = #"{"index":0,"time":0,"process":1,"type":"invoke","f":"read","key":1,"value":null}"#
        #expect(throws: HistoryError.malformed(line: 3, reason: reason)) {
            try countEvents(HistoryReader(Array("\(good)\n\n\(line)\n\(good)\n".utf8)))
        }
    }

    static let refusedNemeses = [
        (#""fault-begin","value":{"kind":"a","target":"b"}"#, "fault-begin: 'fault' is missing in its value"),
        (#""fault-begin","value":{"fault":1,"target":"b"}"#, "fault-begin: 'kind', a string, is missing in its value"),
        (#""epoch","value":{"process":"a","epoch":-1}"#, "epoch: 'epoch' is -1: 0 to 4611686018427387904 expected"),
        (#""replica-hash","value":null"#, "replica-hash: 'process', a string, is missing in its value"),
        (#""resize-commit""#, "resize-commit: 'epoch' is missing in its value"),
    ]

    @Test(arguments: refusedNemeses) func aNemesisWithoutItsFieldsIsRefused(text: String, reason: String) {
        let line = #"{"index":0,"time":0,"process":"nemesis","type":"info","f":\#(text)}"#
        #expect(throws: HistoryError.malformed(line: 1, reason: reason)) {
            try HistoryChecker.check(HistoryReader(Array(line.utf8)))
        }
    }

    @Test func aFileCutOffAtAnyByteIsReadUpToThere() throws {
        var shape = RunShape()
        shape.operations = 12
        let events = SimulatedRun.events(shape, SplitMix64(seed: 4))
        let lines = Judging.lines(events)
        var (whole, lastFeed) = (0, -1)
        for length in 0...lines.count {
            if length > 0, lines[length - 1] == 0x0a { (whole, lastFeed) = (whole + 1, length - 1) }
            var reader = HistoryReader(Array(lines[..<length]))
            var read: [HistoryEvent] = []
            while let line = try reader.next() { read.append(try reader.event(of: line)) }
            // A line is whole when only its line feed is missing.
            let isWhole = length < lines.count && lines[length] == 0x0a
            #expect(read == Array(events.prefix(isWhole ? whole + 1 : whole)))
            let (isCutOff, byteCount) = (reader.isCutOff, reader.byteCount)
            #expect(isCutOff == (length - 1 > lastFeed && !isWhole))
            #expect(byteCount == length)
        }
    }
}
