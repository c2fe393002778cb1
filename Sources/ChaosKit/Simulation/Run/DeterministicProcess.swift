// A process in which equal runs are equal: Swift seeds its hash tables anew in each process, so that the order of dictionaries
// and sets differs.

import Foundation

/// Has this process begin again with a fixed hash seed, where it has none.
public enum DeterministicProcess {
    private static let variable = "SWIFT_DETERMINISTIC_HASHING"

    public static var isOn: Bool { getenv(variable) != nil }

    /// Returns where the seed is fixed; else the process's program is begun anew in its place.
    /// - Throws: `.cannotRestart`.
    public static func begin() throws(SimulationError) {
        guard !isOn else { return }
        setenv(variable, "1", 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
        arguments.append(nil)
        // By its own path: of a link in /proc a backtrace has no symbols.
        execv(URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path, arguments)
        throw .cannotRestart(reason: String(cString: strerror(errno)))
    }
}

public enum SimulationError: Error, CustomStringConvertible {
    /// The process could not be begun anew with a fixed hash seed.
    case cannotRestart(reason: String)
    /// A process that simulates a share of the seeds failed.
    case shareFailed(String)
    /// A file that was to hold a plan holds none, or is not there.
    case planUnreadable(path: String, reason: String)
    case planUnwritable(path: String, reason: String)

    public var description: String {
        switch self {
        case .cannotRestart(let reason):
            "the process cannot be begun anew (\(reason)); start it with SWIFT_DETERMINISTIC_HASHING=1"
        case .planUnreadable(let path, let reason): "'\(path)' is no plan of a simulation: \(reason)"
        case .planUnwritable(let path, let reason): "the plan cannot be written to '\(path)': \(reason)"
        case .shareFailed(let reason): "a process that simulated a share of the seeds failed: \(reason)"
        }
    }
}
