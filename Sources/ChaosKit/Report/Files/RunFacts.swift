// What run.json and verdict.json say. A report can be made without either, so nothing in them has to be there.

import Foundation
import Measurement

/// How a run was made.
public struct RunFacts: Sendable, Equatable {
    public private(set) var seed: String?
    /// The command that made it.
    public private(set) var command: String?
    /// The settings by their names, nested ones with dots between.
    public private(set) var settings: [Setting] = []
    public private(set) var machine: MachineInfo?
    /// What the run was done to, where that is not Ringmaster.
    public private(set) var target: RunTarget?
    /// Whether a schedule lies in the folder, which replays the run exactly.
    public private(set) var hasSchedule = false
    /// What went wrong with the run itself, or with a process that no fault was done to: such a run shows less than it meant to.
    public private(set) var failures: [String] = []
    /// What verdict.json says.
    public private(set) var writtenOutcome: String?
    public private(set) var oddities: [String] = []

    public struct Setting: Sendable, Equatable {
        public let name: String
        public let value: String
    }

    init(_ directory: URL) {
        let scheduleFile = directory.appending(path: "schedule.json").path(percentEncoded: false)
        hasSchedule = FileManager.default.fileExists(atPath: scheduleFile)
        writtenOutcome = object(in: directory, HistoryPlace.verdictName)?["outcome"] as? String
        guard let run = object(in: directory, "run.json") else { return }
        seed = run["seed"].map(Self.text)
        command = run["command"] as? String
        settings = Self.flattened(run["settings"] ?? [:], "")
        for name in ["errors", "crashes"] { failures += run[name] as? [String] ?? [] }
        machine = Self.decoded(run["machine"])
        target = Self.decoded(run["target"])
        if command == nil { command = machine?.command }
    }

    /// The command that makes the same run again.
    /// - Parameter directory: The run's folder, as it is to be typed.
    public func replay(in directory: String) -> String? {
        let target = target.map { " --target \($0.name)" + ($0.service == "idempotent" ? " --idempotent" : "") } ?? ""
        if hasSchedule {
            return "swift run -c release chaos run\(target) --schedule \(directory)/schedule.json"
        }
        if let command { return command.contains("--seed") || seed == nil ? command : "\(command) --seed \(seed!)" }
        return seed.map { "swift run -c release chaos run\(target) --seed \($0)" }
    }

    private mutating func object(in directory: URL, _ name: String) -> [String: Any]? {
        let file = directory.appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) else { return nil }
        let fields = (try? Data(contentsOf: file)).flatMap { try? JSONSerialization.jsonObject(with: $0) }
        if let fields = fields as? [String: Any] { return fields }
        oddities.append("\(name) cannot be read")
        return nil
    }

    private static func decoded<Value: Decodable>(_ fields: Any?) -> Value? {
        guard let fields = fields as? [String: Any], let data = try? JSONSerialization.data(withJSONObject: fields)
        else { return nil }
        return try? JSONDecoder().decode(Value.self, from: data)
    }

    private static func flattened(_ value: Any, _ name: String) -> [Setting] {
        guard let fields = value as? [String: Any] else { return [Setting(name: name, value: text(value))] }
        return fields.sorted { $0.key < $1.key }.flatMap { key, value in
            flattened(value, name.isEmpty ? key : "\(name).\(key)")
        }
    }

    private static func text(_ value: Any) -> String {
        switch value {
        case let list as [Any]: list.map(text).joined(separator: ", ")
        case is NSNull: "none"
        default: "\(value)"
        }
    }
}
