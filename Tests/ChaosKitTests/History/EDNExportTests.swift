// The EDN that checkers of Jepsen's histories read.

import ChaosKit
import HistoryTrials
import RingmasterProtocol
import Testing

struct EDNExportTests {
    @Test func everyEventHasItsForm() throws {
        let events = [
            HistoryEvent(timeNs: 0, .append(.invoke, by: "c", key: "k\"1", value: 5)),
            HistoryEvent(timeNs: 1, .append(.ok, by: "c", key: "k\"1", value: 5, position: 0)),
            HistoryEvent(timeNs: 2, .read(.invoke, by: 9, key: 3)),
            HistoryEvent(timeNs: 3, .read(.ok, by: 9, key: 3, list: [5, -6])),
            HistoryEvent(timeNs: 4, .read(.invoke, by: "c", key: 3)),
            HistoryEvent(timeNs: 5, .read(.fail, by: "c", key: 3)),
            HistoryEvent(timeNs: 6, .nemesis(.roundBegan(Epoch(2), mode: "handoff", members: ["a", "b"]))),
            HistoryEvent(timeNs: 7, .nemesis(.note("n", json: #"{"a":null,"b":[],"c":{"d:e":-1.5,"f":true}}"#))),
        ]
        let edn = #"""
            {:type :invoke, :time 0, :process 0, :f :txn, :value [[:append "k\"1" 5]], :index 0}
            {:type :ok, :time 1, :process 0, :f :txn, :value [[:append "k\"1" 5]], :position 0, :index 1}
            {:type :invoke, :time 2, :process 1, :f :txn, :value [[:r 3 nil]], :index 2}
            {:type :ok, :time 3, :process 1, :f :txn, :value [[:r 3 [5 -6]]], :index 3}
            {:type :invoke, :time 4, :process 0, :f :txn, :value [[:r 3 nil]], :index 4}
            {:type :fail, :time 5, :process 0, :f :txn, :value [[:r 3 nil]], :index 5}
            {:type :info, :time 6, :process :nemesis, :f :resize-begin, :value {"epoch" 2 "mode" "handoff" "members" ["a" "b"]}, :index 6}
            {:type :info, :time 7, :process :nemesis, :f :n, :value {"a" nil "b" [] "c" {"d:e" -1.5 "f" true}}, :index 7}

            """#
        #expect(try EDNExport.text(Judging.lines(events)) == edn)
    }

    @Test func aProcessGoesOnUnderAnotherNumberAfterAnInfo() throws {
        let events = [
            HistoryEvent(timeNs: 0, .read(.invoke, by: "a", key: 1)),
            HistoryEvent(timeNs: 1, .read(.info, by: "a", key: 1)),
            HistoryEvent(timeNs: 2, .read(.invoke, by: "b", key: 1)),
            HistoryEvent(timeNs: 3, .read(.invoke, by: "a", key: 1)),
        ]
        let numbers = try EDNExport.text(Judging.lines(events)).split(separator: "\n").map { line in
            line.split(separator: ":process ")[1].prefix { $0 != "," }
        }
        #expect(numbers == ["0", "0", "1", "2"])
    }

    @Test func eventsAreInTheOrderOfTheirTimes() throws {
        let events = [
            HistoryEvent(timeNs: 5, .read(.invoke, by: "a", key: 1)),
            HistoryEvent(timeNs: 2, .read(.invoke, by: "b", key: 2)),
            HistoryEvent(timeNs: 5, .read(.info, by: "b", key: 2)),
            HistoryEvent(timeNs: 6, .read(.info, by: "a", key: 1)),
        ]
        let edn = """
            {:type :invoke, :time 2, :process 1, :f :txn, :value [[:r 2 nil]], :index 0}
            {:type :invoke, :time 5, :process 0, :f :txn, :value [[:r 1 nil]], :index 1}
            {:type :info, :time 5, :process 1, :f :txn, :value [[:r 2 nil]], :index 2}
            {:type :info, :time 6, :process 0, :f :txn, :value [[:r 1 nil]], :index 3}

            """
        #expect(try EDNExport.text(Judging.lines(events)) == edn)
    }
}
