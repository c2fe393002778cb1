// How strong faults of disks, clocks and CPUs are, whom they meet, and how long they last.

import Foundation

/// Of a disk that is slow, or whose last write was cut short.
public struct DiskShape: Codable, Equatable, Sendable {
    /// What each synchronous write takes more.
    public var delayNs: Int64?
    /// The share of the last write that came to be on the disk.
    public var tornShare: Double?

    public init(delayNs: Int64? = nil, tornShare: Double? = nil) {
        self.delayNs = delayNs
        self.tornShare = tornShare
    }
}

/// Of clocks that are wrong.
public struct ClockShape: Codable, Equatable, Sendable {
    /// The wall clock is set forward by so much; negative: back.
    public var jumpNs: Int64?
    /// All clocks run by so many millionths faster; negative: slower.
    public var ratePpm: Int64?

    public init(jumpNs: Int64? = nil, ratePpm: Int64? = nil) {
        self.jumpNs = jumpNs
        self.ratePpm = ratePpm
    }
}

/// Of a CPU that is shared.
public struct CPUShape: Codable, Equatable, Sendable {
    /// Processes that do nothing but take the victim's CPU.
    public var spinners: Int

    public init(spinners: Int) {
        self.spinners = spinners
    }
}

extension RunLimits {
    /// From a disk of another kind to one that outlasts several elections.
    static let diskDelayNs: ClosedRange<Int64> = 2_000_000...200_000_000
    /// Beyond, a process would not be seen to do anything within a run.
    static let diskDelayNsMax: Int64 = 10_000_000_000
    /// From a correction to a clock that was never set.
    static let clockJumpNs: ClosedRange<Int64> = 1_000_000_000...7_200_000_000_000
    /// Two clocks then differ by a tenth at most, which the margin of leases covers (`ClusterLimits.leaseMargin`).
    static let clockRatePpm: ClosedRange<Int64> = 1_000...50_000
    /// Schedules written by hand may try what is not covered.
    static let clockRatePpmMax: Int64 = 500_000
    static let spinners: ClosedRange<Int> = 1...4
    static let spinnersMax = 64

    /// How long faults of a kind last; nil: as others do.
    static func lastsNs(of kind: FaultKind) -> ClosedRange<Int64>? {
        switch kind {
        case .diskFull, .diskSlow: 500_000_000...5_000_000_000
        case .diskFailing: 100_000_000...2_000_000_000
        case .clockJump, .clockDrift: 1_000_000_000...15_000_000_000
        case .cpuStarve: 500_000_000...5_000_000_000
        default: nil
        }
    }
}

extension FaultKind {
    /// Kinds for which a process is made to find what is not there.
    static let misleading: Set<FaultKind> = [.diskSlow, .diskFailing, .clockJump, .clockDrift]
    /// Kinds of a disk, which coordinators alone have.
    static let ofDisks: Set<FaultKind> = [.diskFull, .diskSlow, .diskFailing, .tornTail, .lostData]

    /// Kinds that leave a process to others: it is killed, or its disk fails, while its clocks are wrong.
    var isOfClocks: Bool { self == .clockJump || self == .clockDrift }

    /// Of the roles that faults are to meet, those that this kind can; all that it can where there are none.
    func roles(of wanted: [TargetRole]) -> [TargetRole] {
        let possible: [TargetRole]
        switch self {
        case _ where Self.ofDisks.contains(self): possible = [.leader, .coordinators]
        // A client notes its times by its own clock.
        case .clockJump, .clockDrift, .cpuStarve: possible = [.workers, .leader, .coordinators]
        default: return wanted
        }
        let both = possible.filter(wanted.contains)
        return both.isEmpty ? possible : both
    }
}

extension FaultOrder {
    /// Draws how strong it is, where its kind needs that.
    mutating func drawMachineShape(_ random: inout RandomSource) {
        let sign: Int64 = random.next() & 1 == 0 ? 1 : -1
        switch kind {
        case .diskSlow: disk = DiskShape(delayNs: random.magnitude(in: RunLimits.diskDelayNs))
        case .tornTail: disk = DiskShape(tornShare: random.fraction())
        case .clockJump: clock = ClockShape(jumpNs: sign * random.magnitude(in: RunLimits.clockJumpNs))
        case .clockDrift: clock = ClockShape(ratePpm: sign * random.magnitude(in: RunLimits.clockRatePpm))
        case .cpuStarve: cpu = CPUShape(spinners: Int.random(in: RunLimits.spinners, using: &random))
        default: break
        }
    }

    /// What of a shape written by hand is missing or not possible, for a person; nil: nothing.
    var machineShapeMistake: String? {
        switch kind {
        case .diskSlow:
            guard let delay = disk?.delayNs, (1...RunLimits.diskDelayNsMax).contains(delay) else {
                return "disk-slow needs disk.delayNs, 1 to \(RunLimits.diskDelayNsMax)"
            }
        case .tornTail:
            guard (0...1).contains(disk?.tornShare ?? 0.5) else { return "disk.tornShare is not of 0 to 1" }
        case .clockJump:
            guard let jump = clock?.jumpNs, jump != 0, jump.magnitude < 1 << 60 else {
                return "clock-jump needs clock.jumpNs other than 0, below 2^60"
            }
        case .clockDrift:
            guard let rate = clock?.ratePpm, rate != 0, rate.magnitude <= RunLimits.clockRatePpmMax else {
                return "clock-drift needs clock.ratePpm other than 0, up to \(RunLimits.clockRatePpmMax)"
            }
        case .cpuStarve:
            guard let cpu, (1...RunLimits.spinnersMax).contains(cpu.spinners) else {
                return "cpu-starve needs cpu.spinners, 1 to \(RunLimits.spinnersMax)"
            }
        default: break
        }
        return nil
    }
}

extension RunSettings {
    /// Why faults of these kinds cannot be done to such a cluster; nil: they can.
    func machineFaultMistake(of kinds: [FaultKind]) -> String? {
        if replicas == 0, let kind = kinds.first(where: FaultKind.ofDisks.contains) {
            return "--faults \(kind.rawValue) needs a log on disk, and --replicas is 0"
        }
        if coordinators < 3, kinds.contains(.lostData) {
            return "--faults lost-data needs 3 or 5 coordinators: what the only one loses, nobody holds"
        }
        return nil
    }
}

extension Schedule {
    /// The kinds of its faults.
    public var kinds: Set<FaultKind> {
        Set(steps.compactMap { if case .fault(let order) = $0.action { order.kind } else { nil } })
    }
}

extension RandomSource {
    /// A number of the range, evenly over the orders of magnitude.
    mutating func magnitude(in range: ClosedRange<Int64>, atMost limit: Int64 = .max) -> Int64 {
        let lowest = range.lowerBound
        let highest = max(lowest, min(range.upperBound, limit))
        return Int64(Double(lowest) * pow(Double(highest) / Double(lowest), fraction()))
    }
}
