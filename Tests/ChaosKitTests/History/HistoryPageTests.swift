// What docs/HISTORY.md says, held to the code.

import ChaosKit
import Foundation
import Testing

struct HistoryPageTests {
    private let page: String

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        page = try String(contentsOf: root.appending(path: "docs/HISTORY.md"), encoding: .utf8)
    }

    @Test func itsHistoryIsValid() throws {
        let block = try #require(page.components(separatedBy: "```json\n").dropFirst().first)
        let history = try #require(block.components(separatedBy: "```").first)
        #expect(try HistoryChecker.check(HistoryReader(Array(history.utf8))).outcome == .valid)
    }

    @Test func itNamesEveryAnomalyAndProblem() {
        for kind in AnomalyKind.allCases { #expect(page.contains("| `\(kind.rawValue)` |")) }
        for kind in ProblemKind.allCases { #expect(page.contains("| `\(kind.rawValue)` |")) }
    }

    @Test func itNamesEveryEventOfTheNemesis() {
        for (event, _) in EncodingTests.goldens {
            guard case .nemesis(let nemesis) = event, nemesis.function != "rate" else { continue }
            #expect(page.contains("| `\(nemesis.function)` |"))
        }
    }
}
