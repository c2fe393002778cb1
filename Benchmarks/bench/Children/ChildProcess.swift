// A child of this very executable, spoken to in lines.

import Foundation

/// A process that answers what it is sent with lines. It ends when its input is closed.
final class ChildProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var unread = Data()
    let what: String

    /// Starts `bench SUBCOMMAND ORDER`.
    init(_ subcommand: String, order: some Encodable, what: String) throws {
        self.what = what
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = [subcommand, String(decoding: try JSONEncoder().encode(order), as: UTF8.self)]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    var pid: Int32 { process.processIdentifier }

    func send(_ text: String) throws {
        do {
            try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        } catch {
            throw ChildError("\(what) has ended: \(error)")
        }
    }

    /// The next line; throws where the process ends first.
    func receive() throws -> String {
        while true {
            if let newline = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: unread[..<newline], as: UTF8.self)
                unread = unread[unread.index(after: newline)...]
                return line
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else {
                process.waitUntilExit()
                throw ChildError("\(what) ended with status \(process.terminationStatus) before it answered")
            }
            unread += more
        }
    }

    /// Closes its input, at which it ends.
    func beginEnd() {
        try? input.fileHandleForWriting.close()
    }

    /// Closes its input and waits for its end.
    func end() {
        beginEnd()
        process.waitUntilExit()
    }

    /// Ends it at once, as a crash would.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// A server in a process of its own. It starts at once and can be used when `endpoint` has been asked for.
final class ServerProcess {
    private let child: ChildProcess
    private var bound: String?

    init(_ order: ServerOrder) throws {
        child = try ChildProcess("server-child", order: order, what: "the \(order.variant.rawValue) server")
    }

    /// Where it listens; waits until it does.
    func endpoint() throws -> String {
        if let bound { return bound }
        let endpoint = try child.receive()
        bound = endpoint
        return endpoint
    }

    func account() throws -> ProcessAccount {
        try child.send("?")
        return try JSONDecoder().decode(ProcessAccount.self, from: Data(child.receive().utf8))
    }

    func beginEnd() { child.beginEnd() }
    func end() { child.end() }
    func kill() { child.kill() }
}

/// A client in a process of its own. It starts at once and can be used when `waitUntilReady` has returned.
final class ClientProcess {
    private let child: ChildProcess

    init(_ order: ClientOrder) throws {
        child = try ChildProcess("client-child", order: order, what: "the \(order.variant.rawValue) client")
    }

    func waitUntilReady() throws {
        guard try child.receive() == "ready" else { throw ChildError("\(child.what) is not ready") }
    }

    /// Begins a run; `report` waits for its end.
    func begin(_ load: LoadOrder) throws {
        try child.send(String(decoding: try JSONEncoder().encode(load), as: UTF8.self) + "\n")
    }

    func report() throws -> LoadReport {
        let report = try JSONDecoder().decode(LoadReport.self, from: Data(child.receive().utf8))
        guard report.errors == 0 else {
            throw ChildError("\(child.what): \(report.errors) wrong replies (\(report.firstError ?? "no error text"))")
        }
        return report
    }

    func beginEnd() { child.beginEnd() }
    func end() { child.end() }
}
