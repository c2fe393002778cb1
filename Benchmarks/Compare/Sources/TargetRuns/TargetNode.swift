// A process of a target as its run sees it.

import Alternatives
import ChaosKit

/// Where a process stands between its start and its end.
struct TargetNode {
    enum State {
        case down
        /// Started, and not seen to serve yet.
        case starting
        case up
    }

    /// As the history calls it. A worker is no `w1`: who that is owns keys, and of these workers each takes any job.
    let name: String
    let role: TargetRole
    var state = State.down
    /// Whether it is to run, faults aside.
    var isWanted = true
    var isFaulty = false
    /// How often it was started.
    var life = 0
    /// The fault that is over once it serves again.
    var endsFault: Int64?

    static func worker(_ number: Int) -> TargetNode { TargetNode(name: "consumer-\(number)", role: .workers) }
    static func server(_ name: String) -> TargetNode { TargetNode(name: name, role: .servers) }
    static func client(_ number: Int) -> TargetNode { TargetNode(name: "client-\(number)", role: .clients) }

    /// Whether a fault on a role meets it. A service has no leader: its servers stand for whoever leads and coordinates.
    func isOf(_ wanted: TargetRole) -> Bool {
        switch wanted {
        case .workers: role == .workers
        case .leader, .coordinators, .servers: role == .servers
        case .clients: role == .clients
        case .everything: role != .clients
        }
    }

    /// The number at the end of its name.
    var number: Int { Int(name.split(separator: "-").last ?? "") ?? 0 }
}
