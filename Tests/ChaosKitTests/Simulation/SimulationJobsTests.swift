// Shares of seeds that end otherwise than they should.

import Foundation
import Testing

@testable import ChaosKit

struct SimulationJobsTests {
    /// A program that says what a share says, and dies at the seed 3.
    private static let dyingAtThree = """
        #!/bin/bash
        seeds=${3/.../ }
        for seed in $(seq $seeds); do
            echo "begins $seed chaos simulate --seeds $seed"
            [ $seed = 3 ] && kill -ILL $$
            echo 'sums {"seeds":1,"violations":0,"undecided":0,"events":1,"virtualNs":1,"operations":1,"faults":0,"coverage":COVERAGE}'
        done
        """

    private func program(_ text: String) throws -> URL {
        let file = FileManager.default.temporaryDirectory.appending(path: "share-\(UUID().uuidString)")
        let coverage = String(decoding: try JSONEncoder().encode(SimulationCoverage()), as: UTF8.self)
        try text.replacing("COVERAGE", with: coverage).write(to: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        return file
    }

    @Test func aSeedThatCrashesIsReportedAndTheOthersAreRun() throws {
        let program = try program(Self.dyingAtThree)
        defer { try? FileManager.default.removeItem(at: program) }
        var lines: [String] = []
        let total = try SimulationJobs.run(1...120, jobs: 2, [], program: program) { lines.append($0) }
        #expect(total.seeds == 120)
        #expect(total.violations == 1)
        #expect(total.text.contains("119 valid"))
        #expect(lines.count == 1)
        #expect(lines.first?.contains("seed 3:\n  violation: crash: the process ended by signal 4") ?? false)
        #expect(lines.first?.hasSuffix("again: chaos simulate --seeds 3 --trace") ?? false)
    }

    @Test func aShareThatNeverBeginsEndsTheSeries() throws {
        let program = try program("#!/bin/bash\nexit 7\n")
        defer { try? FileManager.default.removeItem(at: program) }
        #expect(throws: SimulationError.self) {
            try SimulationJobs.run(1...2, jobs: 2, [], program: program) { _ in }
        }
    }
}
