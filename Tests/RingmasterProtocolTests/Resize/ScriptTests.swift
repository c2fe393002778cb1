// Scripts of a resize with the trace that each step must leave; Scripts/README says how to read and write them.

import Foundation
import RingmasterProtocol
import Testing

struct ScriptTests {
    /// With RINGMASTER_REWRITE_SCRIPTS=<folder of the scripts in the sources> the traces are written anew instead of
    /// compared; look at the difference before you keep it.
    private static let rewriteFolder = ProcessInfo.processInfo.environment["RINGMASTER_REWRITE_SCRIPTS"]

    static let names: [String] = {
        guard let folder = Bundle.module.url(forResource: "Scripts", withExtension: nil) else { return [] }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".txt") }.sorted()
    }()

    @Test func theScriptsAreThere() {
        #expect(Self.names.count >= 20)
    }

    @Test(arguments: names)
    func everyStepLeavesItsTrace(name: String) throws {
        let folder = try #require(Bundle.module.url(forResource: "Scripts", withExtension: nil))
        let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        let traced = try Script.run(text)
        if let rewriteFolder = Self.rewriteFolder {
            try traced.write(toFile: "\(rewriteFolder)/\(name)", atomically: true, encoding: .utf8)
            return
        }
        let (expected, found) = (text.split(separator: "\n"), traced.split(separator: "\n"))
        for (line, (old, new)) in zip(expected, found).enumerated() where old != new {
            Issue.record("\(name), non-empty line \(line + 1): expected '\(old)', found '\(new)'")
            return
        }
        #expect(expected.count == found.count, "\(name): the trace is longer or shorter")
    }
}

/// A script: comments (#), steps (at the margin) and the trace of each step (indented).
enum Script {
    struct Mistake: Error {
        let line: String
    }

    /// The script with the trace that its steps leave now.
    static func run(_ text: String) throws -> String {
        var stage: (any ScriptStage)?
        var lines: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("    ") { continue }
            lines.append(line)
            if line.isEmpty || line.hasPrefix("#") { continue }
            let words = line.split(separator: " ").map(String.init)
            var trace: [String]
            if words[0] == "coordinator" {
                stage = try CoordinatorStage(words)
                trace = []
            } else if words[0] == "worker" {
                stage = try WorkerStage(words)
                trace = []
            } else {
                trace = try stage?.step(words) ?? []
            }
            if trace.isEmpty, words[0] != "coordinator", words[0] != "worker" { trace = ["nothing"] }
            lines += trace.map { "    " + $0 }
        }
        return lines.joined(separator: "\n")
    }
}

/// What a script plays on: one side of the protocol.
protocol ScriptStage {
    mutating func step(_ words: [String]) throws -> [String]
}

/// Reads "a", "a#2" (incarnation) and "a*3" (weight).
func record(_ word: String) throws -> MemberRecord {
    let parts = word.split(separator: "#").map(String.init)
    let incarnation = Incarnation(rawValue: parts.count > 1 ? UInt64(parts[1])! : 1)
    return MemberRecord(member: try members(parts[0])[0], incarnation: incarnation, endpoint: "tcp://\(parts[0])")
}

func describe(_ record: MemberRecord) -> String {
    let isFirst = record.incarnation == Incarnation(rawValue: 1)
    return isFirst ? "\(record.member)" : "\(record.member)#\(record.incarnation.rawValue)"
}

func describe(_ order: SyncMessage.Order) -> String {
    func list(_ members: [Member]) -> String {
        members.isEmpty ? "nobody" : members.map { "\($0)" }.joined(separator: " ")
    }
    switch order {
    case .propose(let base, let mode, let members):
        return "propose, \(mode) from view \(base) to \(list(members))"
    case .synchronise(let base, let syncTo, let members):
        return "synchronise to job \(syncTo), from view \(base) to \(list(members))"
    case .notify:
        return "notify"
    }
}

/// The view that a plan makes of another, with the incarnations of the members.
func nextView(_ view: ClusterView, epoch: Epoch, members: [MemberRecord]) throws -> ClusterView {
    let members = members.sorted { $0.member.id < $1.member.id }
    return ClusterView(
        ring: try RingPlan(from: view.ring, to: members.map(\.member), epoch: epoch).view,
        members: members
    )
}
