// What the nemesis' lines say, kept and judged: faults, rounds, epochs, replicas.

import RingmasterProtocol

/// All that the checker keeps of the run itself.
struct NemesisTrace {
    private(set) var faults: [FaultID: Fault] = [:]
    private(set) var rounds = RoundTrace()
    private(set) var epochs = EpochTrace()
    private(set) var replicas = ReplicaTrace()
    /// The last time that all faults were over.
    private(set) var healed: Healed?

    struct Fault {
        var name: String
        var isVerified: Bool
        var beginLine: Int
        var hasEnded: Bool
    }

    struct Healed {
        var timeNs: Int64
        var line: Int
        var boundNs: Int64?
    }

    mutating func take(_ line: HistoryLine) throws(HistoryError) {
        switch try line.nemesisEvent() {
        case .faultBegan(let id, let kind, let target, let isVerified):
            guard faults[id] == nil else {
                throw .malformed(
                    line: line.number,
                    reason: "fault \(id) had begun before, on line \(faults[id]!.beginLine)"
                )
            }
            faults[id] = Fault(
                name: "\(kind) of \(target)",
                isVerified: isVerified,
                beginLine: line.number,
                hasEnded: false
            )
        case .faultEnded(let id, let isVerified):
            guard let fault = faults[id], !fault.hasEnded else {
                throw .malformed(line: line.number, reason: "fault \(id) ends, and is not on")
            }
            faults[id]!.hasEnded = true
            if isVerified { faults[id]!.isVerified = true }
        case .roundBegan(let epoch, _, _): rounds.noteBegin(epoch, line)
        case .roundCommitted(let epoch), .roundEnded(let epoch, _): rounds.noteEnd(epoch, line)
        case .epochSeen(let process, let incarnation, let epoch): epochs.note(process, incarnation, epoch, line.number)
        case .replicaHash(let process, let logIndex, let hash): replicas.note(process, logIndex, hash, line.number)
        case .healed(let boundNs): healed = Healed(timeNs: line.timeNs, line: line.number, boundNs: boundNs)
        case .note: break
        }
    }

    /// - Parameter lastNs: The highest time in the history.
    func judge(lastNs: Int64, _ judgement: inout Judgement) {
        for (id, fault) in faults.sorted(by: { $0.value.beginLine < $1.value.beginLine }) {
            if !fault.isVerified {
                judgement.problems.add(.faultNotVerified, lines: [fault.beginLine]) {
                    "fault \(id), \(fault.name), was never seen to work"
                }
            }
            if !fault.hasEnded {
                judgement.problems.add(.faultNotEnded, lines: [fault.beginLine]) {
                    "fault \(id), \(fault.name), has no end"
                }
            }
        }
        rounds.judge(healed, lastNs: lastNs, &judgement)
        epochs.judge(&judgement)
        replicas.judge(&judgement)
    }
}
