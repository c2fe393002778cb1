// The history of a simulation, in the format of every run (docs/HISTORY.md), in memory.

import RingmasterProtocol

/// Takes events as they happen; the checker reads nothing else.
final class SimulationRecord {
    private var encoder = HistoryEncoder()
    private var openRounds: Set<UInt64> = []
    private var highestEpoch: UInt64 = 0
    private(set) var operations = 0
    private(set) var acknowledged = 0

    var bytes: [UInt8] { encoder.bytes }

    /// Whether a round began of which the history has no end.
    var hasOpenRound: Bool { !openRounds.isEmpty }

    func take(_ event: HistoryEvent) {
        switch event.action {
        case .append(.invoke, _, _, _, _), .read(.invoke, _, _, _): operations += 1
        case .append(.ok, _, _, _, _), .read(.ok, _, _, _): acknowledged += 1
        default: break
        }
        encoder.encode(event)
    }

    func nemesis(_ event: NemesisEvent, at timeNs: Int64) {
        take(HistoryEvent(timeNs: timeNs, .nemesis(event)))
    }

    func began(_ epoch: UInt64, mode: String, members: [String], at timeNs: Int64) {
        openRounds.insert(epoch)
        nemesis(.roundBegan(Epoch(epoch), mode: mode, members: members), at: timeNs)
    }

    func ended(_ epoch: UInt64, outcome: String, at timeNs: Int64) {
        if outcome == "committed" { committed(epoch, at: timeNs) }
        openRounds.remove(epoch)
        nemesis(.roundEnded(Epoch(epoch), outcome: outcome), at: timeNs)
    }

    /// Rounds above this epoch were never in the log, and are over.
    func ended(above epoch: UInt64, at timeNs: Int64) {
        for open in openRounds.sorted() where open > epoch { ended(open, outcome: "superseded", at: timeNs) }
    }

    /// A coordinator works by this epoch, so its round was committed; whoever led may have died before it could say so.
    func committed(_ epoch: UInt64, at timeNs: Int64) {
        guard epoch > highestEpoch else { return }
        highestEpoch = epoch
        if openRounds.remove(epoch) != nil { nemesis(.roundCommitted(Epoch(epoch)), at: timeNs) }
    }

    func verdict() throws(HistoryError) -> Verdict {
        try HistoryChecker.check(HistoryReader(encoder.bytes))
    }
}
