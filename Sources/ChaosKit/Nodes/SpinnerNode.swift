// A process that does nothing but take a CPU from whoever else is bound to it.

import Glibc
import RingmasterCommand

/// Where to spin.
public struct SpinnerOrder: Codable, Sendable {
    var cpu: Int
}

extension Node {
    /// Above all that does not ask for more; without the right to it, as everybody else.
    private static let niceness: Int32 = -10

    static func runSpinner(_ order: SpinnerOrder) async {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
        _ = CPUSet([order.cpu]).bind(0)
        startThread {
            var count = 0
            while true { count &+= 1 }
        }
        await waitForStop()
    }
}
