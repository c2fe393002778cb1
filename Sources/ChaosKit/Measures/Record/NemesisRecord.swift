// The faults and rounds of a history, put together from their lines.

import RingmasterProtocol

/// A fault, from its being applied to its being healed.
public struct FaultRecord: Sendable, Equatable {
    public let id: FaultID
    public let kind: String
    public let target: String
    public internal(set) var span: TimeSpan
    /// Whether it was ever seen to work. One that was not counts as no fault.
    public internal(set) var isVerified: Bool
    public internal(set) var hasEnded: Bool
    /// When the cluster was first seen to have noticed it.
    public internal(set) var detectedNs: Int64?

    /// What it did, in few words.
    public var name: String { "\(kind) \(target)" }
}

/// A round of a resize.
public struct RoundRecord: Sendable, Equatable {
    public let epoch: Epoch
    public let mode: String
    public let members: [String]
    public let beganNs: Int64
    public internal(set) var committedNs: Int64?
    public internal(set) var endedNs: Int64?
    public internal(set) var outcome: String?
    /// When a round of a higher epoch began, if that was before this one ended.
    public internal(set) var supersededNs: Int64?
    /// What the notes say was moved.
    public internal(set) var movedSlots: Int64?
    public internal(set) var movedBytes: Int64?
    /// The end of the history, for a round without any end.
    let lastNs: Int64

    /// From its beginning until it was closed, superseded, or the history ended; whichever was first.
    public var span: TimeSpan {
        TimeSpan(beganNs, min(endedNs ?? .max, supersededNs ?? .max, lastNs))
    }

    public var hasEnd: Bool { endedNs != nil || supersededNs != nil }
}

/// Gathers what the nemesis says.
struct NemesisRecord {
    private var faultsByID: [FaultID: FaultRecord] = [:]
    private var roundsByEpoch: [Epoch: RoundLines] = [:]
    private(set) var notes = NemesisNotes()
    private(set) var healedNs: Int64?

    private struct RoundLines {
        var mode = ""
        var members: [String] = []
        var beganNs: Int64?
        var committedNs: Int64?
        var endedNs: Int64?
        var outcome: String?
    }

    mutating func take(_ event: NemesisEvent, timeNs: Int64) {
        switch event {
        case .faultBegan(let id, let kind, let target, let isVerified):
            faultsByID[id] = FaultRecord(
                id: id,
                kind: kind,
                target: target,
                span: TimeSpan(timeNs, timeNs),
                isVerified: isVerified,
                hasEnded: false
            )
        case .faultEnded(let id, let isVerified):
            guard let fault = faultsByID[id] else { return }
            faultsByID[id]!.span = TimeSpan(fault.span.beginNs, timeNs)
            faultsByID[id]!.hasEnded = true
            faultsByID[id]!.isVerified = fault.isVerified || isVerified
        case .roundBegan(let epoch, let mode, let members):
            // A new leader may begin the same round again; it is one round, from its first beginning.
            let isFirst = timeNs < roundsByEpoch[epoch]?.beganNs ?? .max
            if isFirst {
                roundsByEpoch[epoch, default: RoundLines()].beganNs = timeNs
                roundsByEpoch[epoch]!.mode = mode
                roundsByEpoch[epoch]!.members = members
            }
        case .roundCommitted(let epoch):
            let earlier = roundsByEpoch[epoch]?.committedNs ?? .max
            roundsByEpoch[epoch, default: RoundLines()].committedNs = min(earlier, timeNs)
        case .roundEnded(let epoch, let outcome):
            guard timeNs < roundsByEpoch[epoch]?.endedNs ?? .max else { return }
            roundsByEpoch[epoch, default: RoundLines()].endedNs = timeNs
            roundsByEpoch[epoch]!.outcome = outcome
        case .healed: healedNs = timeNs
        case .note(let function, let json): notes.take(function, json: json, timeNs: timeNs)
        case .epochSeen, .replicaHash: break
        }
    }

    /// By their beginning. What has no end lasts until the history ends.
    func faults(lastNs: Int64) -> [FaultRecord] {
        faultsByID.values.map { fault in
            var fault = fault
            if !fault.hasEnded { fault.span = TimeSpan(fault.span.beginNs, lastNs) }
            fault.detectedNs = notes.detectedNs[fault.id].map { max($0, fault.span.beginNs) }
            return fault
        }.sorted { ($0.span.beginNs, $0.id.rawValue) < ($1.span.beginNs, $1.id.rawValue) }
    }

    /// By their epochs. Lines of a round that never began make none.
    func rounds(lastNs: Int64) -> [RoundRecord] {
        var rounds: [RoundRecord] = []
        var laterBeganNs = Int64.max
        for (epoch, lines) in roundsByEpoch.sorted(by: { $0.key > $1.key }) {
            guard let beganNs = lines.beganNs else { continue }
            var round = RoundRecord(
                epoch: epoch,
                mode: lines.mode,
                members: lines.members,
                beganNs: beganNs,
                committedNs: lines.committedNs,
                endedNs: lines.endedNs,
                outcome: lines.outcome,
                movedSlots: notes.moved[epoch]?.slots,
                movedBytes: notes.moved[epoch]?.bytes,
                lastNs: lastNs
            )
            if laterBeganNs < lines.endedNs ?? .max, laterBeganNs >= beganNs { round.supersededNs = laterBeganNs }
            laterBeganNs = min(laterBeganNs, beganNs)
            rounds.append(round)
        }
        return rounds.reversed()
    }
}
