// The program of a process that the run starts: `chaos node ORDER`, which no person calls.

import Glibc
import Ringmaster
import RingmasterCommand

/// Runs a coordinator, a worker or a client until it is told to end: by SIGTERM in order, by the end of its standard input
/// (the run is no more) at once.
///
/// The caller has blocked the stop signals before any thread began (`StopSignals.block`).
public enum Node {
    public static func run(_ order: NodeOrder) async throws {
        switch order {
        case .coordinator(let order): try await runCoordinator(order)
        case .worker(let order): try await runWorker(order)
        case .client(let order): try await runClient(order)
        case .spinner(let order): await runSpinner(order)
        }
    }

    /// Waits for the wish to end.
    static func waitForStop() async {
        if await StopOrder.wait(isSupervised: true) == .supervisorGone { _exit(0) }
    }
}
