// One life of a process of the run: its signals, what the system says of it, and what it tells.

import Glibc
import Ringmaster
import RingmasterCommand

/// A child that runs `chaos node`. It ends with this process: its standard input does, and a stopped one is woken and hung
/// up by the system, as its process group is orphaned then.
final class NodeProcess: Sendable {
    private let child: ChildProcess

    var pid: pid_t { child.pid }

    /// - Parameters:
    ///   - errorsPath: The file that its standard error is added to.
    ///   - told: Called for each of its lines, on another thread.
    ///   - ended: Called once, on another thread.
    /// - Throws: `RunError.cannotStart`.
    init(
        _ name: NodeName,
        _ order: NodeOrder,
        errorsPath: String,
        told: @escaping @Sendable (NodeReport) -> Void,
        ended: @escaping @Sendable (ChildProcess.End) -> Void
    ) throws(RunError) {
        var ends: [Int32] = [-1, -1]
        let errors = open(errorsPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard errors >= 0, pipe(&ends) == 0 else {
            throw .cannotStart(node: "\(name)", reason: HistoryError.systemReason)
        }
        // Processes are started one after the other, so none can inherit another's pipe before this.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let readEnd = ends[0]
        defer {
            close(ends[1])
            close(errors)
        }
        do {
            child = try ChildProcess(["node", order.argument], output: ends[1], errors: errors, ended: ended)
        } catch {
            close(readEnd)
            throw .cannotStart(node: "\(name)", reason: "\(error)")
        }
        startThread {
            Self.readLines(readEnd) { line in if let report = NodeReport(line: line) { told(report) } }
            close(readEnd)
        }
    }

    private static func readLines(_ descriptor: Int32, _ take: (String) -> Void) {
        var unread: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            unread += chunk[..<count]
            while let end = unread.firstIndex(of: 0x0a) {
                take(String(decoding: unread[..<end], as: UTF8.self))
                unread.removeFirst(end + 1)
            }
        }
    }

    func signal(_ number: Int32) {
        child.signal(number)
    }

    /// Whether the system has stopped all of it.
    var isStopped: Bool { state == "T" }

    /// The state of its main thread as the system has it; nil once it is gone.
    private var state: Character? {
        guard let file = fopen("/proc/\(pid)/stat", "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = fread(&bytes, 1, bytes.count, file)
        // pid (name) state ...
        guard let end = bytes[..<count].lastIndex(of: UInt8(ascii: ")")), end + 2 < count else { return nil }
        return Character(UnicodeScalar(bytes[end + 2]))
    }
}
