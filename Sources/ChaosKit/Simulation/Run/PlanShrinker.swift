// From a plan that fails to a small one that fails in the same way.

/// Takes steps away, and makes every number smaller, for as long as the run still fails. Source for the steps: Zeller, Hildebrandt,
/// "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28(2), 2002 (ddmin, by complements).
struct PlanShrinker {
    /// Whether a plan's run fails in the way that is looked into.
    let fails: (SimulationPlan) throws -> Bool
    /// Told of each plan that is smaller and fails.
    var progress: (SimulationPlan) -> Void = { _ in }
    /// Runs, at the most.
    var triesMax = 1000
    private(set) var tries = 0
    private var plan: SimulationPlan

    init(_ plan: SimulationPlan, fails: @escaping (SimulationPlan) throws -> Bool) {
        self.plan = plan
        self.fails = fails
    }

    /// The smallest plan that was found. None of its steps can be left out, and none of its numbers halved, unless the tries ran out.
    mutating func shrink() throws -> SimulationPlan {
        var former: SimulationPlan
        repeat {
            former = plan
            try removeSteps()
            try shrinkCluster()
            try shrinkSteps()
        } while plan != former && tries < triesMax
        return plan
    }

    /// Goes over to the plan if its run fails, too.
    private mutating func attempt(_ candidate: SimulationPlan) throws -> Bool {
        guard candidate != plan, tries < triesMax else { return false }
        tries += 1
        guard try fails(candidate) else { return false }
        plan = candidate
        progress(candidate)
        return true
    }

    // MARK: Steps

    private mutating func removeSteps() throws {
        var parts = 2
        while !plan.steps.isEmpty {
            let count = plan.steps.count
            let size = max(1, (count + parts - 1) / parts)
            var hasShrunk = false
            for begin in stride(from: 0, to: count, by: size) {
                var candidate = plan
                candidate.steps.removeSubrange(begin..<min(count, begin + size))
                if try attempt(candidate) {
                    hasShrunk = true
                    break
                }
            }
            if hasShrunk {
                parts = max(2, parts - 1)
            } else if size == 1 {
                return
            } else {
                parts = min(plan.steps.count, parts * 2)
            }
        }
    }

    /// Numbers of steps, each to what is halfway to nothing.
    private mutating func shrinkSteps() throws {
        for place in plan.steps.indices {
            try lower(\.steps[place].lastsNs, to: 0)
            try lower(\.steps[place].occurrence, to: 1)
            try lower(\.steps[place].pick, to: 0)
        }
    }

    // MARK: The cluster and its load

    private mutating func shrinkCluster() throws {
        for replicas in [0, 1, 3] where replicas < plan.replicas {
            var candidate = plan
            candidate.replicas = replicas
            if try attempt(candidate) { break }
        }
        try lower(\.workers, to: 1)
        try lower(\.clients, to: 1)
        try lower(\.lanes, to: 1)
        try lower(\.keys, to: 1)
        try lower(\.loadNs, to: 100_000_000)
        try halve(\.slots, to: 1)
        try halve(\.perSecond, to: 1)
        var candidate = plan
        candidate.driftMax = 0
        _ = try attempt(candidate)
        candidate = plan
        candidate.readShare = 0
        _ = try attempt(candidate)
        candidate = plan
        candidate.isBarrier = false
        _ = try attempt(candidate)
    }

    // MARK: Numbers

    /// The least value, or else half of what is above it, again and again.
    private mutating func lower<Number: BinaryInteger>(
        _ number: WritableKeyPath<SimulationPlan, Number>,
        to least: Number
    ) throws {
        var candidate = plan
        candidate[keyPath: number] = least
        if try attempt(candidate) { return }
        while plan[keyPath: number] > least {
            candidate = plan
            candidate[keyPath: number] = least + (plan[keyPath: number] - least) / 2
            guard try attempt(candidate) else { return }
        }
    }

    private mutating func halve(_ number: WritableKeyPath<SimulationPlan, Int>, to least: Int) throws {
        while plan[keyPath: number] / 2 >= least {
            var candidate = plan
            candidate[keyPath: number] /= 2
            guard try attempt(candidate) else { return }
        }
    }

    private mutating func halve(_ number: WritableKeyPath<SimulationPlan, Double>, to least: Double) throws {
        while plan[keyPath: number] / 2 >= least {
            var candidate = plan
            candidate[keyPath: number] /= 2
            guard try attempt(candidate) else { return }
        }
    }
}
