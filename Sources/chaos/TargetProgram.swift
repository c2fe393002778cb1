// `chaos run --target`: the same schedule on another system. The services on other systems live in a package of their own, as
// they need those systems' libraries; this builds it and becomes its program.

import ArgumentParser
import ChaosKit
import ComparePackage
import Foundation

enum TargetProgram {
    /// Hands a schedule over, and becomes the program. Returns only by throwing.
    static func become(_ target: String, isIdempotent: Bool, _ plan: Schedule, out: String, _ more: [String]) throws
        -> Never
    {
        try replaceInput(by: try plan.json())
        let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path(percentEncoded: false)
        let typed = CommandLine.arguments.joined(separator: " ")
        var words =
            ["chaos"]
            + ["--target", target, "--schedule", "-", "--out", out, "--ringmaster", own, "--typed", typed]
        if isIdempotent { words.append("--idempotent") }
        words += more
        try ComparePackage.become(words)
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
