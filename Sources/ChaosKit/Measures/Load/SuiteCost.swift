// What the suite itself costs: it runs on the same machine as what it measures.

/// Processor time of the load's processes, their part of the client library included, and of the run that records.
public struct SuiteCost: Sendable, Equatable {
    /// Under which name the processes tell it among their counters, in microseconds since the load began.
    static let counterName = "cpuUs"

    /// All of it, in nanoseconds.
    public let totalNs: Int64
    /// Operations that it was spent on: all that were completed under load.
    public let operations: Int

    /// A completed operation's share, in nanoseconds.
    public var perOperationNs: Double { operations > 0 ? Double(totalNs) / Double(operations) : 0 }

    /// O(operations).
    static func measure(_ record: RunRecord) -> Measured<SuiteCost> {
        guard let us = record.counters[counterName] else { return .missing("no note \"counters\" has it") }
        let completed = record.operations.all.count { $0.outcome != .open }
        guard completed > 0 else { return .missing("nothing was completed") }
        return .value(SuiteCost(totalNs: us * 1000, operations: completed))
    }
}
