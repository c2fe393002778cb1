// Why a trial could not be made.

/// The failure of a trial itself. What the cluster does wrong is no error of the trial but its verdict.
public enum TrialError: Error, Equatable, CustomStringConvertible {
    /// A process of the cluster cannot be started.
    case cannotStart(String, reason: String)
    /// A file or directory of the results cannot be made.
    case cannotCreate(path: String, reason: String)
    /// What a trial begins with did not come about.
    case didNotHappen(String)

    public var description: String {
        switch self {
        case .cannotStart(let name, let reason): "\(name) cannot be started: \(reason)"
        case .cannotCreate(let path, let reason): "'\(path)' cannot be made: \(reason)"
        case .didNotHappen(let what): "waited in vain for \(what)"
        }
    }
}
