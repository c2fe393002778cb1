// Reading files of a data directory, whole, and numbers in them.

import Glibc

/// The bytes of a file, and its path for errors.
struct LogFile {
    let path: String
    let bytes: [UInt8]

    /// Reads the file. O(bytes).
    /// - Throws: `.system`.
    init(_ path: String) throws(DeltaLogError) {
        guard let file = try LogFile(ifThere: path) else {
            throw .corrupt(file: path, reason: "it is missing")
        }
        self = file
    }

    /// Reads the file; nil where there is none.
    init?(ifThere path: String) throws(DeltaLogError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.lastError(path)
        }
        defer { Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.lastError(path) }
        var isFailed = false
        self.path = path
        bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
            while count < buffer.count {
                let length = read(descriptor, buffer.baseAddress! + count, buffer.count - count)
                if length < 0, errno == EINTR { continue }
                isFailed = length < 0
                guard length > 0 else { return }
                count += length
            }
        }
        if isFailed { throw Self.lastError(path) }
    }

    private static func lastError(_ path: String) -> DeltaLogError {
        let code = errno
        return .system(code: code, reason: String(cString: strerror(code)), doing: "reading \(path)")
    }

    /// Hands the bytes to `body`.
    func withBytes<T>(
        _ body: (UnsafeRawBufferPointer) throws(DeltaLogError) -> T
    ) throws(DeltaLogError) -> T {
        let result: Result<T, DeltaLogError> = bytes.withUnsafeBytes { bytes in
            do throws(DeltaLogError) {
                return .success(try body(bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    func damaged(_ reason: String) -> DeltaLogError {
        .corrupt(file: path, reason: reason)
    }
}

extension UnsafeRawBufferPointer {
    /// The little-endian number at `offset`.
    func number<T: FixedWidthInteger>(_ type: T.Type = T.self, at offset: Int) -> T {
        T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}
