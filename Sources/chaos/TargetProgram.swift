// `chaos run --target`: the same schedule on another system. The services on other systems live in a package of their own, as
// they need those systems' libraries; this builds it and becomes its program.

import ArgumentParser
import ChaosKit
import Foundation

enum TargetProgram {
    /// The nested package, in the source tree that this was built in.
    private static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Benchmarks/Compare").path(percentEncoded: false)

    /// What can be named on the command line. The nested package knows which of them it has.
    static let names = "redis, nats, rabbitmq, flask, grpc, etcd"

    /// Hands a schedule over, and becomes the program. Returns only by throwing.
    static func become(_ target: String, isIdempotent: Bool, _ plan: Schedule, out: String, _ more: [String]) throws
        -> Never
    {
        guard FileManager.default.fileExists(atPath: package + "/Package.swift") else {
            throw RunError.cannotStart(
                node: target,
                reason: "\(package) is not there: --target runs from a source tree"
            )
        }
        try replaceInput(by: try plan.json())
        let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path(percentEncoded: false)
        let typed = CommandLine.arguments.joined(separator: " ")
        var words =
            ["/usr/bin/env", "swift", "run", "-c", "release", "--package-path", package, "compare", "chaos"]
            + ["--target", target, "--schedule", "-", "--out", out, "--ringmaster", own, "--typed", typed]
        if isIdempotent { words.append("--idempotent") }
        words += more
        // This program leaves its signals to one thread; what it becomes takes them as they come.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        var arguments = words.map { strdup($0) }
        arguments.append(nil)
        execv(words[0], &arguments)
        throw RunError.cannotStart(node: target, reason: "swift cannot be run: \(String(cString: strerror(errno)))")
    }

    /// Has the standard input be these bytes. The file has no name any more, so nothing of it is left.
    private static func replaceInput(by data: Data) throws {
        var path = Array("/tmp/ringmaster-schedule-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else {
            throw RunError.cannotCreate(path: "/tmp", reason: String(cString: strerror(errno)))
        }
        unlink(path)
        try FileHandle(fileDescriptor: descriptor).write(contentsOf: data)
        lseek(descriptor, 0, SEEK_SET)
        dup2(descriptor, STDIN_FILENO)
        close(descriptor)
    }
}
