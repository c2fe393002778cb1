// A second opinion: linearizability by its definition, by trying orders. It shares nothing with the checker under trial, and
// is exponential: for a dozen operations.

import ChaosKit

/// Decides whether the appends and reads of a history are linearizable.
///
/// Source: Wing & Gong, "Testing and verifying concurrent objects", JPDC 17, 1993, with Lowe's memory of what was tried
/// ("Testing for linearizability", CCPE 29(4), 2017). All keys are judged together: it does not rely on locality either.
public struct BruteForceChecker {
    private struct Operation {
        var key: HistoryName
        /// What is appended; nil for a read.
        var value: Int64?
        var invokedNs: Int64
        /// The end of time for one of unknown outcome.
        var overNs = Int64.max
        var position: Int64?
        var list: [Int64]?
        var isOk = false
    }

    /// What was done, and what came of it.
    private struct Configuration: Hashable {
        var done: UInt64 = 0
        var lists: [HistoryName: [Int64]] = [:]
    }

    private let operations: [Operation]

    /// - Parameter events: Of at most 64 operations that did not fail.
    public static func isLinearizable(_ events: [HistoryEvent]) -> Bool {
        BruteForceChecker(events).isLinearizable()
    }

    private init(_ events: [HistoryEvent]) {
        var open: [HistoryName: Operation] = [:]
        var operations: [Operation] = []
        func take(_ type: OperationType, _ process: HistoryName, _ operation: Operation) {
            switch type {
            case .invoke: open[process] = operation
            case .ok:
                var completed = open.removeValue(forKey: process)!
                (completed.overNs, completed.isOk) = (operation.invokedNs, true)
                (completed.position, completed.list) = (operation.position, operation.list)
                operations.append(completed)
            case .fail: open[process] = nil
            case .info: operations.append(open.removeValue(forKey: process)!)
            }
        }
        for event in events {
            switch event.action {
            case .append(let type, let process, let key, let value, let position):
                take(type, process, Operation(key: key, value: value, invokedNs: event.timeNs, position: position))
            case .read(let type, let process, let key, let list):
                take(type, process, Operation(key: key, invokedNs: event.timeNs, list: list))
            case .nemesis: break
            }
        }
        // A read of unknown outcome says nothing, and changes nothing.
        self.operations = (operations + open.values).filter { $0.isOk || $0.value != nil }
        precondition(self.operations.count <= 64, "too many operations to try all orders of")
    }

    private func isLinearizable() -> Bool {
        let required = operations.indices.filter { operations[$0].isOk }.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
        var tried: Set<Configuration> = []
        var stack = [Configuration()]
        while let configuration = stack.popLast() {
            if configuration.done & required == required { return true }
            guard tried.insert(configuration).inserted else { continue }
            for next in operations.indices where mayComeNext(next, configuration.done) {
                if let after = apply(next, to: configuration) { stack.append(after) }
            }
        }
        return false
    }

    /// Whether nothing that is not done yet was over before this began.
    private func mayComeNext(_ next: Int, _ done: UInt64) -> Bool {
        guard done & (1 << UInt64(next)) == 0 else { return false }
        return operations.indices.allSatisfy { other in
            done & (1 << UInt64(other)) != 0 || operations[other].overNs >= operations[next].invokedNs
        }
    }

    /// What comes of it; nil if it would have had another result.
    private func apply(_ next: Int, to configuration: Configuration) -> Configuration? {
        let operation = operations[next]
        var after = configuration
        after.done |= 1 << UInt64(next)
        let list = configuration.lists[operation.key] ?? []
        if let value = operation.value {
            if operation.isOk, operation.position != Int64(list.count) { return nil }
            after.lists[operation.key] = list + [value]
        } else if operation.list != list {
            return nil
        }
        return after
    }
}
