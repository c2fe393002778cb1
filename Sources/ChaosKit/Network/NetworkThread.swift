// The thread of a network: descriptors, timers and orders from elsewhere, on epoll.

import CShimNetwork
import Glibc
import HeapModule
import Ringmaster
import RingmasterCommand
import Synchronization

/// What happens to a descriptor.
struct SocketEvents: OptionSet, Sendable {
    let rawValue: UInt32

    static let reads = SocketEvents(rawValue: UInt32(RM_READS))
    static let writes = SocketEvents(rawValue: UInt32(RM_WRITES))
    /// The peer will send no more.
    static let ended = SocketEvents(rawValue: UInt32(RM_ENDED))
    /// It failed, or the peer is gone; told without being asked for.
    static let broken = SocketEvents(rawValue: UInt32(RM_BROKEN))
}

/// Runs everything of one network, the proxy or the switch, on one thread.
///
/// @unchecked Sendable: all but `post` and `perform` is called on the thread itself; what they share is behind the lock.
final class NetworkThread: @unchecked Sendable {
    private struct Timer: Comparable {
        let atNs: Int64
        let number: UInt64
        let run: () -> Void

        static func < (left: Timer, right: Timer) -> Bool { (left.atNs, left.number) < (right.atNs, right.number) }
        static func == (left: Timer, right: Timer) -> Bool { left.number == right.number }
    }

    private let poller = rm_epoll_create()
    /// A pipe: a byte for every order.
    private let waking: (read: Int32, write: Int32)
    private let orders = Mutex<[@Sendable () -> Void]>([])
    private var watches: [Int32: (SocketEvents) -> Void] = [:]
    private var timers = Heap<Timer>()
    private var timersMade: UInt64 = 0
    private var closing: [Int32] = []
    private var isStopped = false

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0 && poller >= 0, "no descriptors are left")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        waking = (ends[0], ends[1])
        watch(waking.read, .reads) { [waking] _ in
            var bytes = [UInt8](repeating: 0, count: 64)
            _ = read(waking.read, &bytes, bytes.count)
        }
        startThread { self.run() }
    }

    var nowNs: Int64 { MonotonicTime.now.nanoseconds }

    // MARK: From elsewhere

    func post(_ body: @escaping @Sendable () -> Void) {
        orders.withLock { $0.append(body) }
        var byte: UInt8 = 0
        _ = write(waking.write, &byte, 1)
    }

    func perform<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in post { continuation.resume(returning: body()) } }
    }

    // MARK: On the thread

    /// Calls `body` whenever one of `events` holds.
    func watch(_ descriptor: Int32, _ events: SocketEvents, _ body: @escaping (SocketEvents) -> Void) {
        watches[descriptor] = body
        control(RM_WATCH, descriptor, events)
    }

    func change(_ descriptor: Int32, to events: SocketEvents) {
        control(RM_CHANGE, descriptor, events)
    }

    func forget(_ descriptor: Int32) {
        guard watches.removeValue(forKey: descriptor) != nil else { return }
        control(RM_FORGET, descriptor, [])
    }

    /// Closes it at the end of this turn: until then its number must not be another's.
    func close(_ descriptor: Int32) {
        forget(descriptor)
        closing.append(descriptor)
    }

    private func control(_ order: Int, _ descriptor: Int32, _ events: SocketEvents) {
        let status = rm_epoll_control(poller, Int32(order), descriptor, events.rawValue)
        precondition(status == 0, "epoll refuses descriptor \(descriptor): \(String(cString: strerror(-status)))")
    }

    func at(_ timeNs: Int64, _ run: @escaping () -> Void) {
        timersMade += 1
        timers.insert(Timer(atNs: timeNs, number: timersMade, run: run))
    }

    /// Ends the thread after the present turn.
    func stop() {
        isStopped = true
    }

    private func run() {
        var events = [rm_event](repeating: rm_event(), count: 64)
        while !isStopped {
            var waitMs: Int32 = -1
            if let next = timers.min { waitMs = Int32(clamping: max(0, (next.atNs - nowNs + 999_999) / 1_000_000)) }
            let count = rm_epoll_wait(poller, &events, Int32(events.count), waitMs)
            for event in events.prefix(Int(max(0, count))) {
                // One that was forgotten in this turn is passed over.
                watches[event.descriptor]?(SocketEvents(rawValue: event.events))
            }
            let nowNs = nowNs
            while let timer = timers.min, timer.atNs <= nowNs { timers.removeMin().run() }
            let orders = orders.withLock { orders in
                defer { orders = [] }
                return orders
            }
            for order in orders { order() }
            for descriptor in closing { Glibc.close(descriptor) }
            closing = []
        }
        Glibc.close(poller)
        Glibc.close(waking.read)
        Glibc.close(waking.write)
        watches = [:]
    }
}
