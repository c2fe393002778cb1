// A change of members that has been logged and not yet committed. The leader drives the resize from it; the state
// machine refuses the deltas of whoever it fences.

/// How a resize treats the slots that stay where they are.
public enum ResizeMode: UInt8, Sendable {
    /// Only slots that change owner stop.
    case handoff = 0
    /// Every member stops.
    case barrier = 1
}

/// The view that is to come.
public struct Intent: Hashable, Sendable {
    /// The epoch of the view that it leads to.
    public let epoch: Epoch
    public let mode: ResizeMode
    /// Everybody who is to be a member, by ascending name.
    public let members: [MemberRecord]
    /// Workers whose deltas are refused from now on: those taken for dead. In any order.
    public let fenced: [WorkerID]

    public init(epoch: Epoch, mode: ResizeMode, members: [MemberRecord], fenced: [WorkerID] = []) {
        self.epoch = epoch
        self.mode = mode
        self.members = members
        self.fenced = fenced
    }

    /// Whether the members are such as a ring can be planned for: ascending, each once, and not too many. O(members).
    var isCanonical: Bool {
        (try? members.map(\.member).checkCanonicalOrder()) != nil
    }
}

// Inside a command or a snapshot: epoch: uint, mode: 0|1, [member...], [fenced worker: str...]
extension MessagePackWriter {
    mutating func writeFields(of intent: Intent) {
        write(intent.epoch.rawValue)
        write(UInt64(intent.mode.rawValue))
        write(intent.members)
        writeArrayHeader(count: intent.fenced.count)
        for worker in intent.fenced { write(worker.name) }
    }
}

extension MessagePackReader {
    mutating func readIntentFields() throws(CommandError) -> Intent {
        let epoch = try epoch()
        let modeNumber = try number()
        guard let mode = UInt8(exactly: modeNumber).flatMap(ResizeMode.init(rawValue:)) else {
            throw .resizeModeUnknown(modeNumber)
        }
        let members = try readMembers()
        let fencedCount = try arrayHeader()
        guard fencedCount <= RingLimits.membersMax else { throw .ring(.tooManyMembers(count: fencedCount)) }
        var fenced: [WorkerID] = []
        for _ in 0..<fencedCount { fenced.append(try workerName()) }
        return Intent(epoch: epoch, mode: mode, members: members, fenced: fenced)
    }
}
