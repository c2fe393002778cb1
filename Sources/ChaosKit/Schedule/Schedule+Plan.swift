// From settings and a seed to the steps of a run. Pure: the same for the same.

import Foundation

extension Schedule {
    /// Plans a run. O(steps log steps).
    public init(planning settings: RunSettings, seed: UInt64) {
        var plan = Planner(settings: settings, seed: seed)
        plan.addResizes()
        plan.addFaults()
        self.init(seed: seed, settings: settings, steps: plan.finished)
    }
}

private struct Planner {
    private let settings: RunSettings
    private let seed: UInt64
    private var steps: [Schedule.Step] = []
    private var resizes: [Int64] = []

    init(settings: RunSettings, seed: UInt64) {
        self.settings = settings
        self.seed = seed
    }

    /// The steps in order of time, the faults numbered in it from 1.
    var finished: [Schedule.Step] {
        var ordered = steps.sorted { $0.atNs < $1.atNs }
        var id: Int64 = 0
        for place in ordered.indices {
            guard case .fault(var fault) = ordered[place].action else { continue }
            id += 1
            fault.id = id
            ordered[place].action = .fault(fault)
        }
        return ordered
    }

    /// A resize at every interval, up or down, never to the number that there is.
    mutating func addResizes() {
        guard settings.resizeEveryNs > 0 else { return }
        var random = RandomSource(seed: seed, stream: 1)
        let lowest = max(1, settings.workers - RunLimits.resizeSpread)
        let highest = min(RunLimits.workersMax, settings.workers + RunLimits.resizeSpread)
        var present = settings.workers
        var atNs = settings.resizeEveryNs
        while atNs < settings.durationNs {
            var next = Int.random(in: lowest..<highest, using: &random)
            if next >= present { next += 1 }
            let order = ResizeOrder(workers: next, pick: random.pick())
            steps.append(Schedule.Step(atNs: atNs, .resize(order)))
            resizes.append(atNs)
            present = next
            atNs += settings.resizeEveryNs
        }
    }

    mutating func addFaults() {
        for (place, kind) in FaultKind.allCases.enumerated() where settings.faults.contains(kind) {
            let rate = kind == .kill ? settings.killRate : settings.faultRate
            guard rate > 0 else { continue }
            var random = RandomSource(seed: seed, stream: 100 + UInt64(place))
            for atNs in times(rate: rate, &random) {
                let target = target(of: kind, &random)
                var order = FaultOrder(id: 0, kind: kind, target: target, lastsNs: lasts(kind, atNs, &random))
                order.drawMachineShape(&random)
                order.network = kind.plannedShape(&random)
                steps.append(Schedule.Step(atNs: atNs, .fault(order)))
            }
        }
    }

    /// The events of a Poisson process of `rate` a second: over the whole run, or, for faults during resizes alone, as many
    /// in the windows that resizes open.
    private func times(rate: Double, _ random: inout RandomSource) -> [Int64] {
        switch settings.during {
        case .any: return Self.poisson(perSecond: rate, from: 0, to: settings.durationNs, &random)
        case .resize:
            let window = min(RunLimits.resizeWindowNs, settings.resizeEveryNs)
            let density = rate * Double(settings.resizeEveryNs) / Double(window)
            return resizes.flatMap { begin in
                Self.poisson(perSecond: density, from: begin, to: min(begin + window, settings.durationNs), &random)
            }
        }
    }

    private static func poisson(
        perSecond rate: Double,
        from begin: Int64,
        to end: Int64,
        _ random: inout RandomSource
    ) -> [Int64] {
        var times: [Int64] = []
        var time = Double(begin) + random.interval(perUnit: rate) * 1e9
        while time < Double(end) {
            times.append(Int64(time))
            time += random.interval(perUnit: rate) * 1e9
        }
        return times
    }

    private func target(of kind: FaultKind, _ random: inout RandomSource) -> FaultTarget {
        let pick = random.pick()
        guard kind != .killAll else { return .any(.everything, pick: 0) }
        if let target = kind.plannedNetworkTarget(settings, pick: pick, &random) { return target }
        let roles = kind.roles(of: settings.killTargets.isEmpty ? [.workers] : settings.killTargets)
        return .any(roles[Int.random(in: 0..<roles.count, using: &random)], pick: pick)
    }

    private func lasts(_ kind: FaultKind, _ atNs: Int64, _ random: inout RandomSource) -> Int64 {
        if let range = RunLimits.lastsNs(of: kind) {
            return random.magnitude(in: range, atMost: settings.durationNs / 4)
        }
        if kind.isOfNetwork { return kind.plannedNetworkNs(durationNs: settings.durationNs, &random) }
        guard kind == .pause else { return settings.restartAfterNs }
        // Evenly over the orders of magnitude; a pause that outlasts a quarter of the run would leave little of it.
        let lowest = RunLimits.pauseNs.lowerBound
        let highest = max(lowest, min(RunLimits.pauseNs.upperBound, settings.durationNs / 4))
        return Int64(Double(lowest) * pow(Double(highest) / Double(lowest), random.fraction()))
    }
}

extension RandomSource {
    /// Chooses one of however many there will be.
    fileprivate mutating func pick() -> Int { Int(next() % 1_000_000) }
}
