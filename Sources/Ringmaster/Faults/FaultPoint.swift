// The steps of the protocol at which a process can be made to die or stop, by name.
//
// A name is the process's kind, what it is about and how far that is. `sending` is right before a message is handed to its
// line, `sent` when the system has it; `received` and `answered` right after a message or its answer was read; `logged` when
// an entry of the log is applied, which is after a majority has it on disk.

/// A step of the protocol. `faultPoint` stands where it is taken.
public enum FaultPoint: String, CaseIterable, Sendable {
    // Joining, and the lease.
    case workerLeaderFound = "worker.leader.found"
    case workerJoinSending = "worker.join.sending"
    case workerJoinSent = "worker.join.sent"
    case workerJoinAnswered = "worker.join.answered"
    case workerLeaseSending = "worker.lease.sending"
    case workerLeaseSent = "worker.lease.sent"
    case workerLeaseGranted = "worker.lease.granted"
    case workerLeaseExpired = "worker.lease.expired"
    case workerLifeRenewed = "worker.life.renewed"
    // A round.
    case workerPhase1Received = "worker.phase1.received"
    case workerPhase1Drained = "worker.phase1.drained"
    case workerPhase1AnswerSent = "worker.phase1-answer.sent"
    case workerPhase2Received = "worker.phase2.received"
    case workerChunkSending = "worker.chunk.sending"
    case workerChunkSent = "worker.chunk.sent"
    case workerChunkReceived = "worker.chunk.received"
    case workerPhase2Loaded = "worker.phase2.loaded"
    case workerPhase2AnswerSent = "worker.phase2-answer.sent"
    case workerViewReceived = "worker.view.received"
    case workerViewAdopted = "worker.view.adopted"
    case workerPhase3Received = "worker.phase3.received"
    case workerPhase3AnswerSent = "worker.phase3-answer.sent"
    case workerSlotsReopened = "worker.slots.reopened"
    case workerSlotsDropped = "worker.slots.dropped"
    case workerLeaveSending = "worker.leave.sending"
    case workerLeaveSent = "worker.leave.sent"
    case workerLeaveReleased = "worker.leave.released"
    // Jobs and reads.
    case workerJobReceived = "worker.job.received"
    case workerJobRun = "worker.job.run"
    case workerDeltasSending = "worker.deltas.sending"
    case workerDeltasSent = "worker.deltas.sent"
    case workerDeltasAnswered = "worker.deltas.answered"
    case workerReplySending = "worker.reply.sending"
    case workerReplySent = "worker.reply.sent"
    case workerLookUpSending = "worker.look-up.sending"
    case workerLookUpAnswered = "worker.look-up.answered"
    case workerReadReceived = "worker.read.received"
    case workerReadSent = "worker.read.sent"

    // The log.
    case coordinatorLogLoaded = "coordinator.log.loaded"
    case coordinatorElected = "coordinator.elected"
    case coordinatorOfficeTaken = "coordinator.office.taken"
    case coordinatorSteppedDown = "coordinator.stepped-down"
    case coordinatorRaftSending = "coordinator.raft.sending"
    case coordinatorRaftSent = "coordinator.raft.sent"
    case coordinatorRaftReceived = "coordinator.raft.received"
    case coordinatorSnapshotBegun = "coordinator.snapshot.begun"
    case coordinatorSnapshotEncoded = "coordinator.snapshot.encoded"
    case coordinatorSnapshotWritten = "coordinator.snapshot.written"
    case coordinatorSnapshotRestored = "coordinator.snapshot.restored"
    // Members.
    case coordinatorJoinReceived = "coordinator.join.received"
    case coordinatorJoinAnswerSent = "coordinator.join-answer.sent"
    case coordinatorLeaveReceived = "coordinator.leave.received"
    case coordinatorLeaveAnswerSent = "coordinator.leave-answer.sent"
    case coordinatorHeartbeatReceived = "coordinator.heartbeat.received"
    case coordinatorLeaseGranted = "coordinator.lease.granted"
    case coordinatorLeaseSent = "coordinator.lease.sent"
    case coordinatorWorkerLost = "coordinator.worker.lost"
    // A round.
    case coordinatorIntentProposing = "coordinator.intent.proposing"
    case coordinatorIntentProposed = "coordinator.intent.proposed"
    case coordinatorIntentLogged = "coordinator.intent.logged"
    case coordinatorPhase1Sending = "coordinator.phase1.sending"
    case coordinatorPhase1Sent = "coordinator.phase1.sent"
    case coordinatorPhase1Answered = "coordinator.phase1.answered"
    case coordinatorPhase2Sending = "coordinator.phase2.sending"
    case coordinatorPhase2Sent = "coordinator.phase2.sent"
    case coordinatorPhase2Answered = "coordinator.phase2.answered"
    case coordinatorChunkAsked = "coordinator.chunk.asked"
    case coordinatorChunkSent = "coordinator.chunk.sent"
    case coordinatorCommitProposing = "coordinator.commit.proposing"
    case coordinatorCommitProposed = "coordinator.commit.proposed"
    case coordinatorCommitLogged = "coordinator.commit.logged"
    case coordinatorViewPublishing = "coordinator.view.publishing"
    case coordinatorViewSent = "coordinator.view.sent"
    case coordinatorPhase3Sending = "coordinator.phase3.sending"
    case coordinatorPhase3Sent = "coordinator.phase3.sent"
    case coordinatorPhase3Answered = "coordinator.phase3.answered"
    case coordinatorRoundEnded = "coordinator.round.ended"
    // Deltas and sessions.
    case coordinatorDeltasReceived = "coordinator.deltas.received"
    case coordinatorDeltasProposed = "coordinator.deltas.proposed"
    case coordinatorEntryLogged = "coordinator.entry.logged"
    case coordinatorDeltasAnswering = "coordinator.deltas-answer.sending"
    case coordinatorDeltasAnswered = "coordinator.deltas-answer.sent"
    case coordinatorSessionReceived = "coordinator.session.received"
    case coordinatorSessionOpened = "coordinator.session.opened"
    case coordinatorSessionClosing = "coordinator.session-end.received"
    case coordinatorSessionClosed = "coordinator.session.closed"

    // The client.
    case clientSessionSending = "client.session.sending"
    case clientSessionSent = "client.session.sent"
    case clientSessionOpened = "client.session.opened"
    case clientSessionEndSending = "client.session-end.sending"
    case clientSessionEndSent = "client.session-end.sent"
    case clientViewAdopted = "client.view.adopted"
    case clientRequestSending = "client.request.sending"
    case clientRequestSent = "client.request.sent"
    case clientRequestResending = "client.request.resending"
    case clientRequestAnswered = "client.request.answered"

    /// Whether what was begun here leaves only at the end of the loop's turn and by another thread's hand: the process then
    /// goes on for a moment before it is struck.
    package var isAfterHandingOver: Bool { rawValue.hasSuffix(".sent") || rawValue.hasSuffix(".proposed") }
}
