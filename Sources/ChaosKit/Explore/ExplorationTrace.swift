// How an exploration tells a way through its states: as a script of the protocol's tests, a step at the margin and under it what
// the step left. It can be played again.

import RingmasterProtocol

struct ExplorationTrace {
    private(set) var text = ""

    init(_ setting: ExploreSetting, choices: [Int], last: ExploreStep?) {
        text = "cluster \(ExploreSetting.slotCount) slots: \(setting.line)\n"
        do throws(BrokenPromise) {
            var cluster = try SmallCluster(setting)
            for choice in choices {
                let step = cluster.steps()[choice]
                text += cluster.line(of: step) + "\n"
                let before = cluster
                try cluster.perform(step)
                add(cluster.changes(since: before))
            }
            guard let last else { return }
            text += cluster.line(of: last) + "\n"
            try cluster.perform(last)
        } catch {
            add(["broken \(error)"])
        }
    }

    /// Plays a script: the first line's setting is given, each step has to be one that may happen there.
    init(playing script: String, _ setting: ExploreSetting) throws(ScriptMismatch) {
        let lines = script.split(separator: "\n").map(String.init).filter {
            !$0.hasPrefix("    ") && !$0.hasPrefix("#")
        }
        var choices: [Int] = []
        var last: ExploreStep?
        do throws(BrokenPromise) {
            var cluster = try SmallCluster(setting)
            for (index, line) in lines.dropFirst().enumerated() {
                let steps = cluster.steps()
                guard let choice = steps.firstIndex(where: { cluster.line(of: $0) == line }) else {
                    throw BrokenPromise("script", line)
                }
                if index == lines.count - 2 { last = steps[choice] } else { choices.append(choice) }
                try cluster.perform(steps[choice])
            }
        } catch {
            if error.invariant == "script" { throw ScriptMismatch(line: error.reason) }
        }
        self.init(setting, choices: choices, last: last)
    }

    private mutating func add(_ lines: [String]) {
        for line in lines.isEmpty ? ["nothing"] : lines { text += "    \(line)\n" }
    }
}

/// A line of a script names no step that may happen there.
struct ScriptMismatch: Error {
    let line: String
}

extension SmallCluster {
    /// What a step has changed, in words.
    func changes(since before: SmallCluster) -> [String] {
        var lines: [String] = []
        let round = offices[leader].keeper.roundEpoch
        if before.offices[before.leader].keeper.roundEpoch != round {
            lines.append(round.map { "round \($0) is under way" } ?? "no round is under way")
        }
        for proposal in proposals.dropFirst(proposals.starts(with: before.proposals) ? before.proposals.count : 0)
        where !before.proposals.contains(proposal) {
            lines.append(line(of: proposal))
        }
        for view in views.dropFirst(before.views.count) {
            let members = view.members.map(describe).joined(separator: " ")
            let owners = view.ring.ownerIndices.map {
                $0 == RingView.unowned ? "." : "\(view.members[Int($0)].member.id)"
            }
            lines.append("view \(view.ring.epoch): \(members), slots \(owners.joined())")
        }
        if accepted != before.accepted { lines.append("the log has jobs \(accepted.map(\.sequence))") }
        for place in workers.indices {
            guard let worker = workers[place] else {
                if before.workers[place] != nil { lines.append("\(setting.names[place]) is gone") }
                continue
            }
            let former = before.workers[place]
            let isSame = former.map { $0.letters == worker.letters && $0.record == worker.record } ?? false
            if !isSame { lines.append("\(describe(worker.record)) has slots \(worker.letters)") }
        }
        if client.answered != before.client.answered { lines.append("a job is answered") }
        return lines
    }

    private func line(of proposal: Proposal) -> String {
        switch proposal {
        case .intent(let intent):
            let members = intent.members.isEmpty ? "nobody" : intent.members.map(describe).joined(separator: " ")
            let fenced = intent.fenced.isEmpty ? "" : ", fenced \(intent.fenced.map(\.name).joined(separator: " "))"
            return "log intent \(intent.epoch): \(intent.mode) to \(members)\(fenced)"
        case .commit(let epoch): return "log commit \(epoch)"
        case .delta(let delta): return "log job \(delta.sequence) on version \(delta.base)"
        case .expiry: return "log the end of sessions"
        case .founding: return "log the cluster"
        }
    }
}

extension WorkerProcess {
    /// The states of the slots, a letter each, as in the scripts of the protocol's tests; in brackets without a lease.
    var letters: String {
        let letters = (0..<ExploreSetting.slotCount).map { position in
            switch gates.state(of: Slot(UInt32(position))) {
            case .notOwned: "."
            case .serving: "S"
            case .draining: "d"
            case .stopped: "x"
            case .loading: "l"
            case .loaded: "L"
            case .recovering: "r"
            }
        }.joined()
        return gates.isLeaseHeld ? letters : "(\(letters))"
    }
}
