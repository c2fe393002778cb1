// What a run is made of: everything that its flags say, and with the seed all that its schedule depends on.

/// The settings of a run. Written in schedule.json and run.json, so that a replay has the same.
public struct RunSettings: Codable, Equatable, Sendable {
    /// Workers at the beginning; resizes go up and down around it.
    public var workers = 4
    public var coordinators = 3
    /// Coordinators that keep the log on disk; 0 keeps it in the memory of one.
    public var replicas = 3
    /// Processes that put load on the cluster.
    public var clients = 4
    /// Keys in use at a time.
    public var keys = 1000
    public var load = LoadSettings()
    /// From the beginning of the load to the healing of everything.
    public var durationNs: Int64 = 30_000_000_000
    /// 0: no resizes.
    public var resizeEveryNs: Int64 = 2_000_000_000
    public var resize = ResizeKind.handoff
    /// Expected SIGKILLs a second.
    public var killRate = 0.5
    public var killTargets: [TargetRole] = [.workers, .leader, .coordinators, .clients]
    public var restartAfterNs: Int64 = 500_000_000
    public var faults: [FaultKind] = [.kill]
    /// Expected faults a second of each kind but `kill`, which has a rate of its own.
    public var faultRate = 0.1
    public var during = FaultWindow.any
    public var slots = 4096
    /// nil: as the faults need it.
    public var network: NetworkMode?

    public init() {}

    /// What is not possible, for a person; nil where all is.
    public var mistake: String? {
        func outside(_ flag: String, _ value: some Comparable, _ limits: String) -> String {
            "--\(flag) is \(value); possible is \(limits)"
        }
        if !(1...RunLimits.workersMax).contains(workers) {
            return outside("workers", workers, "1 to \(RunLimits.workersMax)")
        }
        if ![1, 3, 5].contains(coordinators) { return outside("coordinators", coordinators, "1, 3 or 5") }
        if replicas != coordinators, !(replicas == 0 && coordinators == 1) {
            return
                "--replicas is \(replicas) with \(coordinators) coordinators; possible is as many, or 0 (memory only) with 1"
        }
        if !(1...RunLimits.clientsMax).contains(clients) {
            return outside("clients", clients, "1 to \(RunLimits.clientsMax)")
        }
        if !(1...RunLimits.keysMax).contains(keys) { return outside("keys", keys, "1 to \(RunLimits.keysMax)") }
        if let rate = load.perSecond, !(rate > 0 && rate <= RunLimits.jobsPerSecondMax) {
            return outside("rate", rate, "above 0 and up to \(RunLimits.jobsPerSecondMax), or max")
        }
        if !(0...1).contains(load.readShare) { return outside("read-share", load.readShare, "0 to 1") }
        if !(100_000_000...RunLimits.durationNsMax).contains(durationNs) {
            return "--duration is out of range; possible is 100ms to \(RunLimits.durationNsMax / 1_000_000_000)s"
        }
        if resizeEveryNs != 0, resizeEveryNs < 50_000_000 {
            return "--resize-every is too short; possible is 50ms, or 0"
        }
        if !(0...RunLimits.faultsPerSecondMax).contains(killRate) {
            return outside("kill-rate", killRate, "0 to \(RunLimits.faultsPerSecondMax)")
        }
        if !(0...RunLimits.faultsPerSecondMax).contains(faultRate) {
            return outside("fault-rate", faultRate, "0 to \(RunLimits.faultsPerSecondMax)")
        }
        if let mistake = machineFaultMistake(of: faults) { return mistake }
        if killRate > 0, killTargets.isEmpty { return "--kill-targets names nobody, and --kill-rate is \(killRate)" }
        if let mistake = (network ?? .auto).mistake(for: faults) { return "--faults " + mistake }
        if during == .resize, resizeEveryNs == 0 { return "--during resize needs resizes, and --resize-every is 0" }
        return nil
    }
}

/// What the clients ask for.
public struct LoadSettings: Codable, Equatable, Sendable {
    /// Jobs and reads a second of all clients together, whether the cluster keeps up or not; nil: each lane asks again as soon
    /// as it has been answered.
    public var perSecond: Double? = 2000
    public var spacing = Spacing.poisson
    /// The share of reads among the operations.
    public var readShare = 0.2
    /// Of a load without a rate: operations that each client has under way.
    public var lanes = 64
    /// How long a client waits for an answer.
    public var timeoutNs: Int64 = 10_000_000_000

    public enum Spacing: String, Codable, Sendable, CaseIterable {
        case poisson, fixed
    }
}

public enum ResizeKind: String, Codable, Sendable, CaseIterable {
    case handoff, barrier
}

/// When faults are to begin.
public enum FaultWindow: String, Codable, Sendable, CaseIterable {
    case any
    /// Only while a resize is likely to be under way.
    case resize
}
