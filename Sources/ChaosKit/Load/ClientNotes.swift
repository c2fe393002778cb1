// What all clients of a run noted, put together in the order of time.

/// The recorder's view of the clients' files. Owned by one thread or actor.
public struct ClientNotes {
    private var tails: [OperationTail] = []
    private var keys = NumberedNames(AppendJob.keyPrefix)
    /// Noted while others' notes were being read.
    private var held: [HistoryEvent] = []
    /// The keys that were used: all below this.
    public private(set) var keyCount = 0
    /// Appends and reads that completed with an answer, since the run began.
    public private(set) var okCount = 0

    public init() {}

    /// Takes part of a client's life: its file need not be there yet.
    /// - Parameter process: The client's process and its life, as the history calls them.
    public mutating func follow(_ path: String, process: String) {
        tails.append(OperationTail(path: path, process: process))
    }

    /// Takes what clients noted until a time. What a read has seen was noted before, so a history that is cut there is as good
    /// as a whole one: what was noted later stays for the next time. O(n log n) of what was noted since the last time.
    public mutating func take(until cutNs: Int64) -> [HistoryEvent] {
        take(until: cutNs) { _ in }
    }

    mutating func take(until cutNs: Int64, _ count: (OperationNote) -> Void) -> [HistoryEvent] {
        var events = held
        for tail in tails {
            for record in tail.take() {
                keyCount = max(keyCount, record.key + 1)
                if record.type == .ok { okCount += 1 }
                count(record)
                events.append(record.event(by: tail.lanes[record.lane], key: keys[record.key]))
            }
        }
        // In the order of time; a client's own events as they came.
        let order = events.indices.map { (events[$0].timeNs, $0) }.sorted(by: <)
        held = []
        var taken: [HistoryEvent] = []
        for (_, place) in order {
            if events[place].timeNs <= cutNs { taken.append(events[place]) } else { held.append(events[place]) }
        }
        return taken
    }
}
