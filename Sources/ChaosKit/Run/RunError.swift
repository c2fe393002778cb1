// Why a run could not be made, or says nothing.

/// The failure of a run itself. What the cluster does wrong is no error of the run but its verdict.
public enum RunError: Error, Equatable, CustomStringConvertible {
    /// A schedule cannot be used: written by hand, or by another version.
    case schedule(path: String, reason: String)
    /// A directory or file of the results cannot be made.
    case cannotCreate(path: String, reason: String)
    /// A process of the cluster cannot be started, or did not come up.
    case cannotStart(node: String, reason: String)
    /// The cluster did not settle before any fault: nothing was tried.
    case didNotSettle(reason: String)
    /// A fault could not be applied, or was not seen to work.
    case fault(FaultOrder, reason: String)
    /// History and checker.
    case history(HistoryError)

    public var description: String {
        switch self {
        case .schedule(let path, let reason): "the schedule '\(path)' cannot be used: \(reason)"
        case .cannotCreate(let path, let reason): "'\(path)' cannot be made: \(reason)"
        case .cannotStart(let node, let reason): "\(node) cannot be started: \(reason)"
        case .didNotSettle(let reason): "the cluster did not come up, so that nothing was tried: \(reason)"
        case .fault(let order, let reason): "fault \(order.id) (\(order.kind.rawValue)): \(reason)"
        case .history(let error): "\(error)"
        }
    }
}
