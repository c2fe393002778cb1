// One thing that may happen next in a small cluster, in the words in which traces tell it.

import RingmasterProtocol

enum ExploreStep: Equatable, Sendable {
    // Coordinators
    case log
    case lead(survivors: Int, lingers: Bool)
    case stepDown
    case answer(Int)
    case died(MemberRecord)
    // Workers
    case join(Int)
    case beat(Int)
    case silence(Int)
    case view(Int, to: Int)
    case turn(Int)
    case order(Int)
    case load(Int)
    case leave(Int)
    case askToLeave(Int)
    case exit(Int)
    case crash(Int)
    case restart(Int)
    // Jobs
    case begin(acked: UInt64, to: Int, isResend: Bool)
    case resend(UInt64, acked: UInt64, to: Int)
    case copy(UInt64, acked: UInt64, to: Int, isResend: Bool)
    case lookUp(UInt64, at: Int, isReached: Bool)
    case take(Int)
    case takeLeft(Int)
    case settle(Int)
    case fetchKey(Int)
    case expire

    /// Whether it happens by itself once nothing goes wrong any more. Promises of progress are promises about these alone.
    var isProgress: Bool {
        switch self {
        case .lead, .silence, .leave, .crash, .restart, .begin, .copy, .expire: false
        default: true
        }
    }
}

extension SmallCluster {
    /// The line of a trace. Each step that may happen in a state has another.
    func line(of step: ExploreStep) -> String {
        switch step {
        case .log: "log"
        case .lead(let survivors, let lingers):
            "lead, \(survivors) of \(proposals.count) proposals survive" + (lingers ? ", the former goes on" : "")
        case .stepDown: "depose"
        case .answer(let index): "\(describe(answers[index]))"
        case .died(let record): "died \(describe(record))"
        case .join(let place): "join \(name(place))"
        case .beat(let place): "beat \(name(place))"
        case .silence(let place): "silence \(name(place))"
        case .view(let index, let place): "view \(views[index].ring.epoch) to \(name(place))"
        case .turn(let place): "leader to \(name(place))"
        case .order(let index): describe(orders[index])
        case .load(let place): "loaded \(name(place)) \(workers[place]?.load?.epoch ?? .zero)"
        case .leave(let place): "leave \(name(place))"
        case .askToLeave(let place): "leave asked \(name(place))"
        case .exit(let place): "exit \(name(place))"
        case .crash(let place): "kill \(name(place))"
        case .restart(let place): "start \(setting.names[place])"
        case .begin(let acked, let place, let isResend):
            "job \(client.begun + 1) to \(name(place)), acked \(acked)" + (isResend ? ", at a later attempt" : "")
        case .resend(let job, let acked, let place): "job \(job) again to \(name(place)), acked \(acked)"
        case .copy(let job, let acked, let place, let isResend):
            "a copy of job \(job) to \(name(place)), acked \(acked)" + (isResend ? ", of a later attempt" : "")
        case .lookUp(let job, let place, let isReached):
            "job \(job) looked up by \(name(place))" + (isReached ? "" : ", nobody is reached")
        case .take(let place): "delta of \(name(place))"
        case .takeLeft(let index):
            "late delta of \(setting.names[leftDeltas[index].place])#\(leftDeltas[index].incarnation)"
        case .settle(let place): "outcome to \(name(place))"
        case .fetchKey(let place): "key to \(name(place))"
        case .expire: "expire"
        }
    }

    func name(_ place: Int) -> String {
        workers[place].map { describe($0.record) } ?? setting.names[place].name
    }

    /// The first life is not written, as in the scripts of the protocol's tests.
    func describe(_ record: MemberRecord) -> String {
        record.incarnation.rawValue == 1 ? record.member.id.name : "\(record.member.id)#\(record.incarnation)"
    }

    private func office(_ office: Int) -> String {
        office == leader ? "" : office < 0 ? ", of a leader that is gone" : ", the former's"
    }

    private func describe(_ sent: OrderSent) -> String {
        let name = "\(setting.names[sent.place])"
        let line = sent.line.rawValue == 1 ? "" : " by the line to #\(sent.line)"
        switch sent.order {
        case .propose(let base, let mode, let members):
            let list = members.map { "\($0)" }.joined(separator: " ")
            return "propose \(sent.epoch) to \(name), \(mode) from \(base): \(list)\(line)\(office(sent.office))"
        case .synchronise(let base, let job, let members):
            let list = members.map { "\($0)" }.joined(separator: " ")
            return
                "synchronise \(sent.epoch) to \(name), to job \(job) from \(base): \(list)\(line)\(office(sent.office))"
        case .notify: return "notify \(sent.epoch) to \(name)"
        }
    }

    private func describe(_ sent: AnswerSent) -> String {
        let line = sent.line.rawValue == 1 ? "" : " by the line to #\(sent.line)"
        switch sent.event {
        case .reported(let worker, let epoch, let job):
            return "report \(worker) \(job) epoch \(epoch)\(line)\(office(sent.office))"
        case .synchronised(let worker, let epoch): return "ack \(worker) epoch \(epoch)\(line)\(office(sent.office))"
        default: return "answer"
        }
    }
}
