// What the state machine makes of its entries, kept: the same few states meet the same few entries in countless orders of all
// else.

import RingmasterProtocol

/// The states that a log can lead to. Belongs to one exploration and its thread.
final class LogMemory {
    /// A state of the state machine, with the digest of its snapshot, which has all of it.
    struct State {
        let machine: StateMachine
        let code: StateDigest

        fileprivate init(_ machine: StateMachine) {
            self.machine = machine
            code = StateDigest(of: machine.snapshot())
        }
    }

    private struct Application: Hashable {
        let state: StateDigest
        let command: Proposal
    }

    private static let clusterID: UInt64 = 7
    private static let timeMs: UInt64 = 1

    private let setting: ExploreSetting
    private let names: [WorkerID]
    private var applied: [Application: (state: State, outcome: CommandOutcome)] = [:]
    private var fromSnapshots: [StateDigest: State] = [:]

    init(_ setting: ExploreSetting) {
        self.setting = setting
        names = setting.names
    }

    /// Before the first entry.
    var first: State { State(StateMachine(planted: setting.planted)) }

    /// The session that the first entry opens, in every cluster.
    static let clientID: ClientID = {
        var machine = StateMachine()
        var entry = CommandWriter(timeMs: timeMs)
        entry.openSession(nonce: 0)
        guard case .sessionOpened(let client)? = try? machine.apply(bytes: entry.bytes).last else {
            preconditionFailure("the entry opens a session")
        }
        return client
    }()

    /// The state after one entry with one command, and the outcome of its last.
    func next(of state: State, after command: Proposal) throws(BrokenPromise) -> (state: State, outcome: CommandOutcome)
    {
        let application = Application(state: state.code, command: command)
        if let known = applied[application] { return known }
        var machine = state.machine
        var entry = CommandWriter(timeMs: Self.timeMs)
        switch command {
        case .founding:
            entry.initialise(clusterID: Self.clusterID, size: SmallCluster.size)
            entry.openSession(nonce: 0)
        case .intent(let intent): entry.propose(intent)
        case .commit(let epoch): entry.commit(epoch)
        case .expiry: entry.expireSessions(idleSinceMs: .max)
        case .delta(let delta): entry.deltas(delta.batch(worker: names[delta.place]))
        }
        let outcome: CommandOutcome?
        do {
            outcome = try machine.apply(bytes: entry.bytes).last
        } catch {
            throw BrokenPromise("log", "an entry cannot be applied: \(error)")
        }
        guard let outcome else { throw BrokenPromise("log", "an entry has no outcome") }
        let result = (state: State(machine), outcome: outcome)
        applied[application] = result
        return result
    }

    /// The state as a coordinator has it that took it from a snapshot.
    func restored(_ state: State) throws(BrokenPromise) -> State {
        if let known = fromSnapshots[state.code] { return known }
        let planted = setting.planted
        do {
            let snapshot = state.machine.snapshot()
            let machine = try snapshot.span.bytes.withUnsafeBytes { bytes throws(CommandError) in
                try StateMachine(snapshot: bytes, planted: planted)
            }
            let restored = State(machine)
            fromSnapshots[state.code] = restored
            return restored
        } catch {
            throw BrokenPromise("log", "a snapshot cannot be read: \(error)")
        }
    }
}

extension StateMachine {
    fileprivate mutating func apply(bytes: [UInt8]) throws(CommandError) -> [CommandOutcome] {
        try bytes.span.bytes.withUnsafeBytes { bytes throws(CommandError) in try apply(bytes) }
    }
}
