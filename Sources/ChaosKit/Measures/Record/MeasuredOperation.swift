// What the measures need of a client's operation, and no more: a run has millions of them.

/// An operation, from its being meant to be asked to its completion.
public struct MeasuredOperation: Sendable, Equatable {
    /// When it was meant to be asked: the intended time, or where the history has none, the time of the invocation. In
    /// nanoseconds from the start of the run, like all times here.
    public var startNs: Int64
    /// When it was asked: the time of the invocation.
    public var askedNs: Int64
    /// When it was completed; `Int64.max` for one that never was.
    public var endNs: Int64
    /// Its key's place among the history's keys.
    public var key: UInt32
    public var outcome: Outcome
    public var isAppend: Bool

    public enum Outcome: UInt8, Sendable {
        case ok, failed, unknown, open
    }

    /// How long its client waited, from the time that it was meant to be asked. Without that, a client that waits for a reply
    /// before it asks again would leave out of the record what it could not ask (Tene, "How NOT to measure latency", 2013).
    var latencyNs: Int64 { endNs - startNs }
}

/// All operations of a run, in the order in which they were meant to be asked.
public struct OperationLog: Sendable {
    public let all: [MeasuredOperation]
    /// For each of `all` the highest end of those up to it, open ones left out.
    private let highestEndNs: [Int64]
    /// The ends of those that are ok, ascending.
    private let okEndsNs: [Int64]

    /// O(operations), for they lie nearly in order; O(operations log operations) for any.
    init(_ operations: [MeasuredOperation]) {
        all = operations.sorted { $0.startNs < $1.startNs }
        var highest = Int64.min
        highestEndNs = all.map { operation in
            if operation.outcome != .open { highest = max(highest, operation.endNs) }
            return highest
        }
        okEndsNs = all.lazy.filter { $0.outcome == .ok }.map(\.endNs).sorted()
    }

    /// The place of the first operation that was meant to be asked at `timeNs` or later. O(log operations).
    func place(ofStart timeNs: Int64) -> Int {
        all.partitionPoint { $0.startNs >= timeNs }
    }

    /// The place of the first operation that may have been under way at `timeNs` or begun later: none before it ended as late.
    /// O(log operations).
    func place(ofUnderWay timeNs: Int64) -> Int {
        min(highestEndNs.partitionPoint { $0 >= timeNs }, place(ofStart: timeNs))
    }

    /// How many were acknowledged in a span. O(log operations).
    func okCount(in span: TimeSpan) -> Int {
        okEndsNs.partitionPoint { $0 >= span.endNs } - okEndsNs.partitionPoint { $0 >= span.beginNs }
    }

    /// How many were meant to be asked in a span. O(log operations).
    func startCount(in span: TimeSpan) -> Int {
        place(ofStart: span.endNs) - place(ofStart: span.beginNs)
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index from which on the condition holds; it holds for all after one for which it does. O(log count).
    func partitionPoint(_ holds: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
