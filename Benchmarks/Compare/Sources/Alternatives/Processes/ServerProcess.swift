// A server, or a role of ours, in a process group of its own that dies with whoever started it.

import Foundation
import Synchronization

/// A process that writes to a log file. Started from a thread that lives as long as the run: the kernel ends the process with that
/// thread.
public final class ServerProcess {
    public let name: String
    /// Of the process, and its group.
    public let pid: pid_t
    private let log: URL
    private var isOver = false
    /// How it ended, as `waitpid` tells it.
    public private(set) var endStatus: Int32?

    /// How long a server may take to begin to serve, and to end after SIGTERM.
    static let readyTimeout: Duration = .seconds(120)
    static let endTimeout: Duration = .seconds(5)

    init(_ name: String, _ command: [String], environment: [String: String], directory: String, log: URL) throws {
        self.name = name
        self.log = log
        // util-linux: has the kernel kill it when its parent dies, so that nothing is left behind even by a crash.
        let words = ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--", "/usr/bin/env", "-C", directory, "--"] + command
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // What the run ignores, to clean up first, is not for its servers to ignore.
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        )
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions,
            1,
            log.path(percentEncoded: false),
            O_WRONLY | O_CREAT | O_APPEND,
            0o644
        )
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = merged.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in arguments + variables { free(word) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, words[0], &actions, &attributes, &arguments, &variables)
        guard status == 0 else {
            throw AlternativeError.process(what: name, reason: "cannot start: \(String(cString: strerror(status)))")
        }
        self.pid = pid
        Self.running.withLock { _ = $0.insert(pid) }
    }

    /// All that were started and not yet ended, so that a run that is interrupted can end them.
    private static let running = Mutex<Set<pid_t>>([])

    /// SIGKILL to all of them, from any thread.
    public static func killAll() {
        running.withLock { for pid in $0 { Foundation.kill(-pid, SIGKILL) } }
    }

    deinit { kill() }

    /// Whether it still runs.
    public var isRunning: Bool {
        guard !isOver else { return false }
        var status: Int32 = 0
        if waitpid(pid, &status, WNOHANG) == pid {
            isOver = true
            endStatus = status
        }
        return !isOver
    }

    /// Waits until `condition` holds; throws, with the end of its log, where the process ends first or takes too long.
    public func waitUntil(_ what: String, _ condition: () -> Bool) throws {
        let deadline = ContinuousClock.now + Self.readyTimeout
        while !condition() {
            guard isRunning else {
                throw AlternativeError.process(what: name, reason: "ended before \(what)\n\(logEnd)")
            }
            guard ContinuousClock.now < deadline else {
                throw AlternativeError.process(what: name, reason: "not \(what) within \(Self.readyTimeout)\n\(logEnd)")
            }
            usleep(5000)
        }
    }

    /// Waits until something listens on a port.
    public func waitUntilListening(on port: Int) throws {
        try waitUntil("listening on port \(port)") { Self.isListening(port) }
    }

    /// Waits for a line of its log.
    public func waitUntilLogged(_ text: String) throws {
        try waitUntil("'\(text)'") { logText.contains(text) }
    }

    /// SIGKILL to the whole group, as a crash would, and waits.
    public func kill() { signal(SIGKILL) }

    /// SIGTERM to the whole group; SIGKILL to what is left of it after a while.
    public func end() {
        guard isRunning else { return kill() }
        Foundation.kill(-pid, SIGTERM)
        let deadline = ContinuousClock.now + Self.endTimeout
        while isRunning, ContinuousClock.now < deadline { usleep(5000) }
        kill()
    }

    private func signal(_ number: Int32) {
        // The group may outlive its leader.
        Foundation.kill(-pid, number)
        guard !isOver else { return }
        var status: Int32 = 0
        if waitpid(pid, &status, 0) == pid { endStatus = status }
        isOver = true
        Self.running.withLock { _ = $0.remove(pid) }
    }

    /// Whether the system says that it ended by SIGKILL.
    public var wasKilled: Bool { endStatus.map { $0 & 0x7f == SIGKILL } ?? false }

    /// How it ended, in words.
    public var endText: String {
        guard let endStatus else { return "still runs" }
        let signal = endStatus & 0x7f
        return signal == 0 ? "ended with status \(endStatus >> 8 & 0xff)" : "was ended by signal \(signal)"
    }

    /// Sends the whole group a signal that does not end it, or not at once.
    public func send(_ number: Int32) {
        if isRunning { Foundation.kill(-pid, number) }
    }

    /// Whether it is stopped, by the system's word.
    public var isStopped: Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return false }
        return text[end...].dropFirst(2).first == "T"
    }

    /// Whether a line of its log has this.
    public func hasLogged(_ text: String) -> Bool { logText.contains(text) }

    /// What it has written.
    public var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
    var logEnd: String { logText.split(separator: "\n").suffix(15).joined(separator: "\n") }

    /// Whether something accepts connections on a port of 127.0.0.1.
    public static func isListening(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
