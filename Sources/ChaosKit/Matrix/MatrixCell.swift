// One cell of the matrix: who is struck, at which step, how, in which kind of resize, and what brings the step about.

import Ringmaster

/// The part that the struck process plays.
public enum MatrixRole: String, CaseIterable, Sendable {
    case joining, leaving, staying, leader, follower, client
}

/// What makes the process come to the step.
public enum MatrixTrigger: String, CaseIterable, Sendable {
    /// A worker joins.
    case join
    /// A worker leaves in order.
    case leave
    /// A worker is killed: the recovery.
    case death
    /// Nothing but the load.
    case load
    /// A coordinator writes a snapshot.
    case snapshot
    /// A client comes and goes.
    case session
    /// The leader is killed.
    case leaderDeath = "leader-death"
    /// The leader is stopped until another leads.
    case leaderPause = "leader-pause"
    /// The process is stopped until its lease is over.
    case workerPause = "worker-pause"
    /// The process is killed and started again.
    case restart
    /// The client is told to end.
    case end
}

/// How it is struck.
public enum MatrixStrike: String, CaseIterable, Sendable {
    case kill, pause
}

public struct MatrixCell: Equatable, Sendable, CustomStringConvertible {
    public let role: MatrixRole
    public let point: FaultPoint
    public let trigger: MatrixTrigger
    public let mode: ResizeMode
    public let strike: MatrixStrike

    public var description: String {
        "\(modeName) \(role.rawValue) \(point.rawValue) \(trigger.rawValue) \(strike.rawValue)"
    }

    /// Whether the step is one of a job or read, which a leaver takes only until its gates close.
    var isServedWhileLeaving: Bool {
        let steps = ["worker.job.", "worker.deltas.", "worker.reply.", "worker.read."]
        return role == .leaving && steps.contains { point.rawValue.hasPrefix($0) }
    }

    public var modeName: String { mode == .barrier ? "barrier" : "handoff" }
}

/// All cells, and why the others are none.
public enum MatrixPlan {
    /// Each role with each step that it takes, in each kind of resize, with each strike.
    public static let cells: [MatrixCell] = [ResizeMode.handoff, .barrier].flatMap { mode in
        FaultPoint.allCases.flatMap { point in
            MatrixRole.allCases.flatMap { role in
                triggers(of: point, for: role, mode).flatMap { trigger in
                    MatrixStrike.allCases.map {
                        MatrixCell(role: role, point: point, trigger: trigger, mode: mode, strike: $0)
                    }
                }
            }
        }
    }

    /// A few of the cells, the same each time, in their order.
    public static func sample(_ count: Int, of cells: [MatrixCell]) -> [MatrixCell] {
        var random = RandomSource(seed: 1)
        return cells.indices.shuffled(using: &random).prefix(count).sorted().map { cells[$0] }
    }

    /// How many cells are tried in half a minute.
    public static let quickCount = 16

    /// What brings a process of that role to the step; nothing where it never takes it.
    static func triggers(of point: FaultPoint, for role: MatrixRole, _ mode: ResizeMode) -> [MatrixTrigger] {
        switch role {
        case .joining: isOfWorker(point) ? joining(point) : []
        case .leaving: isOfWorker(point) ? leaving(point) : []
        case .staying: isOfWorker(point) ? staying(point) : []
        case .leader: leader(point)
        case .follower: follower(point)
        case .client: client(point)
        }
    }

    private static func isOfWorker(_ point: FaultPoint) -> Bool { point.rawValue.hasPrefix("worker.") }

    private static func joining(_ point: FaultPoint) -> [MatrixTrigger] {
        switch point {
        // It loses nothing, is no member before, and takes part in no death's round but as one who stays.
        case .workerSlotsDropped, .workerLeaveSending, .workerLeaveSent, .workerLeaveReleased, .workerLeaseExpired,
            .workerLifeRenewed, .workerLookUpSending, .workerLookUpAnswered:
            []
        default: [.join]
        }
    }

    private static func leaving(_ point: FaultPoint) -> [MatrixTrigger] {
        switch point {
        // It gains nothing, and is a member already.
        case .workerLeaderFound, .workerJoinSending, .workerJoinSent, .workerJoinAnswered, .workerLeaseExpired,
            .workerLifeRenewed, .workerPhase2Received, .workerChunkSending, .workerChunkSent, .workerChunkReceived,
            .workerPhase2Loaded, .workerPhase2AnswerSent, .workerSlotsReopened, .workerLookUpSending,
            .workerLookUpAnswered:
            []
        // Its gates are closed: it begins no job.
        case .workerJobRun, .workerDeltasSending: []
        // It is released, and ends, before the notice of the round reaches it.
        case .workerViewReceived, .workerViewAdopted, .workerPhase3Received, .workerPhase3AnswerSent,
            .workerSlotsDropped:
            []
        default: [.leave]
        }
    }

    private static func staying(_ point: FaultPoint) -> [MatrixTrigger] {
        switch point {
        case .workerJoinSending, .workerJoinSent, .workerJoinAnswered, .workerLeaseExpired, .workerLifeRenewed:
            [.workerPause]
        case .workerLeaveSending, .workerLeaveSent, .workerLeaveReleased: []
        case .workerLeaderFound: [.leaderDeath]
        case .workerPhase1Received, .workerPhase1Drained, .workerPhase1AnswerSent, .workerSlotsDropped: [.join]
        case .workerPhase2Received, .workerChunkSending, .workerChunkSent, .workerChunkReceived, .workerPhase2Loaded,
            .workerPhase2AnswerSent, .workerSlotsReopened:
            [.leave, .death]
        case .workerViewReceived, .workerViewAdopted, .workerPhase3Received, .workerPhase3AnswerSent:
            [.join, .leave, .death]
        case .workerLookUpSending, .workerLookUpAnswered: [.death]
        default: [.load]
        }
    }

    private static func leader(_ point: FaultPoint) -> [MatrixTrigger] {
        switch point {
        case .coordinatorSteppedDown: [.leaderPause]
        case .coordinatorRaftSending, .coordinatorRaftSent, .coordinatorRaftReceived, .coordinatorHeartbeatReceived,
            .coordinatorLeaseGranted, .coordinatorLeaseSent, .coordinatorDeltasReceived, .coordinatorDeltasProposed,
            .coordinatorEntryLogged, .coordinatorDeltasAnswering, .coordinatorDeltasAnswered:
            [.load]
        case .coordinatorSnapshotBegun, .coordinatorSnapshotEncoded, .coordinatorSnapshotWritten: [.snapshot]
        case .coordinatorJoinReceived, .coordinatorJoinAnswerSent: [.join]
        case .coordinatorLeaveReceived, .coordinatorLeaveAnswerSent: [.leave]
        case .coordinatorWorkerLost: [.death]
        case .coordinatorSessionReceived, .coordinatorSessionOpened, .coordinatorSessionClosing,
            .coordinatorSessionClosed:
            [.session]
        // A leader has been elected and has loaded its log before it is one.
        case .coordinatorLogLoaded, .coordinatorElected, .coordinatorOfficeTaken, .coordinatorSnapshotRestored: []
        default: point.rawValue.hasPrefix("coordinator.") ? [.join, .death] : []
        }
    }

    private static func follower(_ point: FaultPoint) -> [MatrixTrigger] {
        switch point {
        case .coordinatorLogLoaded, .coordinatorSnapshotRestored: [.restart]
        case .coordinatorElected, .coordinatorOfficeTaken: [.leaderDeath]
        case .coordinatorRaftSending, .coordinatorRaftSent, .coordinatorRaftReceived, .coordinatorEntryLogged: [.load]
        case .coordinatorSnapshotBegun, .coordinatorSnapshotEncoded, .coordinatorSnapshotWritten: [.snapshot]
        case .coordinatorIntentLogged, .coordinatorCommitLogged, .coordinatorViewPublishing, .coordinatorViewSent:
            [.join]
        default: []
        }
    }

    private static func client(_ point: FaultPoint) -> [MatrixTrigger] {
        switch point {
        case .clientSessionSending, .clientSessionSent, .clientSessionOpened: [.session]
        case .clientSessionEndSending, .clientSessionEndSent: [.end]
        case .clientViewAdopted: [.join]
        case .clientRequestSending, .clientRequestSent, .clientRequestAnswered: [.load]
        case .clientRequestResending: [.death]
        default: []
        }
    }
}
