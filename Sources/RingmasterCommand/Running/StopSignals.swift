// SIGINT and SIGTERM as a stream, so that a command ends in order.

import Glibc

/// The wish of a person or of the system that the process ends.
package enum StopSignals {
    /// Keeps the signals from ending the process. On the first thread, before there are others: they inherit it.
    package static func block() {
        var set = signalSet
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Each of the signals as it comes, from now on. After `block`; for one caller.
    static func stream() -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        startThread {
            var set = signalSet
            var number: Int32 = 0
            while sigwait(&set, &number) == 0 { continuation.yield(number) }
        }
        return stream
    }

    /// Calls `gone` once standard input has ended: whoever started this process, and holds the other end, is no more.
    static func whenInputEnds(_ gone: @escaping @Sendable () -> Void) {
        startThread {
            var byte: UInt8 = 0
            while true {
                let count = read(STDIN_FILENO, &byte, 1)
                if count == 0 || count < 0 && errno != EINTR { break }
            }
            gone()
        }
    }

    private static var signalSet: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        sigaddset(&set, SIGTERM)
        return set
    }
}

/// Runs `body` on a thread of its own, which ends with it.
package func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body)).toOpaque()
    let status = pthread_create(
        &thread,
        nil,
        { argument in
            argument.map { Unmanaged<Box>.fromOpaque($0).takeRetainedValue().body() }
            return nil
        },
        box
    )
    precondition(status == 0, "cannot start a thread: \(String(cString: strerror(status)))")
    pthread_detach(thread)
}
