// Who holds a reader-writer lock and who waits for it: the rules of `RWLock`, without tasks or threads.

/// The state of a writer-preferring reader-writer lock: any number of readers or one writer.
///
/// A writer that waits stops new readers; readers that run finish. When the lock falls free, the writer that has waited
/// longest gets it; readers get it together when no writer waits. So a steady stream of writers starves readers: this
/// lock is for writers that are rare.
struct LockQueue {
    enum Kind: Hashable, Sendable {
        case read, write
    }

    /// The name of one request; each is used once.
    typealias Ticket = UInt64

    private(set) var readers = 0
    private(set) var isWriting = false
    // In order of arrival.
    private(set) var waitingReaders: [Ticket] = []
    private(set) var waitingWriters: [Ticket] = []
    private var firstWriter = 0

    var isFree: Bool { readers == 0 && !isWriting }

    var waitingCount: Int { waitingReaders.count + waitingWriters.count - firstWriter }

    /// Takes the lock if nothing stands in the way. O(1).
    mutating func take(_ kind: Kind) -> Bool {
        switch kind {
        case .read:
            guard !isWriting, !isWriterWaiting else { return false }
            readers += 1
        case .write:
            guard isFree else { return false }
            isWriting = true
        }
        return true
    }

    /// Takes the lock, or queues `ticket` for it and returns false. O(1).
    mutating func takeOrWait(_ kind: Kind, _ ticket: Ticket) -> Bool {
        if take(kind) { return true }
        switch kind {
        case .read: waitingReaders.append(ticket)
        case .write: waitingWriters.append(ticket)
        }
        return false
    }

    /// Gives the lock back, and returns the tickets that hold it from now on. O(those).
    mutating func release(_ kind: Kind) -> [Ticket] {
        switch kind {
        case .read:
            precondition(readers > 0, "a read lock is released as often as it is taken")
            readers -= 1
        case .write:
            precondition(isWriting, "a write lock is released as often as it is taken")
            isWriting = false
        }
        return grant()
    }

    /// Takes `ticket` out of the queue. Returns the tickets that hold the lock from now on, as the one that left may have
    /// stood in their way; nil where the ticket does not wait (any more). O(those that wait).
    mutating func cancel(_ ticket: Ticket) -> [Ticket]? {
        if let index = waitingReaders.firstIndex(of: ticket) {
            waitingReaders.remove(at: index)
        } else if let index = waitingWriters[firstWriter...].firstIndex(of: ticket) {
            waitingWriters.remove(at: index)
        } else {
            return nil
        }
        return grant()
    }

    private var isWriterWaiting: Bool { firstWriter < waitingWriters.count }

    private mutating func grant() -> [Ticket] {
        guard !isWriting else { return [] }
        if isWriterWaiting {
            guard readers == 0 else { return [] }
            isWriting = true
            let ticket = waitingWriters[firstWriter]
            firstWriter += 1
            // The places of those that were served are given back in bulk.
            if firstWriter == waitingWriters.count || firstWriter >= 64 {
                waitingWriters.removeFirst(firstWriter)
                firstWriter = 0
            }
            return [ticket]
        }
        guard !waitingReaders.isEmpty else { return [] }
        readers += waitingReaders.count
        defer { waitingReaders = [] }
        return waitingReaders
    }
}
