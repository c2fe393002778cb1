// What people and programs get of a verdict.

import ChaosKit
import Foundation
import Testing

struct VerdictReportTests {
    @Test func aReportNamesTheAnomalyAndShowsItsLines() throws {
        let history = try WrittenHistory.all("appends")[0]
        let verdict = try HistoryChecker.check(HistoryReader(history.lines))
        let report = """
            VIOLATION: 2 operations (1 appends, 1 reads; 2 ok, 0 failed, 0 unknown) on 1 keys, 0 faults, 0 resizes, in 4 lines

            lost-append: an acknowledged append is missing; 1 case
              key x: 1 was acknowledged, and the last read of x, invoked after that, does not have it
                line 2: the acknowledgement
                line 3
                line 4

            """
        #expect(verdict.report(excerpts: [2: "the acknowledgement"]) == report)
    }

    @Test func theJSONHasTheSame() throws {
        let history = try WrittenHistory.all("appends")[0]
        let json = try HistoryChecker.check(HistoryReader(history.lines)).json
        let verdict = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(verdict["outcome"] as? String == "violation")
        #expect((verdict["problems"] as? [Any])?.isEmpty == true)
        let anomalies = try #require(verdict["anomalies"] as? [[String: Any]])
        #expect(anomalies.map { $0["kind"] as? String } == ["lost-append"])
        let examples = try #require(anomalies[0]["examples"] as? [[String: Any]])
        #expect(examples[0]["lines"] as? [Int] == [2, 3, 4])
        #expect(examples[0]["key"] as? String == "x")
    }
}
