// The file in which a client's process notes what it does, and the recorder's end of it. A file outlives the SIGKILL of who
// wrote it; so what was asked is known even of a client that was killed the moment after.

import Glibc

/// The client's end. Owned by one thread.
public final class OperationFile {
    private let descriptor: Int32
    private var pending: [UInt8] = []
    private var holdsInvocations = false

    /// - Throws: `RunError.cannotCreate`.
    public init(path: String) throws(RunError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: HistoryError.systemReason) }
    }

    deinit {
        close(descriptor)
    }

    /// Notes an invocation. Its operation may be sent after the next `flushInvocations`, and not before.
    public func begin(_ record: OperationNote) {
        record.write(into: &pending)
        holdsInvocations = true
    }

    /// Hands every invocation noted so far to the system: one call for all that begin together.
    public func flushInvocations() {
        if holdsInvocations { flush() }
    }

    /// Notes a completion. It goes with the next invocations or flush: if it is lost, the outcome is unknown, which is true.
    public func end(_ record: OperationNote) {
        record.write(into: &pending)
    }

    public func flush() {
        var written = 0
        while written < pending.count {
            let count = pending.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            // A client that cannot note what it does must not do it.
            precondition(count > 0, "a client's notes cannot be written: \(HistoryError.systemReason)")
            written += count
        }
        pending.removeAll(keepingCapacity: true)
        holdsInvocations = false
    }
}

/// The recorder's end: reads what was added. Owned by one thread.
final class OperationTail {
    /// The client's lanes, as the history calls them: its process, its life, and the lane.
    var lanes: NumberedNames
    private let path: String
    private var descriptor: Int32 = -1
    private var unread: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 256 << 10)

    init(path: String, process: String) {
        self.path = path
        lanes = NumberedNames("\(process).")
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The records that were added since the last call.
    func take() -> [OperationNote] {
        if descriptor < 0 { descriptor = open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { return [] }
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            unread += chunk[..<count]
        }
        var records: [OperationNote] = []
        var offset = 0
        unread.withUnsafeBytes { bytes in
            while let record = OperationNote(bytes, at: &offset) { records.append(record) }
        }
        unread.removeFirst(offset)
        return records
    }
}
