// The offline check, with checks of its own.

import Testing

@testable import RingmasterCommand

struct VerifyTests {
    private struct Finding: DataDirectoryCheck {
        let subject = "log"
        let problems: [String]
        func applies(to directory: String) -> Bool { true }
        func check(_ directory: String) throws(CommandFailure) -> DataDirectoryFindings {
            DataDirectoryFindings(facts: [("entries", "3")], problems: problems)
        }
    }

    @Test
    func everyCheckIsCalledAndItsProblemsCounted() throws {
        let folder = try TestFolder()
        var said: [String] = []
        let checks = [Finding(problems: []), Finding(problems: ["segment 4 is cut off"])]
        #expect(try VerifyCommand.verify(folder.path, checks: checks) { said.append($0) } == 1)
        #expect(said.contains("  problem: segment 4 is cut off"))
    }

    @Test
    func clusterFilesFromElsewhereAreRefused() throws {
        let folder = try TestFolder()
        _ = try folder.write("{}", to: "cluster.json")
        #expect(try ClusterFileCheck().check(folder.path).problems.count == 1)
        #expect(throws: CommandFailure.self) { try ClusterFile.read(in: folder.path) }
    }
}
