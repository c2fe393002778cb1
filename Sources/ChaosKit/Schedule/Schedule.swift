// The whole plan of a run. schedule.json in the results is this; `--schedule FILE` replays one, or one written by hand.

import Foundation

/// What is to happen in a run, and when.
public struct Schedule: Codable, Equatable, Sendable {
    public static let formatNow = 1

    public var format = formatNow
    /// The load depends on it, and the steps were made from it.
    public var seed: UInt64
    public var settings: RunSettings
    /// In order of time.
    public var steps: [Step]

    /// One thing that is done to the cluster.
    public struct Step: Equatable, Sendable {
        /// From the beginning of the load.
        public var atNs: Int64
        public var action: Action

        public init(atNs: Int64, _ action: Action) {
            self.atNs = atNs
            self.action = action
        }
    }

    public enum Action: Equatable, Sendable {
        case fault(FaultOrder)
        case resize(ResizeOrder)
    }

    public init(seed: UInt64, settings: RunSettings, steps: [Step]) {
        self.seed = seed
        self.settings = settings
        self.steps = steps
    }
}

/// A change of the number of workers.
public struct ResizeOrder: Codable, Equatable, Sendable {
    /// How many workers there are to be.
    public var workers: Int
    /// Chooses who leaves, as `FaultTarget` does.
    public var pick: Int

    public init(workers: Int, pick: Int) {
        self.workers = workers
        self.pick = pick
    }
}

extension Schedule.Step: Codable {
    private enum CodingKeys: String, CodingKey {
        case atNs, fault, resize
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        atNs = try container.decode(Int64.self, forKey: .atNs)
        if let fault = try container.decodeIfPresent(FaultOrder.self, forKey: .fault) {
            action = .fault(fault)
        } else {
            action = .resize(try container.decode(ResizeOrder.self, forKey: .resize))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(atNs, forKey: .atNs)
        switch action {
        case .fault(let fault): try container.encode(fault, forKey: .fault)
        case .resize(let resize): try container.encode(resize, forKey: .resize)
        }
    }
}

// As a file.
extension Schedule {
    /// Reads a schedule.
    /// - Throws: `RunError.schedule`: what is wrong with it.
    public init(path: String) throws(RunError) {
        do {
            self = try JSONDecoder().decode(Schedule.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw .schedule(path: path, reason: "\(error)")
        }
        if let mistake { throw .schedule(path: path, reason: mistake) }
    }

    /// What is wrong with it, for a person; nil where nothing is.
    var mistake: String? {
        if format != Self.formatNow { return "its format is \(format); this program reads \(Self.formatNow)" }
        if let mistake = settings.mistake { return mistake }
        if let networkMistake { return networkMistake }
        var ids: Set<Int64> = []
        for step in steps {
            switch step.action {
            case .fault(let fault):
                if !ids.insert(fault.id).inserted { return "fault \(fault.id) is there twice" }
                if let mistake = fault.machineShapeMistake ?? settings.machineFaultMistake(of: [fault.kind]) {
                    return "fault \(fault.id): \(mistake)"
                }
                if let mistake = fault.network?.mistake { return "fault \(fault.id) has \(mistake)" }
                if fault.lastsNs < 0 { return "fault \(fault.id) lasts \(fault.lastsNs) ns" }
            case .resize(let resize):
                if !(1...RunLimits.workersMax).contains(resize.workers) {
                    return "a resize to \(resize.workers) workers; possible is 1 to \(RunLimits.workersMax)"
                }
            }
            if step.atNs < 0 || step.atNs > settings.durationNs {
                return "a step at \(step.atNs) ns, outside the duration of \(settings.durationNs) ns"
            }
        }
        if zip(steps, steps.dropFirst()).contains(where: { $0.atNs > $1.atNs }) { return "its steps are not in order" }
        return nil
    }

    /// As schedule.json has it.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }
}
