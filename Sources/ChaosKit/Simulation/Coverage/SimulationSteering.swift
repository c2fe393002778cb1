// Where a seed's faults are steered to, by what the seeds before it reached.

import Ringmaster

/// Strikes at fault points that few seeds came to. A function of the seed and of what was reached before: the same seeds in the same
/// order get the same strikes, and each run says which it got, so that it can be had again without the others.
struct SimulationSteering {
    /// A run gets so many strikes, each at one of so many of the rarest points.
    private static let strikesPerSeed = 2
    private static let rarestCount = 12

    /// Orders for a seed, such as `worker.phase2.loaded:kill@2`.
    static func strikes(seed: UInt64, _ coverage: SimulationCoverage) -> [String] {
        var random = RandomSource(seed: seed, stream: 5)
        let seeds = FaultPoint.allCases.map { coverage.count(of: CoverageItem.point($0)).seeds }
        let rarest = zip(FaultPoint.allCases, seeds).enumerated()
            .sorted { ($0.element.1, $0.offset) < ($1.element.1, $1.offset) }
            .prefix(rarestCount).map(\.element.0)
        return (0..<strikesPerSeed).map { _ in
            let point = random.choice(Array(rarest))
            let action = random.choice([.kill, .kill, .pause(.milliseconds(700))] as [FaultPointOrder.Action])
            return "\(FaultPointOrder(point, action, occurrence: random.choice([1, 1, 2, 3])))"
        }
    }
}

/// Simulations one after the other, each steered by those before, where that is asked for.
public struct SimulationSeries {
    private let planted: PlantedBug?
    /// Of every one of them.
    private let strikes: [String]
    private let isSteered: Bool
    private let isCovered: Bool
    private let isQuick: Bool
    public private(set) var coverage = SimulationCoverage()

    public init(
        planted: PlantedBug? = nil,
        strikes: [String] = [],
        isSteered: Bool = false,
        isCovered: Bool = false,
        isQuick: Bool = false
    ) {
        self.planted = planted
        self.strikes = strikes
        self.isSteered = isSteered
        self.isCovered = isCovered
        self.isQuick = isQuick
    }

    /// The plan of a seed, and the command that runs it once more.
    public func next(seed: UInt64) -> (plan: SimulationPlan, again: String) {
        let orders = strikes + (isSteered ? SimulationSteering.strikes(seed: seed, coverage) : [])
        var plan = isQuick ? SimulationPlan.quick(seed: seed) : .drawn(seed: seed)
        plan.planted = planted
        for order in orders { plan.strike(order) }
        let options =
            orders.map { " --strike \($0)" } + (planted.map { [" --planted \($0.rawValue)"] } ?? [])
            + (isQuick ? [" --quick"] : [])
        return (plan, "chaos simulate --seeds \(seed)\(options.joined())")
    }

    /// Runs a plan, and counts what it reaches where that is asked for.
    public mutating func run(_ plan: SimulationPlan, print: ((String) -> Void)? = nil) throws -> Simulation.Result {
        let simulation = Simulation(plan, print: print)
        let counter = isCovered || isSteered ? CoverageCounter() : nil
        simulation.cluster.coverage = counter
        var result = try simulation.run()
        if let counter {
            result.coverage = counter.coverage
            coverage.add(counter.coverage)
        }
        return result
    }
}

extension SimulationPlan {
    /// Has whoever comes to the order's fault point struck there, from the beginning of the load on. One that cannot be read is
    /// passed over: whoever gave it has checked it.
    mutating func strike(_ text: String) {
        guard let order = try? FaultPointOrder(parsing: text) else { return }
        var step = SimulationStep(number: steps.count + 1, atNs: 0, lastsNs: Self.deadNs, pick: 0, kind: .killAtPoint)
        if case .pause(let time) = order.action {
            step.kind = .pauseAtPoint
            step.lastsNs = time?.nanosecondsClamped ?? Self.deadNs
        }
        step.point = order.point.rawValue
        step.occurrence = order.occurrence
        steps.append(step)
    }

    private static let deadNs: Int64 = 300_000_000
}
