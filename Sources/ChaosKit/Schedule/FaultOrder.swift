// A fault as a schedule has it: what, to whom, for how long.

/// What can be done to a process. More kinds come with the rooms that can do them.
public enum FaultKind: String, Codable, Sendable, CaseIterable {
    /// SIGKILL, and a new start after a while.
    case kill
    /// SIGSTOP, and SIGCONT after a while: a zombie, if it lasts.
    case pause
    /// SIGTERM, so that it ends in order, and a new start.
    case restart
    /// SIGKILL to every coordinator and worker at once.
    case killAll = "kill-all"
    /// SIGKILL each time that it has come up again, a few times in a row.
    case crashLoop = "crash-loop"
    /// A coordinator's disk has no room.
    case diskFull = "disk-full"
    /// Each synchronous write of a coordinator takes longer.
    case diskSlow = "disk-slow"
    /// Synchronous writes of a coordinator fail.
    case diskFailing = "disk-failing"
    /// SIGKILL, and behind the log's last write a half of another, as a power cut leaves it.
    case tornTail = "torn-tail"
    /// SIGKILL, and the coordinator's directory is gone.
    case lostData = "lost-data"
    /// The wall clock of a process is set.
    case clockJump = "clock-jump"
    /// All clocks of a process run fast or slow.
    case clockDrift = "clock-drift"
    /// Others take the CPU that a process is bound to.
    case cpuStarve = "cpu-starve"
    /// All on the target's links takes longer.
    case delay
    /// The target's links carry less.
    case bandwidth
    /// Nothing passes between the target and the others.
    case partition
    /// Nothing passes one way.
    case oneWay = "one-way"
    /// A partition of the leader from everybody.
    case isolate
    /// Connections carry nothing any more, and neither end is told.
    case halfOpen = "half-open"
    /// Connections are reset.
    case reset
    /// What a client sent comes after the client has sent it again.
    case lateResend = "late-resend"
    /// Packets are lost, overtaken or there twice.
    case loss, reorder, duplicate
}

extension FaultKind {
    /// How often it ends each of its targets by SIGKILL.
    var kills: Int {
        switch self {
        case .kill, .killAll, .tornTail, .lostData: 1
        case .crashLoop: RunLimits.crashLoopKills
        case .pause, .restart, .diskFull, .diskSlow, .diskFailing, .clockJump, .clockDrift, .cpuStarve, .delay,
            .bandwidth,
            .partition, .oneWay, .isolate, .halfOpen, .reset, .lateResend, .loss, .reorder, .duplicate:
            0
        }
    }
}

/// Of what role a target is chosen.
public enum TargetRole: String, Codable, Sendable, CaseIterable {
    case workers
    /// The coordinator that leads when the fault begins.
    case leader
    case coordinators
    /// Whoever keeps what was acknowledged: every coordinator; of another system, its servers.
    case servers
    case clients
    /// Every coordinator and worker.
    case everything
}

/// One fault.
public struct FaultOrder: Codable, Equatable, Sendable {
    /// The number of the fault in the history.
    public var id: Int64
    public var kind: FaultKind
    public var target: FaultTarget
    /// From its beginning to its healing.
    public var lastsNs: Int64
    /// Of the kinds that need them.
    public var disk: DiskShape?
    public var clock: ClockShape?
    public var cpu: CPUShape?
    /// Of a fault of the network.
    public var network: NetworkShape?

    public init(id: Int64, kind: FaultKind, target: FaultTarget, lastsNs: Int64, network: NetworkShape? = nil) {
        self.id = id
        self.kind = kind
        self.target = target
        self.lastsNs = lastsNs
        self.network = network
    }
}

/// Whom a fault meets. Which processes there are is known only when it begins, so a schedule says how to choose.
public enum FaultTarget: Equatable, Sendable {
    /// The one at this place among those of the role that are well, in the order of their names, counted round and round.
    case any(TargetRole, pick: Int)
    /// A process by its name, or several with commas between.
    case named(String)
}

extension FaultTarget: Codable {
    private enum CodingKeys: String, CodingKey {
        case role, pick, name
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let name = try container.decodeIfPresent(String.self, forKey: .name) {
            self = .named(name)
        } else {
            let pick = try container.decodeIfPresent(Int.self, forKey: .pick) ?? 0
            self = .any(try container.decode(TargetRole.self, forKey: .role), pick: pick)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .any(let role, let pick):
            try container.encode(role, forKey: .role)
            try container.encode(pick, forKey: .pick)
        case .named(let name): try container.encode(name, forKey: .name)
        }
    }
}
