// What the run did to the system, and what it saw of it beside its jobs: the lines of the process "nemesis".

import RingmasterProtocol

/// An event of the process "nemesis". Its line has the type `info`, `f` as below, and an object as `value`.
public enum NemesisEvent: Equatable, Sendable {
    /// `fault-begin`. A fault was applied; `isVerified` when it was then already seen to work.
    case faultBegan(FaultID, kind: String, target: String, isVerified: Bool)
    /// `fault-end`. It was healed: the process runs again, the packets flow. `isVerified` when it had been seen to work.
    case faultEnded(FaultID, isVerified: Bool)
    /// `resize-begin`. The intent of a round was logged.
    case roundBegan(Epoch, mode: String, members: [String])
    /// `resize-commit`. The new view was committed.
    case roundCommitted(Epoch)
    /// `resize-end`. The round was closed, or given up.
    case roundEnded(Epoch, outcome: String)
    /// `epoch`. A process worked with the view of this epoch. A process that starts anew without a memory is a new
    /// incarnation.
    case epochSeen(process: String, incarnation: Int64, Epoch)
    /// `replica-hash`. The hash of a coordinator's state right after it applied the log's entry of this index.
    case replicaHash(process: String, logIndex: Int64, hash: String)
    /// `healed`. All faults are over. Service is to be back, and all rounds are to be over, `boundNs` later at most.
    case healed(boundNs: Int64?)
    /// Any other `f`: a note for people, which the checker passes over. `json` is the text of its value.
    case note(String, json: String)

    /// `f` on the line.
    public var function: String {
        switch self {
        case .faultBegan: "fault-begin"
        case .faultEnded: "fault-end"
        case .roundBegan: "resize-begin"
        case .roundCommitted: "resize-commit"
        case .roundEnded: "resize-end"
        case .epochSeen: "epoch"
        case .replicaHash: "replica-hash"
        case .healed: "healed"
        case .note(let function, _): function
        }
    }
}

/// The number of a fault: `fault-begin` and `fault-end` of one fault have the same.
public struct FaultID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: Int64

    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    public init(_ number: Int64) {
        rawValue = number
    }

    public var description: String { "\(rawValue)" }
}
