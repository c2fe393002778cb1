// A client's process as the run holds it.

import Alternatives
import Foundation

final class ClientProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var unread = Data()
    private let name: String

    init(_ name: String) throws {
        self.name = name
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["client"]
        process.standardInput = input
        process.standardOutput = output
        // A server that is started later would hold it open, and the client would never see its end.
        for end in [input.fileHandleForWriting, output.fileHandleForReading] {
            _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        try process.run()
    }

    deinit { end() }

    var pid: pid_t { process.processIdentifier }

    /// Runs a load; `began` and `ended` are called around the measured part.
    func measure(_ order: MeasureOrder, began: () -> Void, ended: () -> Void) throws -> LoadResult {
        try send(String(decoding: JSONEncoder().encode(order), as: UTF8.self))
        guard try receive() == "warm" else { throw AlternativeError.process(what: name, reason: "is not warm") }
        began()
        try send("go")
        guard try receive() == "done" else { throw AlternativeError.process(what: name, reason: "is not done") }
        ended()
        try send("report")
        return try JSONDecoder().decode(LoadResult.self, from: Data(receive().utf8))
    }

    /// Closes its input and waits for its end.
    func end() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private func send(_ text: String) throws {
        do {
            try input.fileHandleForWriting.write(contentsOf: Data((text + "\n").utf8))
        } catch {
            throw AlternativeError.process(what: name, reason: "has ended: \(error)")
        }
    }

    private func receive() throws -> String {
        while true {
            if let newline = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: unread[..<newline], as: UTF8.self)
                unread = Data(unread[unread.index(after: newline)...])
                return line
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else {
                process.waitUntilExit()
                throw AlternativeError.process(what: name, reason: "ended with status \(process.terminationStatus)")
            }
            unread += more
        }
    }
}
