// What can be wrong with the parts of a ring that come from a peer or a configuration. Thrown by the identifiers
// and by everything in this folder.

/// Why a name, a member, a ring or a view was refused.
public enum RingError: Error, Hashable, Sendable {
    /// The name of a worker has no bytes. The sender's mistake: give the worker a name.
    case workerIDEmpty
    /// The name of a worker is longer than `RingLimits.workerIDBytesMax`. The sender's mistake: shorten it.
    case workerIDTooLong(byteCount: Int)
    /// The number of slots is no power of two in 1...`RingLimits.slotsMax`. The sender's or the configuration's mistake.
    case ringSizeInvalid(slotCount: Int)
    /// The weight of a member is not in 1...`RingLimits.weightMax`. The sender's or the configuration's mistake.
    case weightOutOfRange(weight: Int)
    /// There are more members than `RingLimits.membersMax`. Run fewer workers in one ring.
    case tooManyMembers(count: Int)
    /// A worker is named twice. Two workers run under one name, or a message is damaged.
    case memberRepeated(WorkerID)
    /// The members of a view do not ascend by name from here on. The sender's mistake: a view has one form only.
    case membersOutOfOrder(WorkerID)
    /// A slot of a view is owned by an index that is no member's, or by somebody though there are no members. The
    /// sender's mistake: ask for the view again.
    case slotOwnerUnknown(slot: Slot, ownerIndex: UInt16)
    /// A plan was asked for under an epoch not above that of the view it starts from. The asker is behind: it takes
    /// the newer view first.
    case epochNotNewer(epoch: Epoch, current: Epoch)
}

extension RingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .workerIDEmpty:
            "the name of a worker is empty; give it 1 to \(RingLimits.workerIDBytesMax) bytes"
        case .workerIDTooLong(let byteCount):
            "the name of a worker has \(byteCount) bytes; shorten it to at most \(RingLimits.workerIDBytesMax)"
        case .ringSizeInvalid(let slotCount):
            "a ring cannot have \(slotCount) slots; choose a power of two from 1 to \(RingLimits.slotsMax)"
        case .weightOutOfRange(let weight):
            "a member cannot weigh \(weight); choose a weight from 1 to \(RingLimits.weightMax)"
        case .tooManyMembers(let count):
            "\(count) members are more than a ring holds; run at most \(RingLimits.membersMax) workers in one ring"
        case .memberRepeated(let worker):
            "worker \(worker) is a member twice; give every worker a name of its own"
        case .membersOutOfOrder(let worker):
            "worker \(worker) is out of order; a view lists its members by ascending bytes of their names"
        case .slotOwnerUnknown(let slot, let ownerIndex):
            "slot \(slot) is owned by index \(ownerIndex), which is no member's; ask for the view again"
        case .epochNotNewer(let epoch, let current):
            "epoch \(epoch) is not above \(current), which is in force; plan from the newest view"
        }
    }
}
