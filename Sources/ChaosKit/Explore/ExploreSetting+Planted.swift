// In which small cluster each planted mistake of the cores shows: the smallest that was found.

import RingmasterProtocol

extension ExploreSetting {
    /// A cluster in which the mistake breaks a promise; nil for one that lives outside the cores, or that no state of one log
    /// can show.
    public static func revealing(_ bug: PlantedBug) -> ExploreSetting? {
        var setting = ExploreSetting()
        (setting.crashes, setting.restarts, setting.leaderChanges, setting.silences, setting.copies) = (0, 0, 0, 0, 0)
        setting.planted = bug
        switch bug {
        case .staleBaseAccepted, .onlyNewestReplyKept, .newestReplyRepeated: setting.copies = 1
        case .noSessionTable, .duplicateDeltaApplied: (setting.jobs, setting.copies) = (1, 1)
        case .expiredSessionRevived: (setting.jobs, setting.copies, setting.expiries) = (1, 1, 1)
        case .repliesLostInSnapshot: (setting.jobs, setting.copies, setting.leaderChanges) = (1, 1, 1)
        case .staleOwnerAccepted, .fencedAccepted, .epochReused: (setting.jobs, setting.silences) = (1, 1)
        case .oldLifeAccepted: (setting.joins, setting.jobs, setting.crashes, setting.restarts) = (0, 1, 1, 1)
        case .commitWithoutBarrier, .handOverBeforeDrain, .gateReopenedEarly, .oldEpochServed, .staleViewAccepted:
            setting.jobs = 1
        case .deadMemberAwaited: (setting.jobs, setting.crashes) = (0, 1)
        case .gatesLeftClosed: (setting.members, setting.jobs, setting.crashes) = (1, 1, 1)
        case .intentNotDriven, .intentLostInSnapshot:
            (setting.members, setting.jobs, setting.crashes, setting.leaderChanges) = (1, 1, 1, 1)
        default: return nil
        }
        return setting
    }
}
