// What became of a round of a resize: how long it took, what it moved, and how long keys waited meanwhile.

import Measurement
import RingmasterProtocol

/// The measures of one round.
public struct ResizeMeasures: Sendable {
    public let round: RoundRecord
    /// From its beginning to its commit: members close their gates, drain, report and take over (phases 1 and 2).
    public let untilCommitNs: Measured<Int64>
    /// From its commit to its end: members are told (phase 3).
    public let afterCommitNs: Measured<Int64>
    /// From its beginning to its end.
    public let lengthNs: Measured<Int64>
    public let movedSlots: Measured<Int64>
    public let movedBytes: Measured<Int64>
    /// For each key of a slot that changed its owner: the longest that an operation waited that was under way in the round and
    /// was acknowledged. Ascending.
    public let movedPausesNs: Measured<[Int64]>
    /// The same of all other keys.
    public let unmovedPausesNs: Measured<[Int64]>

    /// O(operations under way in the round + slots).
    init(_ round: RoundRecord, _ record: RunRecord) {
        self.round = round
        if let committedNs = round.committedNs {
            untilCommitNs = .value(committedNs - round.beganNs)
            afterCommitNs =
                round.endedNs.map { .value(max(0, $0 - committedNs)) } ?? .missing("the round was never closed")
        } else {
            untilCommitNs = .missing("the round was not committed")
            afterCommitNs = untilCommitNs
        }
        lengthNs = round.hasEnd ? .value(round.span.lengthNs) : .missing("the round has no end")

        let moved = Self.movedSlots(round, record.ownership)
        movedSlots =
            round.movedSlots.map { .value($0) } ?? moved.map { Int64($0.count(where: { $0 })) }
        movedBytes = round.movedBytes.map { .value($0) } ?? .missing("no note says how many bytes were moved")
        switch moved {
        case .missing(let reason):
            movedPausesNs = .missing(reason)
            unmovedPausesNs = .missing(reason)
        case .value(let moved):
            let slotOfKey = record.ownership.slotOfKey
            var longestNs: [UInt32: Int64] = [:]
            record.operations.forEachUnderWay(in: round.span) { operation in
                guard operation.outcome == .ok else { return }
                longestNs[operation.key] = max(longestNs[operation.key] ?? 0, operation.latencyNs)
            }
            let isMoved = { (key: UInt32) in moved[Int(slotOfKey[Int(key)])] }
            movedPausesNs = .value(longestNs.filter { isMoved($0.key) }.values.sorted())
            unmovedPausesNs = .value(longestNs.filter { !isMoved($0.key) }.values.sorted())
        }
    }

    /// For each slot whether the round moved it.
    private static func movedSlots(_ round: RoundRecord, _ ownership: Ownership) -> Measured<[Bool]> {
        if round.committedNs == nil { return .missing("the round was not committed") }
        guard let after = ownership.view(of: round.epoch) else { return .missing("no view of its epoch was noted") }
        guard let before = ownership.view(before: round.epoch) else {
            return .missing("no view of an epoch before it was noted")
        }
        return .value(after.movedSlots(since: before))
    }
}
