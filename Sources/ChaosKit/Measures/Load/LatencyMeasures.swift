// How long clients waited, overall and by what went on meanwhile.

import Measurement

/// The latencies of a set of operations, and how those that have none ended.
public struct LatencyGroup: Sendable {
    public internal(set) var histogram = LatencyHistogram()
    public internal(set) var failedCount = 0
    /// Of unknown outcome, and those without an end.
    public internal(set) var unknownCount = 0

    /// How many operations there are, whatever came of them.
    public var count: Int { histogram.count + failedCount + unknownCount }

    mutating func take(_ operation: MeasuredOperation) {
        switch operation.outcome {
        case .ok: histogram.record(operation.latencyNs)
        case .failed: failedCount += 1
        case .unknown, .open: unknownCount += 1
        }
    }
}

/// Under what circumstances an operation was under way.
public enum LatencyScope: String, Sendable, CaseIterable {
    /// All operations under load.
    case overall
    /// Those that no verified fault was on for.
    case outsideFaults = "outside-faults"
    /// Those that were under way while a verified fault was on, for a moment at least.
    case duringFaults = "during-faults"
    /// Those that were under way during a round of a resize, for a moment at least.
    case duringResizes = "during-resizes"
    /// Those under way during neither faults nor resizes.
    case undisturbed
    case appends
    case reads

    /// For people.
    public var title: String {
        switch self {
        case .overall: "overall"
        case .outsideFaults: "outside faults"
        case .duringFaults: "during faults"
        case .duringResizes: "during resizes"
        case .undisturbed: "outside both"
        case .appends: "appends"
        case .reads: "reads"
        }
    }
}

/// The latencies of a run by scope.
public struct LatencyMeasures: Sendable {
    public private(set) var groups: [LatencyScope: LatencyGroup] = [:]

    public subscript(scope: LatencyScope) -> LatencyGroup { groups[scope] ?? LatencyGroup() }

    /// O(operations * log windows).
    init(_ operations: OperationLog, faults: TimeCover, rounds: TimeCover, lastNs: Int64) {
        var all = LatencyGroup(), outside = LatencyGroup(), during = LatencyGroup(), resizing = LatencyGroup()
        var undisturbed = LatencyGroup(), appends = LatencyGroup(), reads = LatencyGroup()
        for operation in operations.all {
            let span = TimeSpan(operation.startNs, min(operation.endNs, lastNs))
            let isInFault = faults.meets(span)
            let isInRound = rounds.meets(span)
            all.take(operation)
            if isInFault { during.take(operation) } else { outside.take(operation) }
            if isInRound { resizing.take(operation) }
            if !isInFault, !isInRound { undisturbed.take(operation) }
            if operation.isAppend { appends.take(operation) } else { reads.take(operation) }
        }
        groups = [
            .overall: all, .outsideFaults: outside, .duringFaults: during, .duringResizes: resizing,
            .undisturbed: undisturbed, .appends: appends, .reads: reads,
        ]
    }
}
