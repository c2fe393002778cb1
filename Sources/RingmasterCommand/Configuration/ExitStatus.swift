// The exit statuses, as sysexits.h has them. docs/COMMAND.md lists them for scripts.

import Glibc
import Ringmaster

/// What the process tells whoever started it.
public enum ExitStatus: Int32, CaseIterable, Sendable {
    case done = 0
    /// The job, or the check, failed by itself.
    case failed = 1
    case usage = 64
    case badData = 65
    case noInput = 66
    case unavailable = 69
    case cannotCreate = 73
    case inputOutput = 74
    case tryAgain = 75
    case notPermitted = 77
    case configuration = 78

    var meaning: String {
        switch self {
        case .done: "done"
        case .failed:
            "failed: the job's own error, an unknown job, worker or coordinator, or a check that found something"
        case .usage: "usage: the command line is wrong"
        case .badData: "bad data: what was read or replied is not what it should be"
        case .noInput: "a file or directory is missing or is not what was named"
        case .unavailable: "no quorum, or nobody can be reached"
        case .cannotCreate: "a file, directory or socket cannot be made, or is in use"
        case .inputOutput: "reading or writing a disk failed"
        case .tryAgain: "no answer in time, or too much in hand; try again"
        case .notPermitted: "not permitted: keys or file permissions"
        case .configuration: "the environment or the configuration file is wrong"
        }
    }

    /// For --help.
    static var list: String {
        "Exit status:\n" + allCases.map { "  \($0.rawValue)\t\($0.meaning)" }.joined(separator: "\n")
    }
}

/// Why a command ends without having done what it was asked for.
public struct CommandFailure: Error, Equatable, CustomStringConvertible {
    public let status: ExitStatus
    /// For a person: names the thing, its value, the limit and the remedy.
    public let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    public var description: String { message }

    /// What another module's error means for this process; nil for errors of the command line.
    init?(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as ClusterError: self.init(error)
        case let error as TransportError: self.init(error)
        case let error as RPCError: self.init(.unavailable, error.description)
        case let error as RemoteError: self.init(.failed, error.message)
        case let error as DeltaLogError: self.init(log: error)
        default: return nil
        }
    }

    private init(_ error: ClusterError) {
        let status: ExitStatus =
            switch error {
            case .handlerFailed, .unknownJob, .payloadTooLarge: .failed
            case .unexpectedValue: .badData
            case .noQuorum: .unavailable
            case .deadlineExceeded, .overloaded, .sessionExpired, .cancelled, .closed, .notReleased: .tryAgain
            case .notAuthorised: .notPermitted
            case .refused(let error) where [.notMember, .badParams].contains(error.code): .failed
            case .refused: .tryAgain
            }
        self.init(status, error.description)
    }

    init(log error: DeltaLogError) {
        let status: ExitStatus =
            switch error {
            case .corrupt, .forgotten: .badData
            case .foreignDirectory: .noInput
            case .directoryLocked, .diskFull: .cannotCreate
            case .invalidSetting: .usage
            case .invalidServer, .entryTooLarge: .failed
            case .notLeader, .failed: .unavailable
            case .closed, .tooManyProposals, .changeUnderWay, .serverUnreached: .tryAgain
            case .system(EACCES, _, _), .system(EPERM, _, _), .system(EROFS, _, _): .notPermitted
            case .system(ENOENT, _, _), .system(ENOTDIR, _, _), .system(ELOOP, _, _): .noInput
            case .system: .inputOutput
            }
        self.init(status, "the log cannot be used: \(error)")
    }

    private init(_ error: TransportError) {
        let status: ExitStatus =
            switch error {
            case .invalidEndpoint: .usage
            case .addressInUse, .pathOccupied, .addressNotAvailable, .system: .cannotCreate
            case .permissionDenied, .insecureEndpoint: .notPermitted
            case .invalidKey: .configuration
            }
        self.init(status, error.description)
    }
}
