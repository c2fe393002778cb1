// history.jsonl as it is written during a run, by one thread.

import Glibc

/// Appends events to a new file.
///
/// Lines gather in a buffer and go to the file whole, many at a time. Whatever kills the process, the file then ends with
/// whole lines and at most one that is cut off, which readers tell apart. What the process had not written yet is missing;
/// `flush` before anything that may end it.
///
/// Owned by one thread: the recorder's. Whoever hands events to it must do so in an order in which each client's events are
/// right; events of different clients may come in any order (docs/HISTORY.md, "Time").
public final class HistoryWriter {
    public let path: String
    private var encoder = HistoryEncoder()
    private let descriptor: Int32
    private let bufferBytesMax: Int
    private var isOpen = true

    /// How many events were appended.
    public var eventCount: Int64 { encoder.nextIndex }

    /// Makes the file.
    /// - Parameter bufferBytesMax: How many bytes gather before they are written. 256 KiB are a thousand jobs, and a write
    ///   of that size costs less than formatting it did.
    /// - Throws: `.cannotOpen`, also where the file exists: a history is never overwritten.
    public init(path: String, bufferBytesMax: Int = 256 << 10) throws(HistoryError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_APPEND, 0o644)
        guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: HistoryError.systemReason) }
        self.path = path
        self.bufferBytesMax = bufferBytesMax
    }

    deinit {
        if isOpen { Glibc.close(descriptor) }
    }

    /// Appends one event. Its index is the number of events before it.
    /// - Throws: `.cannotWrite`.
    public func append(_ event: HistoryEvent) throws(HistoryError) {
        encoder.encode(event)
        if encoder.bytes.count >= bufferBytesMax { try flush() }
    }

    /// Hands everything to the system, so that it outlives this process.
    public func flush() throws(HistoryError) {
        guard isOpen else { throw .cannotWrite(path: path, reason: "it was closed") }
        var written = 0
        // What could not be written stays, and what could is never written twice.
        defer { encoder.removeFirst(written) }
        while written < encoder.bytes.count {
            let count = encoder.bytes.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .cannotWrite(path: path, reason: HistoryError.systemReason) }
            written += count
        }
    }

    /// Flushes, has the disk keep it, and closes.
    public func close() throws(HistoryError) {
        guard isOpen else { return }
        try flush()
        let isKept = fsync(descriptor) == 0 || errno == EINVAL
        let reason = HistoryError.systemReason
        isOpen = false
        Glibc.close(descriptor)
        guard isKept else { throw .cannotWrite(path: path, reason: reason) }
    }
}
