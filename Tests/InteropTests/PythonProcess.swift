// A script of Tests/InteropTests/Python as a process of its own, with bounded waits for what it prints.

import Glibc
import Testing

/// A running script. Ended by its pid at the latest when this value goes away. Used by one test.
final class PythonProcess {
    /// Debian's own, which has the modules of Debian's packages.
    static let interpreter = "/usr/bin/python3"
    private static let isReady = hasModules()

    private let script: String
    private var process: pid_t = 0
    private var isEnded = false
    private var output = LineReader()
    private var errors = LineReader()

    /// - Throws: `NoPython` where the interpreter or a module is missing: an interop test that does not run proves nothing.
    init(_ script: String, _ arguments: String...) throws {
        guard Self.isReady else { throw NoPython() }
        self.script = script
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let words = [Self.interpreter, "-B", "/\(folder)/Python/\(script)"] + arguments
        process = try spawn(words, output: try output.open(), errors: try errors.open())
        output.closeOtherEnd()
        errors.closeOtherEnd()
    }

    deinit {
        end()
    }

    /// The next line that it prints.
    func line(within time: Duration = .seconds(20)) async throws -> String {
        let deadline = ContinuousClock.now + time
        while ContinuousClock.now < deadline {
            if let line = output.takeLine() { return line }
            if output.isAtEnd { break }
            try await Task.sleep(for: .milliseconds(2))
        }
        end()
        throw NoLine(script: script, errors: errors.everything())
    }

    /// Ends it and waits for its end.
    func end() {
        guard !isEnded else { return }
        isEnded = true
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    /// It has printed nothing more.
    struct NoLine: Error, CustomStringConvertible {
        let script: String
        let errors: String
        var description: String { "\(script) printed no further line in time. Its errors: \(errors)" }
    }

    private static func hasModules() -> Bool {
        let words = [interpreter, "-c", "import zmq, msgpack"]
        guard let process = try? spawn(words, output: nil, errors: nil) else { return false }
        var status: Int32 = -1
        return waitpid(process, &status, 0) == process && status == 0
    }
}

/// Debian's python3, or one of the two modules, is missing.
struct NoPython: Error, CustomStringConvertible {
    var description: String {
        "The interop tests need Debian's Python with zmq and msgpack as \(PythonProcess.interpreter). "
            + "Run: sudo apt-get install -y python3 python3-zmq python3-msgpack"
    }
}

/// The reading end of a pipe, which is read without waiting.
private struct LineReader: ~Copyable {
    private var descriptor: Int32 = -1
    private var otherEnd: Int32 = -1
    private var bytes: [UInt8] = []
    private(set) var isAtEnd = false

    /// Makes the pipe; returns the end to be written to.
    mutating func open() throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        let made = pipe(&ends)
        try #require(made == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (descriptor, otherEnd) = (ends[0], ends[1])
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        return otherEnd
    }

    mutating func closeOtherEnd() {
        close(otherEnd)
        otherEnd = -1
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if otherEnd >= 0 { close(otherEnd) }
    }

    mutating func takeLine() -> String? {
        readWhatIsThere()
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { bytes.removeFirst(end + 1) }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    mutating func everything() -> String {
        readWhatIsThere()
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func readWhatIsThere() {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while !isAtEnd {
            let count = read(descriptor, &chunk, chunk.count)
            if count > 0 {
                bytes += chunk[..<count]
            } else if count == 0 {
                isAtEnd = true
            } else if errno != EINTR {
                return
            }
        }
    }
}

/// Starts a program; where a descriptor is nil, what it prints is lost.
private func spawn(_ words: [String], output: Int32?, errors: Int32?) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (descriptor, number) in [(output, 1 as Int32), (errors, 2)] {
        if let descriptor {
            posix_spawn_file_actions_adddup2(&actions, descriptor, number)
        } else {
            posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_WRONLY, 0)
        }
    }
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    guard posix_spawn(&process, words[0], &actions, nil, &arguments, environ) == 0 else { throw NoPython() }
    return process
}
