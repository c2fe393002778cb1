// A plan's run in a process of its own: also one that ends by a crash has then an outcome.

import Foundation

/// What became of it.
public struct PlanRun: Sendable {
    /// The kinds of what was found, without the numbers and names of the single case.
    public let kinds: Set<String>

    /// Runs the plan.
    public init(_ plan: SimulationPlan) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "plan-\(UUID().uuidString).json").path
        try plan.write(to: file)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let process = Process()
        process.executableURL = SimulationJobs.program
        process.arguments = ["simulate", "--plan", file]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationReason == .uncaughtSignal {
            kinds = ["crash"]
        } else {
            kinds = Set(
                text.split(separator: "\n").filter { $0.hasPrefix(Self.mark) }.map {
                    Self.kind(of: $0.dropFirst(Self.mark.count))
                }
            )
        }
    }

    /// What stands before each finding in a report.
    static let mark = "  violation: "

    /// What is left of a finding without what differs between runs.
    static func kind(of finding: some StringProtocol) -> String {
        var words: [String] = []
        for word in finding.split(separator: " ") {
            let isOfTheCase = word.contains(where: \.isNumber)
            if word.hasSuffix(":") {
                // "at 512 ns:" stands in front of what a breach is.
                if words == ["at"] || words == ["at", "ns"] || word == "ns:" {
                    words = []
                    continue
                }
                if !isOfTheCase { words.append(String(word.dropLast())) }
                break
            }
            if !isOfTheCase { words.append(String(word)) }
        }
        return words.joined(separator: " ")
    }

    /// The smallest plan that fails as this one does, in one of these ways.
    /// - Parameter progress: Told of each smaller plan that fails.
    /// - Returns: nil where nothing was found.
    public func shrink(
        _ plan: SimulationPlan,
        progress: @escaping (SimulationPlan) -> Void
    ) throws -> (plan: SimulationPlan, tries: Int)? {
        guard !kinds.isEmpty else { return nil }
        let kinds = kinds
        var shrinker = PlanShrinker(plan) { try !PlanRun($0).kinds.isDisjoint(with: kinds) }
        shrinker.progress = progress
        return (try shrinker.shrink(), shrinker.tries)
    }
}
