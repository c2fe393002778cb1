// A process that was started from this very program.

import Foundation
import Glibc

/// A running child. Its standard input is a pipe that ends with this process, so that it never outlives it unnoticed.
package final class ChildProcess: Sendable {
    package enum End: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)

        package var text: String {
            switch self {
            case .exited(let status): "ended with status \(status)"
            case .signalled(let number): "was ended by signal \(number)"
            }
        }
    }

    package let pid: pid_t
    let startedAt = ContinuousClock.now

    /// Starts this executable with `arguments`.
    /// - Parameters:
    ///   - output: What its standard output goes to; nil shares this process's. The caller goes on owning it.
    ///   - errors: What its standard error goes to; as `output`.
    ///   - ended: Called once, on another thread.
    /// - Throws: `CommandFailure` where no process can be made.
    package init(
        _ arguments: [String],
        output: Int32? = nil,
        errors: Int32? = nil,
        ended: @escaping @Sendable (End) -> Void
    ) throws(CommandFailure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw CommandFailure(.cannotCreate, "no pipe for a process: \(String(cString: strerror(errno)))")
        }
        let (readEnd, writeEnd) = (ends[0], ends[1])
        // Children are started one after the other, so none can inherit another's pipe before this.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, readEnd, STDIN_FILENO)
        if let output { posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) }
        if let errors { posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
            close(readEnd)
        }
        // A group of its own: a Ctrl-C in the terminal is for the supervisor, which ends them in order.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        let path = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path(percentEncoded: false)
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = Self.environment.map { strdup($0) } + [nil]
        defer { for word in words + environment { free(word) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, path, &actions, &attributes, &words, &environment)
        guard status == 0 else {
            close(writeEnd)
            throw CommandFailure(.cannotCreate, "'\(path)' cannot be started: \(String(cString: strerror(status)))")
        }
        self.pid = pid
        startThread { [pid] in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            close(writeEnd)
            let number = status & 0x7f
            ended(number == 0 ? .exited(status >> 8 & 0xff) : .signalled(number))
        }
    }

    /// All but the settings of this process: a child gets its own as flags.
    private static var environment: [String] {
        ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("RINGMASTER_") }.map { "\($0.key)=\($0.value)" }
    }

    package func signal(_ number: Int32) {
        kill(pid, number)
    }
}
