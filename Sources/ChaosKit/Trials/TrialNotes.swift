// What happens in a trial, in order of time, and the verdict on it.

import Ringmaster
import Synchronization

/// Collects the events of one trial. Usable from any task.
final class TrialNotes: Sendable {
    private let events = Mutex<[HistoryEvent]>([])
    private let values = Atomic<Int64>(0)
    let startNs = MonotonicTime.now.nanoseconds

    var nowNs: Int64 { MonotonicTime.now.nanoseconds - startNs }

    /// A value that nobody else appends.
    func freshValue() -> Int64 { values.add(1, ordering: .relaxed).newValue }

    func add(_ action: HistoryEvent.Action, at timeNs: Int64? = nil) {
        let event = HistoryEvent(timeNs: timeNs ?? nowNs, action)
        events.withLock { $0.append(event) }
    }

    /// Writes the history to a new file and has it judged.
    /// - Throws: `HistoryError`.
    func judge(path: String) throws(HistoryError) -> Verdict {
        let writer = try HistoryWriter(path: path)
        // Sorting is not stable: what has the same time stays in the order in which it was noted.
        let events = events.withLock { $0 }.enumerated().sorted {
            ($0.element.timeNs, $0.offset) < ($1.element.timeNs, $1.offset)
        }
        for event in events { try writer.append(event.element) }
        try writer.close()
        return try HistoryChecker.check(path: path)
    }
}
