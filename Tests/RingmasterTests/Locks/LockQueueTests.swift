// That the lock's rules hold after every step of every random history: exclusion, preference, and nobody forgotten.

import Testing

@testable import Ringmaster

/// A queue that an expectation can change.
private final class Queue {
    private(set) var state = LockQueue()

    func take(_ kind: LockQueue.Kind) -> Bool { state.take(kind) }
    func takeOrWait(_ kind: LockQueue.Kind, _ ticket: UInt64) -> Bool { state.takeOrWait(kind, ticket) }
    func release(_ kind: LockQueue.Kind) -> [UInt64] { state.release(kind) }
    func cancel(_ ticket: UInt64) -> [UInt64]? { state.cancel(ticket) }
}

struct LockQueueTests {
    @Test func readersShareAndAWriterIsAlone() {
        let queue = Queue()
        #expect(queue.take(.read) && queue.take(.read))
        #expect(!queue.take(.write))
        #expect(queue.release(.read).isEmpty && queue.release(.read).isEmpty)
        #expect(queue.take(.write))
        #expect(!queue.take(.read) && !queue.take(.write))
    }

    @Test func aWaitingWriterStopsNewReaders() {
        let queue = Queue()
        #expect(queue.take(.read))
        #expect(!queue.takeOrWait(.write, 1))
        #expect(!queue.takeOrWait(.read, 2))
        #expect(queue.release(.read) == [1])
        #expect(queue.release(.write) == [2])
    }

    @Test func writersGoBeforeReadersAndInTheirOrder() {
        let queue = Queue()
        #expect(queue.take(.write))
        for (ticket, kind) in [LockQueue.Kind.read, .write, .read, .write].enumerated() {
            #expect(!queue.takeOrWait(kind, UInt64(ticket)))
        }
        #expect(queue.release(.write) == [1])
        #expect(queue.release(.write) == [3])
        #expect(queue.release(.write) == [0, 2])
    }

    @Test func theLastWaitingWritersLeavingLetsTheReadersIn() {
        let queue = Queue()
        #expect(queue.take(.read))
        #expect(!queue.takeOrWait(.write, 1))
        #expect(!queue.takeOrWait(.read, 2))
        #expect(queue.cancel(1) == [2])
        #expect(queue.state.readers == 2)
        #expect(queue.cancel(1) == nil)
    }

    /// Against a model that keeps one list and decides from scratch who may run.
    @Test(arguments: 0..<30) func everyHistoryIsThatOfTheModel(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let queue = Queue()
        var holding: [LockQueue.Kind] = []
        var waiting: [(ticket: UInt64, kind: LockQueue.Kind)] = []
        var nextTicket: UInt64 = 0

        /// Who of those that wait may run now, in order.
        func admissible() -> [UInt64] {
            if holding.contains(.write) { return [] }
            if let writer = waiting.first(where: { $0.kind == .write }) {
                return holding.isEmpty ? [writer.ticket] : []
            }
            return waiting.map(\.ticket)
        }

        func admit(_ granted: [UInt64]) {
            #expect(granted == admissible())
            for ticket in granted {
                let index = waiting.firstIndex { $0.ticket == ticket }!
                holding.append(waiting.remove(at: index).kind)
            }
        }

        for _ in 0..<3000 {
            switch Int.random(in: 0..<8, using: &generator) {
            case 0..<3:
                let kind: LockQueue.Kind = Int.random(in: 0..<3, using: &generator) == 0 ? .write : .read
                nextTicket += 1
                waiting.append((nextTicket, kind))
                let mayRun = admissible().contains(nextTicket)
                #expect(queue.takeOrWait(kind, nextTicket) == mayRun)
                if mayRun { holding.append(waiting.removeLast().kind) }
            case 3..<7:
                guard let index = holding.indices.randomElement(using: &generator) else { continue }
                admit(queue.release(holding.remove(at: index)))
            default:
                guard let index = waiting.indices.randomElement(using: &generator) else {
                    #expect(queue.cancel(nextTicket + 1) == nil)
                    continue
                }
                let ticket = waiting.remove(at: index).ticket
                guard let granted = queue.cancel(ticket) else {
                    Issue.record("\(ticket) waits, but the queue does not know it")
                    return
                }
                admit(granted)
            }
            let writers = holding.count { $0 == .write }
            #expect(writers <= 1 && (writers == 0 || holding.count == 1))
            #expect(queue.state.readers == holding.count - writers && queue.state.isWriting == (writers == 1))
            #expect(queue.state.waitingCount == waiting.count)
            #expect(admissible().isEmpty, "somebody could run and was not woken")
        }
    }
}
