// When a server process is to stop, and when it is to stop at once.

import Glibc

/// Ends a long-running command: the first signal, or the end of a supervisor, asks for an orderly end; the second signal
/// ends the process at once.
package enum StopOrder {
    package enum Reason: Equatable, Sendable {
        case signal(Int32)
        /// Whoever started this process is no more.
        case supervisorGone
    }

    /// Waits for the first wish to end, then lets a signal end the process.
    package static func wait(isSupervised: Bool) async -> Reason {
        let (wishes, continuation) = AsyncStream<Reason>.makeStream()
        let signals = StopSignals.stream()
        Task.detached { for await signal in signals { continuation.yield(.signal(signal)) } }
        if isSupervised { StopSignals.whenInputEnds { continuation.yield(.supervisorGone) } }
        var iterator = wishes.makeAsyncIterator()
        let first = await iterator.next() ?? .supervisorGone
        Task.detached {
            for await case .signal(let signal) in wishes { Glibc.exit(128 + signal) }
        }
        return first
    }
}
