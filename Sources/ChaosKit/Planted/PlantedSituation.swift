// Which situation brings which planted bug to light.

import Ringmaster

/// How a bug is brought to light.
enum PlantedSituation {
    /// A cell of the matrix, by its line in the list.
    case cell(String)
    case trial(String, (PlantedTrial) -> () async throws -> Void)

    var name: String {
        switch self {
        case .cell(let name): name
        case .trial(let name, _): name
        }
    }

    init(of bug: PlantedBug) {
        self =
            switch bug {
            // Sessions.
            case .noSessionTable, .resendRenumbered: .cell("handoff staying worker.deltas.answered load kill")
            case .duplicateDeltaApplied: .cell("handoff leader coordinator.deltas-answer.sending load kill")
            case .onlyNewestReplyKept, .newestReplyRepeated:
                .trial("the first of two jobs is sent again", PlantedTrial.theFirstOfTwoJobsIsSentAgain)
            case .expiredSessionRevived:
                .trial("a session ends between two attempts", PlantedTrial.aSessionEndsBetweenTwoAttempts)
            case .seededHashInState, .changedOutsideTheLog:
                .trial("sessions come and go", PlantedTrial.sessionsComeAndGo)

            // Snapshots.
            case .repliesLostInSnapshot:
                .trial("a job is sent again after a restart", PlantedTrial.resendAfterASnapshot)
            case .snapshotOfOlderState:
                .trial("everything restarts from the second snapshot", PlantedTrial.restartFromTheSecondSnapshot)
            case .intentLostInSnapshot:
                .trial("a follower restarts in a round", PlantedTrial.aFollowerRestartsInARound)

            // Rounds and hand-overs.
            case .commitWithoutBarrier, .handOverBeforeDrain, .handedOverAsOfIntent, .gateReopenedEarly:
                .trial("jobs run while a round begins", PlantedTrial.jobsRunWhileARoundBegins)
            case .servedAfterFirstChunk:
                .trial("a large state changes hands", PlantedTrial.aLargeStateChangesHands)
            case .regainedSlotsNotReloaded:
                .trial("slots go away and come back", PlantedTrial.slotsGoAwayAndComeBack)
            case .deadMemberAwaited, .epochReused, .gatesLeftClosed:
                .trial("a joiner dies in phase 2 and stays dead", PlantedTrial.joinerStaysDead)
            case .intentNotDriven:
                .trial("leader and joiner die in a round", PlantedTrial.leaderAndJoinerDieInARound)
            case .staleViewAccepted: .trial("an old view comes late", PlantedTrial.oldViewComesLate)
            case .oldEpochServed: .trial("a late client asks former owners", PlantedTrial.lateClientAsksFormerOwners)

            // Workers that sleep.
            case .leaseIgnored, .readWithoutLease:
                .trial("a worker wakes up with reads in its socket", PlantedTrial.readsWaitForAZombie)
            case .leaseCountedFromAnswer:
                .trial("a worker wakes up with a lease on its way", PlantedTrial.readsWaitWithALeaseOnItsWay)
            case .leaseNotWaitedFor:
                .trial("a worker is silent for less than its lease", PlantedTrial.silenceShorterThanTheLease)
            case .twinTakenForSuccessor:
                .trial("another process comes under a worker's name", PlantedTrial.aTwinComesWithinTheLease)
            case .staleOwnerAccepted: .trial("a worker wakes up with a job that has run", PlantedTrial.zombieHasAJob)
            case .oldLifeAccepted:
                .trial("a former life wakes up with a job that has run", PlantedTrial.aFormerLifeWakesWithAJob)
            case .fencedAccepted:
                .trial("a worker wakes up with a job in the round without it", PlantedTrial.zombieWakesInTheRound)
            case .staleBaseAccepted, .replyFromRollback, .rollbackForgetsState:
                .trial("a job runs on top of one that is refused", PlantedTrial.jobOnTopOfARefusedOne)

            // Leaders.
            case .replyBeforeCommit, .uncommittedRead:
                .trial("everything dies while the leader is stopped", PlantedTrial.allDieWhileTheLeaderIsStopped)
            case .answeredBeforeQuorum, .lostProposalAcknowledged, .lostLeaderTakenForAnswer:
                .trial("the leader loses its followers", PlantedTrial.theLeaderLosesItsFollowers)
            case .voteForgotten: .trial("a voter is killed in a term", PlantedTrial.aVoterIsKilledInATerm)
            }
    }
}
