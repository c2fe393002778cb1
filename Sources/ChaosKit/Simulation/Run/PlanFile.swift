// Plans as files, so that a run that no seed draws can be run again: JSON, an object of the plan's properties by their names, in
// nanoseconds, bytes and operations a second.

import Foundation

extension SimulationPlan {
    /// The plan as it stands in a file.
    public var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        // Nothing in a plan is one that JSON cannot hold.
        guard let bytes = try? encoder.encode(self) else { preconditionFailure("a plan that cannot be written") }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Throws: `SimulationError.planUnreadable`.
    public init(path: String) throws(SimulationError) {
        do {
            self = try JSONDecoder().decode(SimulationPlan.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw .planUnreadable(path: path, reason: "\(error)")
        }
        guard isRunnable else { throw .planUnreadable(path: path, reason: "a number in it is out of its range") }
    }

    public func write(to path: String) throws(SimulationError) {
        do {
            try Data((text + "\n").utf8).write(to: URL(filePath: path))
        } catch {
            throw .planUnwritable(path: path, reason: "\(error)")
        }
    }

    /// Whether a cluster of these numbers can be begun.
    private var isRunnable: Bool {
        [0, 1, 3, 5].contains(replicas) && (1...250).contains(workers) && (1...250).contains(clients)
            && (1...1024).contains(lanes) && (1...65536).contains(keys) && slots > 0 && slots <= 65536
            && slots.nonzeroBitCount == 1 && perSecond > 0 && timeoutMs > 0 && loadNs > 0 && chunkBytes > 0
            && steps.allSatisfy { $0.atNs >= 0 && $0.lastsNs >= 0 && $0.pick >= 0 && $0.occurrence >= 1 }
    }
}
