// What every fault can do. A fault that has not been seen to work does not count: it is an error of the run.

/// A kind of fault on processes that were chosen.
///
/// Faults on other things than processes (packets, disks, clocks) are further types of this kind: they are made by
/// `Faults.fault(_:on:)`, and the conductor knows them only by these two calls.
protocol Fault: Sendable {
    /// Applies it. Returns once it has been seen to work.
    /// - Returns: Whom it met. A process that ended in order at that very moment was not met.
    /// - Throws: `FaultFailure`, naming what was not seen.
    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName]
    /// Ends it. Returns once that has been seen: the process is up again, the packets flow.
    func heal(in cluster: RunningCluster) async throws(FaultFailure)
}

/// Why a fault was not applied, or not healed.
struct FaultFailure: Error {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

enum Faults {
    /// The fault that an order means, on whom it meets.
    static func fault(_ order: FaultOrder, on targets: [NodeName]) -> any Fault {
        switch order.kind {
        case .kill, .killAll: KillFault(targets: targets)
        case .pause: PauseFault(targets: targets)
        case .restart: RestartFault(targets: targets)
        case .crashLoop: CrashLoopFault(targets: targets)
        case .diskFull: DiskFullFault(targets: targets)
        case .diskSlow, .diskFailing: DiskFault(targets: targets, delayNs: order.disk?.delayNs)
        case .tornTail: TornTailFault(targets: targets, share: order.disk?.tornShare ?? 0.5)
        case .lostData: LostDataFault(targets: targets)
        case .clockJump, .clockDrift: ClockFault(targets: targets, shape: order.clock ?? ClockShape())
        case .cpuStarve: StarveFault(targets: targets, spinners: order.cpu?.spinners ?? 1)
        case .reset: ResetFault(order: order, targets: targets)
        case .halfOpen: HalfOpenFault(order, targets: targets)
        case .lateResend: LateResendFault(order: order, targets: targets)
        case .delay, .bandwidth, .partition, .oneWay, .isolate, .loss, .reorder, .duplicate:
            LinkFault(order, targets: targets)
        }
    }
}

extension RunningCluster {
    /// Starts what is still to run; all at once, as after a power failure.
    func startAgain(_ targets: [NodeName]) async throws(FaultFailure) {
        let failures = await withTaskGroup(of: String?.self) { group in
            for target in targets where isWanted(target) {
                group.addTask {
                    do throws(RunError) {
                        try await self.start(target)
                        return nil
                    } catch {
                        return error.description
                    }
                }
            }
            var failures: [String] = []
            for await failure in group { if let failure { failures.append(failure) } }
            return failures
        }
        guard failures.isEmpty else { throw FaultFailure(failures.joined(separator: "; ")) }
    }
}
