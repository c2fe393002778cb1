// The search: from the first state of a small cluster through every state that it can get into, nearest first, so that the
// first broken promise has a shortest trace. docs/EXPLORE.md says what it shows and what it does not.

import RingmasterProtocol

/// What an exploration came to.
public struct ExplorationResult: Sendable {
    /// Why it ended.
    public enum End: Equatable, Sendable {
        /// Every state that can be reached was.
        case complete
        /// A promise is broken; the trace leads there.
        case violation(BrokenPromise, trace: String)
        /// There were more states than were to be explored.
        case statesExhausted
        /// It was asked to stop.
        case stopped
    }

    public let end: End
    /// Different states.
    public let states: Int
    /// Steps that were tried.
    public let steps: Int
    /// Steps from the first state to the farthest whose followers were all looked at, or to the violation.
    public let depth: Int
    /// States in which nothing is left to do.
    public let statesAtRest: Int
}

/// Breadth-first exploration of one setting, on one thread.
///
/// Memory: about 60 bytes for each state, 4 for each step, and the states of two depths whole, some KiB each.
public struct Exploration {
    private let setting: ExploreSetting
    private let statesMax: Int
    private var table = StateTable()
    /// Of each state: from which it was first reached, and by which of that one's steps.
    private var parents: [UInt32] = []
    private var choices: [UInt16] = []
    /// Of each state that was explored: where its progress leads, one after the other.
    private var successors: [UInt32] = []
    private var successorEnds: [Int] = []
    private var isAtRest: [Bool] = []
    private var steps = 0
    private var depth = 0
    private var code = StateCode()

    /// - Parameter statesMax: Most states that are explored, which bounds memory and time.
    public init(_ setting: ExploreSetting, statesMax: Int) {
        self.setting = setting
        self.statesMax = statesMax
    }

    /// Explores. `progress` is told states, depth and the states of the next depth that are known, now and then; when it
    /// answers false, the exploration ends.
    public mutating func run(
        progress: (_ states: Int, _ steps: Int, _ depth: Int) -> Bool = { _, _, _ in true }
    ) -> ExplorationResult {
        let first: SmallCluster
        do throws(BrokenPromise) {
            first = try SmallCluster(setting)
        } catch {
            return result(.violation(error, trace: ""))
        }
        _ = note(first, from: 0, choice: 0)
        var frontier = [first]
        while !frontier.isEmpty {
            var next: [SmallCluster] = []
            let firstNumber = table.count - frontier.count
            for (offset, cluster) in frontier.enumerated() {
                let number = firstNumber + offset
                if let broken = explore(cluster, number, &next) { return result(broken) }
                if table.count > statesMax { return result(.statesExhausted) }
                if number % 1024 == 0, !progress(table.count, steps, depth) { return result(.stopped) }
            }
            depth += 1
            frontier = next
        }
        if let stuck = firstStuck() {
            let reason = "from here on no step leads to where no round is under way and every job is answered"
            return result(.violation(BrokenPromise("I5", reason), trace: trace(to: stuck)))
        }
        return result(.complete)
    }

    private func result(_ end: ExplorationResult.End) -> ExplorationResult {
        ExplorationResult(
            end: end,
            states: table.count,
            steps: steps,
            depth: depth,
            statesAtRest: isAtRest.count { $0 }
        )
    }

    /// Takes each step of a state.
    private mutating func explore(
        _ cluster: SmallCluster,
        _ number: Int,
        _ next: inout [SmallCluster]
    ) -> ExplorationResult.End? {
        for (choice, step) in cluster.steps().enumerated() {
            var follower = cluster
            steps += 1
            do throws(BrokenPromise) {
                try follower.perform(step)
            } catch {
                depth += 1
                return .violation(error, trace: trace(to: number, then: step))
            }
            let (reached, isNew) = note(follower, from: number, choice: choice)
            if isNew { next.append(follower) }
            if step.isProgress, reached != number { successors.append(UInt32(reached)) }
        }
        successorEnds.append(successors.count)
        return nil
    }

    private mutating func note(_ cluster: SmallCluster, from parent: Int, choice: Int) -> (number: Int, isNew: Bool) {
        code.removeAll()
        cluster.write(into: &code)
        let (number, isNew) = table.number(of: StateDigest(of: code.bytes))
        if isNew {
            parents.append(UInt32(parent))
            choices.append(UInt16(choice))
            isAtRest.append(cluster.isAtRest)
        }
        return (number, isNew)
    }

    // MARK: Progress

    /// The first state, nearest to the beginning, from which progress alone leads to no state at rest. O(states + steps).
    private func firstStuck() -> Int? {
        // Backwards from the states at rest, over the steps turned round.
        var sources = [Int](repeating: 0, count: table.count + 1)
        for target in successors { sources[Int(target) + 1] += 1 }
        for number in 1...table.count { sources[number] += sources[number - 1] }
        var fill = sources
        var predecessors = [UInt32](repeating: 0, count: successors.count)
        var begin = 0
        for (number, end) in successorEnds.enumerated() {
            for target in successors[begin..<end] {
                predecessors[fill[Int(target)]] = UInt32(number)
                fill[Int(target)] += 1
            }
            begin = end
        }
        var canRest = isAtRest
        var pending = canRest.indices.filter { canRest[$0] }
        while let number = pending.popLast() {
            for predecessor in predecessors[sources[number]..<sources[number + 1]] where !canRest[Int(predecessor)] {
                canRest[Int(predecessor)] = true
                pending.append(Int(predecessor))
            }
        }
        return canRest.firstIndex(of: false)
    }

    // MARK: Traces

    /// The shortest way to a state, and perhaps a step on: a script with what each step leaves.
    private func trace(to number: Int, then last: ExploreStep? = nil) -> String {
        var (path, at): ([Int], Int) = ([], number)
        while at != 0 {
            path.append(Int(choices[at]))
            at = Int(parents[at])
        }
        return ExplorationTrace(setting, choices: path.reversed(), last: last).text
    }
}
