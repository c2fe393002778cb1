// Why a history cannot be written or read.

import Glibc

/// What is wrong with a history's file. It says nothing of the system under test: a history that breaks a promise is a
/// verdict, not an error.
public enum HistoryError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file cannot be opened or made. The caller's: another path, or other permissions.
    case cannotOpen(path: String, reason: String)
    /// The file is there and its bytes cannot be had. The machine's.
    case cannotRead(path: String, reason: String)
    /// The disk is full or broken, or the file was closed. What was written before stands.
    case cannotWrite(path: String, reason: String)
    /// A line is no event. The recorder's: lines count from 1.
    case malformed(line: Int, reason: String)

    public var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "'\(path)' cannot be opened: \(reason)"
        case .cannotRead(let path, let reason): "'\(path)' cannot be read: \(reason)"
        case .cannotWrite(let path, let reason): "'\(path)' cannot be written: \(reason)"
        case .malformed(let line, let reason): "line \(line): \(reason)"
        }
    }

    /// What the system says of its last error.
    static var systemReason: String { String(cString: strerror(errno)) }
}
