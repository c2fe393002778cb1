// Valid histories: clients of a store that is linearizable, as it has one state and does one thing at a time.

import ChaosKit
import RingmasterProtocol

/// What a simulated run is like.
public struct RunShape: Sendable {
    public var processes = 4
    public var keys = 2
    public var operations = 20
    /// The share of reads among the operations.
    public var reads = 0.4
    /// The share of operations whose outcome the client does not learn.
    public var unknown = 0.1
    /// The share of operations that fail.
    public var failing = 0.08
    /// Whether faults, resizes, epochs and hashes of replicas are in the history too.
    public var hasNemesis = true

    public init() {}

    /// A small run, each different.
    public static func small(_ random: inout SplitMix64) -> RunShape {
        var shape = RunShape()
        shape.processes = Int.random(in: 1...6, using: &random)
        shape.keys = Int.random(in: 1...3, using: &random)
        shape.operations = Int.random(in: 0...30, using: &random)
        shape.reads = [0, 0.3, 0.5, 0.8][Int.random(in: 0..<4, using: &random)]
        shape.unknown = [0, 0.1, 0.4][Int.random(in: 0..<3, using: &random)]
        shape.failing = [0, 0.1, 0.3][Int.random(in: 0..<3, using: &random)]
        shape.hasNemesis = random.chance(0.3)
        return shape
    }
}

/// Runs clients against the store, step by step. An operation takes effect at one step between its invocation and its
/// completion; one of unknown outcome at any later step, or never; one that fails, never. A resend that meets the record of
/// the first try is a step more until the completion: it shows in nothing else.
public struct SimulatedRun {
    private let shape: RunShape
    private var random: SplitMix64
    private let emit: (HistoryEvent) -> Void
    private var nowNs: Int64 = 0
    private var lists: [[Int64]]
    private var clients: [Client]
    /// Appends whose client has given up, and which are yet to happen.
    private var late: [(key: Int, value: Int64)] = []
    private var nextValue: Int64 = 1
    private var nemesis: SimulatedNemesis

    private struct Client {
        var name: HistoryName
        var key = 0
        /// What it appends; nil for a read.
        var value: Int64?
        var state = State.idle

        enum State {
            case idle, asked
            case done(position: Int64, list: [Int64])
        }
    }

    /// Makes a history, and hands each event over as it happens.
    public static func events(_ shape: RunShape, _ random: SplitMix64, emit: (HistoryEvent) -> Void) {
        withoutActuallyEscaping(emit) { emit in
            var run = SimulatedRun(shape, random, emit: emit)
            run.run()
        }
    }

    /// A whole history.
    public static func events(_ shape: RunShape, _ random: SplitMix64) -> [HistoryEvent] {
        var events: [HistoryEvent] = []
        Self.events(shape, random) { events.append($0) }
        return events
    }

    private init(_ shape: RunShape, _ random: SplitMix64, emit: @escaping (HistoryEvent) -> Void) {
        self.shape = shape
        self.random = random
        self.emit = emit
        lists = Array(repeating: [], count: shape.keys)
        clients = (0..<shape.processes).map { number in
            Client(name: number % 2 == 0 ? .number(Int64(number)) : .text("client-\(number)"))
        }
        nemesis = SimulatedNemesis()
    }

    private mutating func run() {
        var left = shape.operations
        while left > 0 || clients.contains(where: { if case .idle = $0.state { false } else { true } }) {
            step(&left)
        }
        if shape.hasNemesis { put(.nemesis(nemesis.heal(nowNs, put: { emit($0) }))) }
        nowNs += 1
        readEveryKey()
        // Something at a time by which everything must be over.
        if shape.hasNemesis {
            nowNs += 2 * SimulatedNemesis.boundNs
            put(.nemesis(.note("end", json: "{}")))
        }
    }

    private mutating func put(_ action: HistoryEvent.Action) {
        emit(HistoryEvent(timeNs: nowNs, action))
    }

    /// Something happens somewhere.
    private mutating func step(_ left: inout Int) {
        nowNs += Int64.random(in: 0...2, using: &random)
        if !late.isEmpty, random.chance(0.1) {
            let (key, value) = late.remove(at: Int.random(in: late.indices, using: &random))
            lists[key].append(value)
        }
        if shape.hasNemesis, random.chance(0.1), let event = nemesis.event(&random) { put(.nemesis(event)) }
        let client = Int.random(in: clients.indices, using: &random)
        switch clients[client].state {
        case .idle:
            guard left > 0 else { return }
            left -= 1
            invoke(client, key: Int.random(in: 0..<shape.keys, using: &random), reads: random.chance(shape.reads))
        case .asked:
            if random.chance(shape.failing) {
                complete(client, .fail)
            } else if random.chance(shape.unknown) {
                if let value = clients[client].value, random.chance(0.5) { late.append((clients[client].key, value)) }
                complete(client, .info)
            } else {
                takeEffect(client)
            }
        case .done:
            complete(client, random.chance(shape.unknown) ? .info : .ok)
        }
    }

    private mutating func invoke(_ client: Int, key: Int, reads: Bool) {
        clients[client].key = key
        clients[client].value = reads ? nil : nextValue
        if !reads { nextValue += 1 }
        clients[client].state = .asked
        putOperation(client, .invoke)
    }

    private mutating func takeEffect(_ client: Int) {
        let key = clients[client].key
        if let value = clients[client].value {
            clients[client].state = .done(position: Int64(lists[key].count), list: [])
            lists[key].append(value)
        } else {
            clients[client].state = .done(position: 0, list: lists[key])
        }
    }

    private mutating func complete(_ client: Int, _ type: OperationType) {
        putOperation(client, type)
        clients[client].state = .idle
    }

    private mutating func putOperation(_ client: Int, _ type: OperationType) {
        let key = shape.keys == 1 ? HistoryName.number(7) : .text("k\(clients[client].key)")
        let name = clients[client].name
        var (position, list): (Int64?, [Int64]?)
        if type == .ok, case .done(let at, let read) = clients[client].state { (position, list) = (at, read) }
        if let value = clients[client].value {
            put(.append(type, by: name, key: key, value: value, position: position))
        } else {
            put(.read(type, by: name, key: key, list: list))
        }
    }

    /// Each key once at least, some twice, a few keys at a time, while late appends still happen.
    private mutating func readEveryKey() {
        var keys = (0..<shape.keys).flatMap { random.chance(0.2) ? [$0, $0] : [$0] }
        while !keys.isEmpty || clients.contains(where: { if case .idle = $0.state { false } else { true } }) {
            nowNs += Int64.random(in: 0...2, using: &random)
            if !late.isEmpty, random.chance(0.3) {
                let (key, value) = late.removeLast()
                lists[key].append(value)
            }
            let client = Int.random(in: clients.indices, using: &random)
            switch clients[client].state {
            case .idle: if let key = keys.popLast() { invoke(client, key: key, reads: true) }
            case .asked: takeEffect(client)
            case .done: complete(client, .ok)
            }
        }
    }
}
