// The nemesis of a simulated run: faults that are verified and healed, rounds that end, epochs that grow, replicas that agree.

import ChaosKit
import RingmasterProtocol

struct SimulatedNemesis {
    /// The bound that its `healed` gives.
    static let boundNs: Int64 = 1_000_000

    private var nextFault: Int64 = 1
    private var faults: [FaultID] = []
    private var epoch: UInt64 = 0
    private var round: Epoch?
    private var seen: [String: UInt64] = [:]
    private var logIndex: Int64 = 0

    /// The next event; nil where it does nothing.
    mutating func event(_ random: inout SplitMix64) -> NemesisEvent? {
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            let fault = FaultID(nextFault)
            nextFault += 1
            faults.append(fault)
            return .faultBegan(fault, kind: "kill", target: "worker-\(fault)", isVerified: random.chance(0.5))
        case 1: return faults.popLast().map { .faultEnded($0, isVerified: true) }
        case 2:
            // The round before may be superseded.
            epoch += UInt64.random(in: 1...2, using: &random)
            round = Epoch(epoch)
            return .roundBegan(Epoch(epoch), mode: "handoff", members: ["worker-1", "worker-\"2\""])
        case 3:
            defer { round = nil }
            return round.map { random.chance(0.5) ? .roundCommitted($0) : .roundEnded($0, outcome: "committed") }
        case 4:
            let process = "worker-\(Int.random(in: 1...2, using: &random))"
            let from = seen[process] ?? 0
            seen[process] = max(from, epoch)
            return .epochSeen(process: process, incarnation: 1, Epoch(max(from, epoch)))
        default:
            logIndex += Int64.random(in: 0...1, using: &random)
            let process = "coordinator-\(Int.random(in: 1...3, using: &random))"
            return .replicaHash(process: process, logIndex: logIndex, hash: String(logIndex &* 7_919, radix: 16))
        }
    }

    /// Ends everything that is on, and gives the event that says so.
    mutating func heal(_ nowNs: Int64, put: (HistoryEvent) -> Void) -> NemesisEvent {
        for fault in faults { put(HistoryEvent(timeNs: nowNs, .nemesis(.faultEnded(fault, isVerified: true)))) }
        if let round { put(HistoryEvent(timeNs: nowNs, .nemesis(.roundCommitted(round)))) }
        return .healed(boundNs: Self.boundNs)
    }
}
