// The runs of a soak: each with a seed and settings of its own, all fixed by the soak's seed.

/// Draws runs. Pure.
public struct SoakPlan: Sequence, IteratorProtocol, Sendable {
    private var random: RandomSource
    /// Of each run.
    private let killRate: Double
    /// The kinds that this machine can do.
    private let kinds: [FaultKind]

    /// How long one run's faults last: long enough for many resizes, short enough that a violation is found soon after it
    /// happened, and that its history is short.
    private static let durations: [Int64] = [20, 30, 45, 60]

    public init(seed: UInt64, killRate: Double, kinds: [FaultKind] = FaultKind.allCases) {
        random = RandomSource(seed: seed, stream: 2)
        self.killRate = killRate
        self.kinds = kinds
    }

    public mutating func next() -> Schedule? {
        var settings = RunSettings()
        settings.durationNs = one(of: Self.durations) * 1_000_000_000
        settings.workers = Int.random(in: 2...6, using: &random)
        settings.coordinators = one(of: [1, 3, 3, 3, 5])
        settings.replicas = settings.coordinators
        settings.clients = Int.random(in: 1...4, using: &random)
        settings.keys = one(of: [10, 100, 1000, 5000])
        settings.load.perSecond = one(of: [200, 500, 1000, 2000])
        settings.load.readShare = one(of: [0.05, 0.2, 0.5])
        settings.load.spacing = one(of: LoadSettings.Spacing.allCases)
        settings.resizeEveryNs = one(of: [500, 1000, 2000, 2000, 5000]) * 1_000_000
        settings.resize = one(of: [.handoff, .handoff, .barrier])
        settings.killRate = killRate
        settings.restartAfterNs = one(of: [0, 100, 500, 500, 2000]) * 1_000_000
        settings.faults =
            [.kill]
            + FaultKind.allCases.filter { _ in random.next() & 1 == 0 }.filter { kind in
                kind != .kill && kind.network != .packets && kinds.contains(kind)
                    && settings.machineFaultMistake(of: [kind]) == nil
            }
        settings.faultRate = one(of: [0.05, 0.1, 0.3])
        settings.during = one(of: [.any, .any, .resize])
        settings.slots = one(of: [64, 4096])
        return Schedule(planning: settings, seed: random.next() % 1_000_000_000)
    }

    private mutating func one<Value>(of values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &random)]
    }
}
