// The directory of a coordinator's log: whose it is, and that nobody else uses it.
//
//     lock       held with flock while the log is open
//     identity   which cluster and server the directory belongs to, and whether its first configuration is written
//     the rest   libraft's: metadata1 and 2, closed and open segments, snapshots

import Glibc

/// An open data directory. The lock lasts as long as the value.
final class DataDirectory {
    let path: String
    /// Whether libraft's files begin with a configuration; before that nothing in them counts.
    private(set) var isBootstrapped: Bool

    private let clusterID: UInt64
    private let raftID: UInt64
    private let lock: Int32

    /// Opens the directory, makes it with mode 0700 where there is none, and takes its lock.
    /// - Throws: `.directoryLocked`, `.foreignDirectory`, `.corrupt`, `.diskFull`, `.system`.
    init(path: String, clusterID: UInt64, raftID: UInt64) throws(DeltaLogError) {
        if mkdir(path, 0o700) == 0 {
            try Self.synchronize(directory: Self.parent(of: path))
        } else if errno != EEXIST {
            throw Self.lastError("making the directory \(path)", directory: path)
        }
        // A process that is started by this one must not keep the lock: close on exec.
        let lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw Self.lastError("opening \(path)/lock", directory: path) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let error: DeltaLogError =
                errno == EWOULDBLOCK ? .directoryLocked(path) : Self.lastError("locking \(path)/lock", directory: path)
            Glibc.close(lock)
            throw error
        }
        self.path = path
        self.clusterID = clusterID
        self.raftID = raftID
        self.lock = lock
        isBootstrapped = false
        if let identity = try readIdentity() {
            isBootstrapped = identity
        } else {
            guard !files().contains(where: Self.isOfLog) else {
                throw .corrupt(file: identityFile, reason: "it is missing, yet there is a log beside it")
            }
            try writeIdentity()
        }
        // A first start that was cut short leaves a log that can neither begin nor go on.
        if !isBootstrapped { for name in files() where Self.isOfLog(name) { unlink("\(path)/\(name)") } }
        try checkMetadata()
    }

    /// libraft takes a file of its term and vote that is too short for one that was never written, removes it and goes on
    /// with the older of the two: a server that forgets its vote can give it twice. Only the first write of a file can
    /// leave it short.
    private func checkMetadata() throws(DeltaLogError) {
        for (name, other) in [("metadata1", "metadata2"), ("metadata2", "metadata1")] {
            var status = stat()
            guard stat("\(path)/\(name)", &status) == 0, status.st_size != 32 else { continue }
            guard status.st_size > 32 || metadataVersion(of: other) > 1 else { continue }
            throw .corrupt(file: "\(path)/\(name)", reason: "it has \(status.st_size) bytes instead of 32")
        }
    }

    /// How many times the metadata had been written when that file was; 0: it was not.
    private func metadataVersion(of name: String) -> UInt64 {
        let descriptor = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return 0 }
        defer { Glibc.close(descriptor) }
        var version: UInt64 = 0
        return pread(descriptor, &version, 8, 8) == 8 ? UInt64(littleEndian: version) : 0
    }

    deinit {
        Glibc.close(lock)
    }

    /// Notes that the first configuration is on disk.
    func noteBootstrap() throws(DeltaLogError) {
        isBootstrapped = true
        try writeIdentity()
    }

    /// Names of the files in the directory, in no order.
    func files() -> [String] {
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

    /// Whether a file of that name is part of libraft's log.
    static func isOfLog(_ name: String) -> Bool {
        name.hasPrefix("metadata") || name.hasPrefix("open-") || name.hasPrefix("snapshot-") || name.hasPrefix("0")
    }

    // MARK: Identity

    private var identityFile: String { "\(path)/identity" }

    private static func text(clusterID: UInt64, raftID: UInt64) -> String {
        "cluster \(clusterID) server \(raftID)"
    }

    /// Whether the directory is bootstrapped, by its identity file; nil where there is no such file.
    private func readIdentity() throws(DeltaLogError) -> Bool? {
        let descriptor = open(identityFile, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.lastError("opening \(identityFile)", directory: path)
        }
        defer { Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw Self.lastError("reading \(identityFile)", directory: path) }
        let lines = String(decoding: bytes[..<count], as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        guard lines.count == 4, lines[0] == "ringmaster log 1", lines[3] == "",
            ["new", "bootstrapped"].contains(lines[2])
        else {
            throw .corrupt(file: identityFile, reason: "it is no identity file of this version")
        }
        let expected = Self.text(clusterID: clusterID, raftID: raftID)
        guard lines[1] == expected else {
            throw .foreignDirectory(file: identityFile, found: String(lines[1]), expected: expected)
        }
        return lines[2] == "bootstrapped"
    }

    /// Writes the file whole or not at all: to another name, synchronized, renamed.
    private func writeIdentity() throws(DeltaLogError) {
        let text = """
            ringmaster log 1
            \(Self.text(clusterID: clusterID, raftID: raftID))
            \(isBootstrapped ? "bootstrapped" : "new")

            """
        let temporary = "\(path)/identity.new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.lastError("opening \(temporary)", directory: path) }
        let bytes = Array(text.utf8)
        let isWritten =
            bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count
            && fsync(descriptor) == 0
            && rename(temporary, identityFile) == 0
        let error = Self.lastError("writing \(identityFile)", directory: path)
        Glibc.close(descriptor)
        guard isWritten else { throw error }
        try Self.synchronize(directory: path)
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
