// What the tests of this target stand on: a clock that the test moves, a loop that it steps, and bounded waiting.

import CShim
import RingmasterProtocol
import Synchronization
import Testing

@testable import Ringmaster

/// A clock that stands still until the test moves it.
final class VirtualClock: Sendable {
    private let time = Atomic<Int64>(0)

    var now: MonotonicTime { MonotonicTime(nanoseconds: time.load(ordering: .relaxed)) }

    func advance(by duration: Duration) {
        time.add(duration.nanosecondsClamped, ordering: .relaxed)
    }
}

/// A number that tasks and closures share.
final class Counter: Sendable {
    private let number = Atomic(0)

    var value: Int { number.load(ordering: .acquiring) }

    func increment() {
        number.add(1, ordering: .acquiringAndReleasing)
    }
}

extension EventLoop {
    /// Steps a stepped loop until `condition` holds; false where it still does not after `limit`.
    func step(within limit: Duration = .seconds(10), until condition: () -> Bool) -> Bool {
        let deadline = MonotonicTime.now.advanced(by: limit)
        while !condition() {
            guard MonotonicTime.now < deadline else { return false }
            step(maximumWait: .milliseconds(5))
        }
        return true
    }

    /// Steps for a while, to see that something does not happen.
    func step(for duration: Duration) {
        let deadline = MonotonicTime.now.advanced(by: duration)
        while MonotonicTime.now < deadline { step(maximumWait: .milliseconds(5)) }
    }

    /// Runs `body` on the loop's thread and gives its result.
    func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            post { continuation.resume(with: Result { try body() }) }
        }
    }
}

/// Asks until `condition` holds; false where it still does not after `limit`.
func eventually(within limit: Duration = .seconds(20), _ condition: () async -> Bool) async -> Bool {
    let deadline = MonotonicTime.now.advanced(by: limit)
    while await !condition() {
        guard MonotonicTime.now < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(1))
    }
    return true
}

/// Keeps every message that its socket receives, as parts.
final class Inbox: SocketHandler {
    private(set) var messages: [[[UInt8]]] = []
    private(set) var calls = 0
    private let batch = MessageBatch(messages: 64, parts: 8)

    func socketMayBeReady(_ socket: LoopSocket) {
        calls += 1
        while true {
            let count = batch.receive(from: socket)
            guard count > 0 else { return }
            for index in 0..<count {
                messages.append((0..<min(8, batch.partCount(index))).map { Array(batch.part($0, of: index)) })
            }
        }
    }

    /// The last part of each message.
    var bodies: [[UInt8]] { messages.map { $0.last ?? [] } }
}

extension LoopSocket {
    /// A socket with test settings on `loop`, in a context of its own unless one is given.
    static func open(
        _ kind: Int,
        on loop: EventLoop,
        security: Security = .none,
        context: MessagingContext = .shared,
        settings: SocketSettings = SocketSettings()
    ) throws -> LoopSocket {
        try LoopSocket(kind: kind, settings: settings, security: security, context: context, loop: loop)
    }
}
