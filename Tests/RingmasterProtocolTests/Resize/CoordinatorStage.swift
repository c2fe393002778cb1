// Scripts of the coordinator's side: a RingKeeper beside a toy log, which applies what was proposed when it is told to.

import RingmasterProtocol

/// One coordinator after another leads over one log.
struct CoordinatorStage: ScriptStage {
    private var keeper = RingKeeper(resendAfter: .milliseconds(100))
    private var view: ClusterView
    private var intent: Intent?
    private var jobIndex = JobID.zero
    private var proposed: [RingKeeper.Effect] = []
    private var now: Duration = .zero
    private var highestEpoch: Epoch

    /// `coordinator <slots> slots, view <epoch>: <member>...`
    init(_ words: [String]) throws {
        let empty = ClusterView(ring: RingView(size: try RingSize(slotCount: Int(words[1])!)), members: [])
        highestEpoch = Epoch(UInt64(words[4].dropLast())!)
        let records = try words[5...].map(record)
        view = records.isEmpty ? empty : try nextView(empty, epoch: highestEpoch, members: records)
        _ = handle(.becameLeader(view: view, intent: nil, highestEpochSeen: highestEpoch))
    }

    mutating func step(_ words: [String]) throws -> [String] {
        let roundEpoch = keeper.roundEpoch ?? .zero
        switch words[0] {
        case "join": return handle(.join(try record(words[1])))
        case "leave": return handle(.leave(try record(words[1]).member.id))
        case "died":
            let dead = try record(words[1])
            return handle(.died(dead.member.id, dead.incarnation))
        case "mode": return handle(.resize(words[1] == "barrier" ? .barrier : .handoff))
        // report <worker> <job> [epoch <e>]
        case "report":
            let epoch = words.count > 3 ? Epoch(UInt64(words[4])!) : roundEpoch
            return handle(.reported(try record(words[1]).member.id, epoch, JobID(UInt64(words[2])!)))
        // ack <worker> [epoch <e>]
        case "ack":
            let epoch = words.count > 2 ? Epoch(UInt64(words[3])!) : roundEpoch
            return handle(.synchronised(try record(words[1]).member.id, epoch))
        // wait <ms>
        case "wait":
            now += .milliseconds(Int(words[1])!)
            return handle(.tick)
        // jobs <index>: other jobs are committed, up to that one
        case "jobs":
            jobIndex = JobID(UInt64(words[1])!)
            return []
        // log: the oldest proposal is committed and applied
        case "log": return applyNext()
        // lose: proposals that are not in the log yet never will be
        case "lose":
            proposed = []
            return []
        case "lead":
            keeper = RingKeeper(resendAfter: .milliseconds(100))
            return handle(.becameLeader(view: view, intent: intent, highestEpochSeen: highestEpoch))
        case "depose": return handle(.lostLeadership)
        default: throw Script.Mistake(line: words.joined(separator: " "))
        }
    }

    private mutating func applyNext() -> [String] {
        guard !proposed.isEmpty else { return ["the log has nothing to apply"] }
        switch proposed.removeFirst() {
        case .logIntent(let new):
            guard new.epoch > max(view.ring.epoch, intent?.epoch ?? .zero) else {
                return ["the log refuses the intent"]
            }
            intent = new
            highestEpoch = new.epoch
            return handle(.intentLogged(new, jobIndex: jobIndex))
        case .logCommit(let epoch):
            guard let committed = intent, committed.epoch == epoch,
                let next = try? nextView(view, epoch: epoch, members: committed.members)
            else { return ["the log refuses the commit"] }
            (view, intent) = (next, nil)
            let names = next.members.isEmpty ? "nobody" : next.members.map(describe).joined(separator: " ")
            return ["view \(epoch): \(names), slots \(next.ring.layout)"] + handle(.viewCommitted(next))
        default: return []
        }
    }

    private mutating func handle(_ event: RingKeeper.Event) -> [String] {
        keeper.handle(event, at: .at(now)).map { effect in
            switch effect {
            case .roundBegan(let epoch, let moved): return "round \(epoch) begins, \(moved) slots move"
            case .roundEnded(let epoch, _, let end): return "round \(epoch) ends: \(end)"
            case .logIntent(let intent):
                proposed.append(effect)
                let names = intent.members.isEmpty ? "nobody" : intent.members.map(describe).joined(separator: " ")
                let fenced = intent.fenced.isEmpty ? "" : ", fenced \(intent.fenced.map(\.name).joined(separator: " "))"
                return "log intent \(intent.epoch): \(intent.mode) to \(names)\(fenced)"
            case .logCommit(let epoch):
                proposed.append(effect)
                return "log commit \(epoch)"
            case .order(let worker, let order, let epoch): return "to \(worker), epoch \(epoch): \(describe(order))"
            case .released(let worker): return "\(worker) is released"
            case .refused(let worker, let incarnation, let reason):
                return "\(worker)#\(incarnation.rawValue) is refused: \(reason)"
            }
        }
    }
}
