// SIGTERM as a worker or client of a chaos run takes it: finish what is in hand.

import Glibc

public enum StopRequest {
    private static nonisolated(unsafe) var flag: sig_atomic_t = 0

    /// Has SIGTERM set the flag, instead of ending the process.
    public static func listen() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in StopRequest.flag = 1 }
        // A system call that it meets goes on: what is in hand is finished.
        action.sa_flags = SA_RESTART
        sigaction(SIGTERM, &action, nil)
    }

    public static var hasCome: Bool { flag != 0 }
}
