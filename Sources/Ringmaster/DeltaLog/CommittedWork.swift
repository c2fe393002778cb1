// What libraft has told of and is not carried out yet. libraft goes on to its next write only when its callbacks have
// returned: an entry that was applied in them would keep the disk idle meanwhile.

/// Committed entries and ends of proposals, in their order, with copies of the entries' bytes.
struct CommittedWork {
    enum Step {
        case apply(Range<Int>, index: UInt64)
        case proposalEnded(id: UInt64, status: Int32)
    }

    /// Memory that is kept for the next entries; a rare larger heap of them gives its memory back.
    private static let bytesKeptMax = 16 << 20

    private var bytes: [UInt8] = []
    private var steps: [Step] = []

    var isEmpty: Bool { steps.isEmpty }

    mutating func apply(_ entry: UnsafeRawBufferPointer, index: UInt64) {
        let start = bytes.count
        bytes.append(contentsOf: entry)
        steps.append(.apply(start..<bytes.count, index: index))
    }

    mutating func proposalEnded(_ id: UInt64, _ status: Int32) {
        steps.append(.proposalEnded(id: id, status: status))
    }

    /// Hands over everything in its order. What is added meanwhile belongs to the next time.
    mutating func take() -> CommittedWork {
        defer { self = CommittedWork() }
        return self
    }

    /// Takes the memory of one that was carried out.
    mutating func reuse(_ done: consuming CommittedWork) {
        guard isEmpty, done.bytes.capacity <= Self.bytesKeptMax else { return }
        bytes = done.bytes
        steps = done.steps
        bytes.removeAll(keepingCapacity: true)
        steps.removeAll(keepingCapacity: true)
    }

    func forEach(
        apply: (UnsafeRawBufferPointer, UInt64) -> Void,
        ended: (_ id: UInt64, _ status: Int32) -> Void
    ) {
        bytes.withUnsafeBytes { bytes in
            for step in steps {
                switch step {
                case .apply(let range, let index): apply(UnsafeRawBufferPointer(rebasing: bytes[range]), index)
                case .proposalEnded(let id, let status): ended(id, status)
                }
            }
        }
    }
}
