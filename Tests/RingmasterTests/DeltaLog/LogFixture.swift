// Servers of a log in one process: a state machine that keeps what it was given, and a network that the test cuts.

import CShimDeltaLog
import Glibc
import Testing

@testable import Ringmaster

struct DamagedSnapshot: Error {}

/// A server: its log, and a state machine that is the list of entries.
final class LogServerFixture: LogApplier {
    var log: (any DeltaLog)!
    let id: UInt64
    var entries: [[UInt8]] = []
    var indices: [UInt64] = []
    var ended: [UInt64: ProposalOutcome] = [:]
    var roles: [LogRole] = []
    var failures: [DeltaLogError] = []
    var restores = 0
    var captures = 0
    var outbox: [(to: UInt64, message: [UInt8])] = []
    /// What sending a message takes, in microseconds, as on a busy machine.
    var sendTakes: useconds_t = 0
    /// Holds up the encoding of the next snapshot.
    var encoding: SnapshotEncoding?

    init(id: UInt64) {
        self.id = id
    }

    var raftLog: RaftLog { log as! RaftLog }

    var isLeader: Bool {
        if case .leader = log.role { true } else { false }
    }

    func apply(_ entry: UnsafeRawBufferPointer, index: UInt64) {
        entries.append(Array(entry))
        indices.append(index)
    }

    func captureSnapshot() -> @Sendable () -> [UInt8] {
        captures += 1
        let (entries, encoding) = (entries, encoding)
        self.encoding = nil
        return {
            encoding?.wait()
            return entries.flatMap { entry in
                withUnsafeBytes(of: UInt32(entry.count)) { Array($0) } + entry
            }
        }
    }

    func restore(_ snapshot: UnsafeRawBufferPointer) throws {
        restores += 1
        entries = []
        var rest = snapshot[...]
        while !rest.isEmpty {
            guard rest.count >= 4 else { throw DamagedSnapshot() }
            let count = Int(UnsafeRawBufferPointer(rebasing: rest).loadUnaligned(as: UInt32.self))
            guard rest.count >= 4 + count else { throw DamagedSnapshot() }
            entries.append(Array(rest.dropFirst(4).prefix(count)))
            rest = rest.dropFirst(4 + count)
        }
    }

    func proposalEnded(_ id: UInt64, _ outcome: ProposalOutcome) {
        precondition(ended[id] == nil, "a proposal ended twice")
        ended[id] = outcome
    }

    func roleChanged(_ role: LogRole) { roles.append(role) }
    func send(_ message: [UInt8], to raftID: UInt64) {
        if sendTakes > 0 { usleep(sendTakes) }
        outbox.append((raftID, message))
    }
    func logFailed(_ error: DeltaLogError) { failures.append(error) }

    /// Proposes the texts as entries with ids from `first` on.
    func propose(_ texts: [String], from first: UInt64 = 1) throws {
        for (offset, text) in texts.enumerated() { try log.propose(Array(text.utf8), id: first + UInt64(offset)) }
    }

    var texts: [String] { entries.map { String(decoding: $0, as: UTF8.self) } }
}

/// Servers on one stepped loop.
final class LogClusterFixture {
    let loop = EventLoop.stepped()
    let folder: TreeFolder
    var servers: [LogServerFixture] = []
    /// Servers that nothing reaches and that reach nobody.
    var isolated: Set<UInt64> = []
    /// Whether a message arrives, for tests that choose.
    var passes: (_ from: UInt64, _ to: UInt64, _ message: [UInt8]) -> Bool = { _, _, _ in true }
    /// Everything that was sent, for tests that look at messages.
    var recorded: [[UInt8]] = []
    var adjust: (inout RaftLogSettings) -> Void = { _ in }

    init(folder: TreeFolder = TreeFolder()) {
        self.folder = folder
    }

    deinit {
        closeAll()
    }

    func settings(of id: UInt64, in count: Int) -> RaftLogSettings {
        var settings = RaftLogSettings(
            directory: folder.file("server-\(id)"),
            clusterID: 7,
            raftID: id,
            address: "server-\(id)",
            initialServers: count == 0 ? [] : (1...UInt64(count)).map { LogServer(id: $0, address: "server-\($0)") }
        )
        // Wider than in production: other tests share the CPUs.
        settings.electionTimeout = .milliseconds(200)
        settings.heartbeat = .milliseconds(20)
        settings.installSnapshotTimeout = .milliseconds(500)
        adjust(&settings)
        return settings
    }

    @discardableResult
    func start(_ id: UInt64, of count: Int) throws -> LogServerFixture {
        let server = LogServerFixture(id: id)
        server.log = RaftLog(settings: settings(of: id, in: count), loop: loop, applier: server)
        try server.log.start()
        servers.append(server)
        return server
    }

    func close(_ server: LogServerFixture) {
        var isClosed = false
        server.log.close { isClosed = true }
        #expect(loop.step(until: { isClosed }), "the log does not close")
        servers.removeAll { $0 === server }
    }

    func closeAll() {
        for server in servers { close(server) }
    }

    func carry() {
        for server in servers {
            let messages = server.outbox
            server.outbox = []
            for (to, message) in messages {
                recorded.append(message)
                if isolated.contains(to) || isolated.contains(server.id) { continue }
                guard passes(server.id, to, message) else { continue }
                guard let receiver = servers.first(where: { $0.id == to }) else { continue }
                message.withUnsafeBytes { receiver.log.receive($0, from: server.id) }
            }
        }
    }

    func run(within limit: Duration = .seconds(20), until condition: () -> Bool) -> Bool {
        let deadline = MonotonicTime.now.advanced(by: limit)
        while !condition() {
            guard MonotonicTime.now < deadline else { return false }
            step()
        }
        return true
    }

    /// One turn of the loop, and of the network.
    func step() {
        loop.step(maximumWait: servers.contains { !$0.outbox.isEmpty } ? .zero : .milliseconds(2))
        carry()
    }

    /// The one leader of those that are connected, once there is one that all others follow.
    func leader() throws -> LogServerFixture {
        var found: LogServerFixture?
        let connected = servers.filter { !isolated.contains($0.id) }
        let isElected = run {
            let leaders = connected.filter(\.isLeader)
            guard leaders.count == 1 else { return false }
            found = leaders[0]
            return connected.allSatisfy { $0 === leaders[0] || $0.log.role == .follower(leader: leaders[0].id) }
        }
        try #require(isElected, "no leader: \(servers.map { "\($0.id) \($0.log.role)" })")
        return found!
    }
}

/// A folder of folders that goes away with this value.
final class TreeFolder {
    let path: String

    init() {
        var template = Array("/tmp/ringmaster.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("cannot make a folder in /tmp") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        // Folders of files, and no deeper.
        for name in names(in: ".") {
            for file in names(in: name) { unlink(self.file("\(name)/\(file)")) }
            remove(file(name))
        }
        rmdir(path)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func names(in folder: String) -> [String] {
        guard let stream = opendir(file(folder)) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
            )
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    func size(of name: String) -> Int {
        var status = stat()
        return stat(file(name), &status) == 0 ? Int(status.st_size) : 0
    }

    /// Copies a folder of this one, as a crash would leave it, into another.
    func copy(_ folder: String, to other: TreeFolder) {
        mkdir(other.file(folder), 0o700)
        for name in names(in: folder) {
            let bytes = bytes(of: "\(folder)/\(name)")
            other.write(bytes, to: "\(folder)/\(name)")
        }
    }

    func bytes(of name: String) -> [UInt8] {
        let descriptor = open(file(name), O_RDONLY)
        precondition(descriptor >= 0)
        defer { Glibc.close(descriptor) }
        return [UInt8](unsafeUninitializedCapacity: size(of: name)) { buffer, count in
            count = read(descriptor, buffer.baseAddress, buffer.count)
        }
    }

    func write(_ bytes: [UInt8], to name: String) {
        let descriptor = open(file(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        precondition(descriptor >= 0 && Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
        Glibc.close(descriptor)
    }

    func truncate(_ name: String, to size: Int) { precondition(Glibc.truncate(file(name), size) == 0) }

    /// Inverts a bit of the byte at `offset`.
    func flip(_ name: String, at offset: Int) {
        let descriptor = open(file(name), O_RDWR)
        precondition(descriptor >= 0)
        var byte: UInt8 = 0
        pread(descriptor, &byte, 1, offset)
        byte ^= 1
        pwrite(descriptor, &byte, 1, offset)
        Glibc.close(descriptor)
    }
}
