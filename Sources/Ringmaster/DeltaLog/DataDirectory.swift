// The directory of a coordinator's log: whose it is, and that nobody else uses it.
//
//     lock       held with flock while the log is open
//     identity   which cluster and server the directory belongs to, its mark, and whether its first configuration is written
//     peers      the marks of the other servers' directories
//     vote       the term and vote with a checksum, besides libraft's own
//     the rest   libraft's: metadata1 and 2, closed and open segments, snapshots

import Glibc

/// An open data directory. The lock lasts as long as the value.
public final class DataDirectory {
    let path: String
    /// Whether libraft's files begin with a configuration; before that nothing in them counts.
    private(set) var isBootstrapped: Bool

    let clusterID: UInt64
    let raftID: UInt64
    /// Drawn when the directory was made: another one of the same server has another. 0: it was made before there were any.
    private(set) var mark: UInt64
    /// Negative: there is no such file, as no log was ever opened here.
    private let lock: Int32

    /// Opens the directory, makes it with mode 0700 where there is none, and takes its lock.
    /// - Throws: `.directoryLocked`, `.foreignDirectory`, `.corrupt`, `.diskFull`, `.system`.
    init(path: String, clusterID: UInt64, raftID: UInt64) throws(DeltaLogError) {
        if mkdir(path, 0o700) == 0 {
            try Self.synchronize(directory: Self.parent(of: path))
        } else if errno != EEXIST {
            throw Self.lastError("making the directory \(path)", directory: path)
        }
        let lock = try Self.takeLock(of: path, flags: O_RDWR | O_CREAT)
        self.path = path
        self.clusterID = clusterID
        self.raftID = raftID
        self.lock = lock
        isBootstrapped = false
        mark = 0
        if let identity = try Self.readIdentity(of: path) {
            let expected = Self.text(clusterID: clusterID, raftID: raftID)
            guard (identity.clusterID, identity.raftID) == (clusterID, raftID) else {
                let found = Self.text(clusterID: identity.clusterID, raftID: identity.raftID)
                throw .foreignDirectory(file: identityFile, found: found, expected: expected)
            }
            isBootstrapped = identity.isBootstrapped
            mark = identity.mark
        } else {
            guard !files().contains(where: Self.isOfLog) else {
                throw .corrupt(file: identityFile, reason: "it is missing, yet there is a log beside it")
            }
        }
        if mark == 0 {
            mark = UInt64.random(in: 1...UInt64.max)
            try writeIdentity()
        }
        // A first start that was cut short leaves a log that can neither begin nor go on.
        if !isBootstrapped { for name in files() where Self.isOfLog(name) { unlink("\(path)/\(name)") } }
    }

    /// Opens a directory for reading alone: nothing in it changes. It must be some server's.
    /// - Throws: `.directoryLocked`, `.corrupt`, `.system`.
    init(reading path: String) throws(DeltaLogError) {
        let lock = try Self.takeLock(of: path, flags: O_RDONLY)
        do throws(DeltaLogError) {
            guard let identity = try Self.readIdentity(of: path) else {
                throw .corrupt(file: "\(path)/identity", reason: "it is missing")
            }
            self.path = path
            self.lock = lock
            clusterID = identity.clusterID
            raftID = identity.raftID
            isBootstrapped = identity.isBootstrapped
            mark = identity.mark
        } catch {
            if lock >= 0 { Glibc.close(lock) }
            throw error
        }
    }

    private static func takeLock(of path: String, flags: Int32) throws(DeltaLogError) -> Int32 {
        // A process that is started by this one must not keep the lock: close on exec.
        let lock = open("\(path)/lock", flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else {
            if errno == ENOENT, flags & O_CREAT == 0 { return lock }
            throw lastError("opening \(path)/lock", directory: path)
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let error: DeltaLogError =
                errno == EWOULDBLOCK ? .directoryLocked(path) : lastError("locking \(path)/lock", directory: path)
            Glibc.close(lock)
            throw error
        }
        return lock
    }

    deinit {
        if lock >= 0 { Glibc.close(lock) }
    }

    /// Notes that the first configuration is on disk.
    func noteBootstrap() throws(DeltaLogError) {
        isBootstrapped = true
        try writeIdentity()
    }

    /// For a bug that is planted: forgets the present term, and for whom it voted in it.
    func forgetVote() {
        for name in ["metadata1", "metadata2"] {
            let descriptor = open("\(path)/\(name)", O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { Glibc.close(descriptor) }
            // format, version, term, vote: 64 bits each
            var (term, vote): (UInt64, UInt64) = (0, 0)
            guard pread(descriptor, &term, 8, 16) == 8, term > 1 else { continue }
            term -= 1
            pwrite(descriptor, &term, 8, 16)
            pwrite(descriptor, &vote, 8, 24)
        }
    }

    /// Names of the files in the directory, in no order.
    func files() -> [String] { Self.names(in: path) }

    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
            )
        }
        return names
    }

    /// Whether a file of that name is part of the log: libraft's, or the record of the vote.
    static func isOfLog(_ name: String) -> Bool {
        name == TermAndVote.recordFile || ["metadata", "open-", "snapshot-", "0"].contains { name.hasPrefix($0) }
    }

    // MARK: Identity

    private var identityFile: String { "\(path)/identity" }

    private static func text(clusterID: UInt64, raftID: UInt64) -> String {
        "cluster \(clusterID) server \(raftID)"
    }

    /// What the identity file says; nil where there is no such file.
    private static func readIdentity(
        of path: String
    ) throws(DeltaLogError) -> (clusterID: UInt64, raftID: UInt64, mark: UInt64, isBootstrapped: Bool)? {
        guard let file = try LogFile(ifThere: "\(path)/identity") else { return nil }
        let lines = String(decoding: file.bytes.prefix(256), as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        guard lines.count == 4, lines[0] == "ringmaster log 1", lines[3] == "",
            ["new", "bootstrapped"].contains(lines[2])
        else {
            throw file.damaged("it is no identity file of this version")
        }
        let words = lines[1].split(separator: " ")
        guard words.count == 4 || words.count == 6, let clusterID = UInt64(words[1]), let raftID = UInt64(words[3]),
            let mark = words.count == 6 ? UInt64(words[5]) : 0,
            lines[1] == text(clusterID: clusterID, raftID: raftID) + (mark == 0 ? "" : " directory \(mark)")
        else {
            throw file.damaged("it names no server")
        }
        return (clusterID, raftID, mark, lines[2] == "bootstrapped")
    }

    private func writeIdentity() throws(DeltaLogError) {
        let text = """
            ringmaster log 1
            \(Self.text(clusterID: clusterID, raftID: raftID)) directory \(mark)
            \(isBootstrapped ? "bootstrapped" : "new")

            """
        try Self.write(text, to: "identity", in: path)
    }

    /// Writes a file whole or not at all: to another name, synchronized, renamed.
    static func write(_ text: String, to name: String, in path: String) throws(DeltaLogError) {
        let temporary = "\(path)/\(name).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw lastError("opening \(temporary)", directory: path) }
        let bytes = Array(text.utf8)
        let isWritten =
            bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == bytes.count
            && fsync(descriptor) == 0
            && rename(temporary, "\(path)/\(name)") == 0
        let error = lastError("writing \(path)/\(name)", directory: path)
        Glibc.close(descriptor)
        guard isWritten else { throw error }
        try synchronize(directory: path)
    }

    // MARK: System calls

    private static func parent(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? path.dropLast() : path[...]
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    private static func synchronize(directory: String) throws(DeltaLogError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw lastError("opening \(directory)", directory: directory) }
        let status = fsync(descriptor)
        let error = lastError("synchronizing \(directory)", directory: directory)
        Glibc.close(descriptor)
        guard status == 0 else { throw error }
    }

    private static func lastError(_ doing: String, directory: String) -> DeltaLogError {
        let code = errno
        if code == ENOSPC || code == EDQUOT { return .diskFull(directory: directory) }
        return .system(code: code, reason: String(cString: strerror(code)), doing: doing)
    }
}
