// The deltas of one worker, read in place. The state machine applies them; a leader checks with it what a worker sent
// before it proposes it.

/// A batch of deltas that has been read from end to end and found in order. It borrows its bytes.
public struct DeltaBatch {
    /// Who ran the jobs.
    public let worker: WorkerID
    /// In which of its lives.
    public let incarnation: Incarnation
    /// How many deltas there are.
    public let count: Int
    /// Stands before the first delta.
    private let deltas: MessagePackReader

    /// Reads a batch that fills the bytes, which must outlive it: one command of kind 0. O(bytes), nothing is copied.
    ///
    /// What is read without an error can be part of an entry: a leader that proposes only such batches cannot be made
    /// to log an entry that nobody can apply.
    ///
    /// - Throws: `CommandError`: what is wrong with it.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(CommandError) {
        var reader = MessagePackReader(bytes)
        guard case .deltas(let batch) = try reader.readCommand() else { throw .kindUnknown(0) }
        try reader.end()
        self = batch
    }

    /// Reads what follows the kind of a command of kind 0, every delta of it.
    init(reading reader: inout MessagePackReader) throws(CommandError) {
        worker = try reader.workerName()
        incarnation = Incarnation(try reader.number())
        count = try reader.arrayHeader()
        deltas = reader
        for _ in 0..<count { _ = try reader.readDelta() }
    }

    /// Hands over each delta, in the order in which the worker ran them. O(bytes).
    @inline(__always)
    public func forEach(_ body: (Delta) -> Void) {
        var reader = deltas
        for _ in 0..<count {
            do {
                body(try reader.readDelta())
            } catch {
                preconditionFailure("a batch that was read once can be read again: \(error)")
            }
        }
    }
}
