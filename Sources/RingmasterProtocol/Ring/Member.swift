// One worker as the ring sees it: its name and its share. A list of members is what a plan is made for.

/// A worker on the ring, and how large a share of the slots it takes.
public struct Member: Hashable, Sendable {
    /// Which worker.
    public let id: WorkerID
    /// Its share in proportion to the weights of the others: 1...`RingLimits.weightMax`.
    public let weight: Int

    /// A member of weight 1, the share of everybody in a ring of equals.
    public init(_ id: WorkerID) {
        self.id = id
        weight = 1
    }

    /// Takes a member, from a peer or a configuration.
    ///
    /// - Throws: `RingError.weightOutOfRange` when the weight is not in 1...`RingLimits.weightMax`.
    public init(_ id: WorkerID, weight: Int) throws(RingError) {
        guard (1...RingLimits.weightMax).contains(weight) else { throw .weightOutOfRange(weight: weight) }
        self.id = id
        self.weight = weight
    }
}

extension Member: CustomStringConvertible {
    public var description: String { weight == 1 ? "\(id)" : "\(id)*\(weight)" }
}

extension Array<Member> {
    /// The members by ascending name, the one order in which a view lists them. O(n) when they are in order already,
    /// else O(n log n).
    ///
    /// - Throws: `RingError.tooManyMembers` or `.memberRepeated`.
    func inCanonicalOrder() throws(RingError) -> [Member] {
        do {
            try checkCanonicalOrder()
            return self
        } catch .membersOutOfOrder {
            let ordered = sorted { $0.id < $1.id }
            try ordered.checkCanonicalOrder()
            return ordered
        }
    }

    /// Checks the number of members and that their names ascend. O(n).
    ///
    /// - Throws: `RingError.tooManyMembers`, `.memberRepeated` or `.membersOutOfOrder`.
    func checkCanonicalOrder() throws(RingError) {
        guard count <= RingLimits.membersMax else { throw .tooManyMembers(count: count) }
        for (previous, member) in zip(self, dropFirst()) where !(previous.id < member.id) {
            throw previous.id == member.id ? .memberRepeated(member.id) : .membersOutOfOrder(member.id)
        }
    }
}
