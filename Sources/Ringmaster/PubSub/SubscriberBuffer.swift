// Between a subscriber's loop and its consumer: a bounded buffer that drops the oldest, and counts it.

import DequeModule

/// A publication as it came, with its bytes copied out of the message.
struct RawPublication: Sendable {
    let topic: [UInt8]
    let sequence: UInt64
    let value: [UInt8]
    /// Whether `value` are published bytes themselves, or a value's encoding.
    let isBytes: Bool

    /// The value's encoding, whichever it is.
    var encoded: [UInt8] {
        guard isBytes else { return value }
        var encoded: [UInt8] = []
        PublicationFrame.writeBinHead(value.count, into: &encoded)
        return encoded + value
    }
}

/// The publications that wait for the consumer, and the consumers that wait for a publication. Any thread.
final class SubscriberBuffer: Sendable {
    private struct State {
        var publications: Deque<RawPublication> = []
        var bytes = 0
        var consumers: [(ticket: UInt64, continuation: Resumption<RawPublication?>)] = []
        var nextTicket: UInt64 = 0
        var isClosed = false
        var statistics = SubscriberStatistics()

        mutating func takeOldest() -> RawPublication? {
            guard let oldest = publications.popFirst() else { return nil }
            bytes -= oldest.value.count
            return oldest
        }
    }

    private let state = Guarded(State())
    private let countMax: Int
    private let bytesMax: Int

    init(countMax: Int, bytesMax: Int) {
        precondition(countMax > 0 && bytesMax > 0, "a buffer holds something")
        self.countMax = countMax
        self.bytesMax = bytesMax
    }

    var statistics: SubscriberStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.waiting = state.publications.count
            return statistics
        }
    }

    func count(_ change: (inout SubscriberStatistics) -> Void) {
        state.withLock { change(&$0.statistics) }
    }

    /// Hands a publication to a consumer that waits, or keeps it; `missed` others before it never came.
    func add(_ publication: RawPublication, missed: UInt64) {
        let consumer = state.withLock { state -> Resumption<RawPublication?>? in
            state.statistics.addMissed(missed)
            guard !state.isClosed else { return nil }
            if !state.consumers.isEmpty {
                state.statistics.received += 1
                return state.consumers.removeFirst().continuation
            }
            state.publications.append(publication)
            state.bytes += publication.value.count
            while state.publications.count > countMax || (state.bytes > bytesMax && state.publications.count > 1) {
                _ = state.takeOldest()
                state.statistics.addMissed(1)
            }
            return nil
        }
        consumer?.resume(returning: publication)
    }

    /// The oldest publication, as soon as there is one; nil once the buffer is closed and empty, or the task cancelled.
    func next() async -> RawPublication? {
        if Task.isCancelled { return nil }
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        return await withTaskCancellationHandler {
            await suspended { continuation in
                let ready = state.withLock { state -> RawPublication?? in
                    if let oldest = state.takeOldest() {
                        state.statistics.received += 1
                        return oldest
                    }
                    if state.isClosed { return .some(nil) }
                    state.consumers.append((ticket, continuation))
                    return nil
                }
                if let ready {
                    continuation.resume(returning: ready)
                } else if Task.isCancelled {
                    // The handler may have run before there was anybody to wake.
                    cancel(ticket)
                }
            }
        } onCancel: {
            cancel(ticket)
        }
    }

    /// Ends the iteration once what is kept is consumed.
    func close() {
        let consumers = state.withLock { state in
            state.isClosed = true
            defer { state.consumers = [] }
            return state.consumers
        }
        for consumer in consumers { consumer.continuation.resume(returning: nil) }
    }

    private func cancel(_ ticket: UInt64) {
        let consumer = state.withLock { state -> Resumption<RawPublication?>? in
            guard let index = state.consumers.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return state.consumers.remove(at: index).continuation
        }
        consumer?.resume(returning: nil)
    }
}

extension SubscriberStatistics {
    /// A peer chooses its sequences: a sum beyond all bounds stays at the highest number.
    mutating func addMissed(_ count: UInt64) {
        let (sum, overflow) = missed.addingReportingOverflow(Int(clamping: count))
        missed = overflow ? .max : sum
    }
}
