// Key pairs on disk: readable by their owner alone, and refused where they are not.

import Glibc

/// A file with a key pair:
///
///     # Ringmaster key pair. Keep it secret.
///     public 8E0[...]
///     secret JTK[...]
///
/// The public line is for people; the secret one decides.
public enum KeyFile {
    /// Writes `keys` to a new file with mode 0600. The file is either there whole, or not there.
    /// - Throws: `TransportError.invalidKey` where the file exists already (it is not touched) or cannot be written.
    public static func write(_ keys: CurveKeyPair, to path: String) throws(TransportError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = errno == EEXIST ? "it exists already; choose another name, or remove it" : lastError()
            throw .invalidKey(path, reason: reason)
        }
        let text = """
            # Ringmaster key pair. Keep it secret.
            public \(keys.publicKey.text)
            secret \(keys.secretText)

            """
        let bytes = Array(text.utf8)
        // A umask may have taken from the mode; nothing may be added by it.
        var isWritten = fchmod(descriptor, 0o600) == 0
        isWritten =
            isWritten && bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == bytes.count
        isWritten = isWritten && fsync(descriptor) == 0
        let reason = lastError()
        close(descriptor)
        guard isWritten else {
            unlink(path)
            throw .invalidKey(path, reason: reason)
        }
    }

    /// Reads the key pair in `path`.
    /// - Throws: `TransportError.invalidKey` where it is missing or malformed, or where anybody but its owner (this user
    ///   or root) can read or change it.
    public static func read(_ path: String) throws(TransportError) -> CurveKeyPair {
        let text = try contents(of: path, limit: Limits.keyFileBytesMax, isSecret: true)
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count == 2, words[0] == "secret" else { continue }
            do throws(TransportError) {
                return try CurveKeyPair(secretText: String(words[1]))
            } catch {
                throw .invalidKey(path, reason: "its secret line has no key of 40 characters of Z85 text")
            }
        }
        throw .invalidKey(path, reason: "it has no line 'secret KEY'")
    }

    /// The text of a file of at most `limit` bytes. A secret one must be its owner's alone.
    static func contents(of path: String, limit: Int, isSecret: Bool) throws(TransportError) -> String {
        // Without waiting: opening a pipe would.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .invalidKey(path, reason: lastError()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .invalidKey(path, reason: lastError()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .invalidKey(path, reason: "it is no regular file") }
        if isSecret {
            guard status.st_uid == geteuid() || status.st_uid == 0 else {
                throw .invalidKey(path, reason: "it belongs to another user; make a copy that is yours")
            }
            guard status.st_mode & 0o077 == 0 else {
                let mode = String(status.st_mode & 0o777, radix: 8)
                throw .invalidKey(path, reason: "others may use it (mode 0\(mode)); run: chmod 600 '\(path)'")
            }
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= limit {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .invalidKey(path, reason: lastError()) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        guard bytes.count <= limit else { throw .invalidKey(path, reason: "it has more than \(limit) bytes") }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func lastError() -> String { String(cString: strerror(errno)) }
}
