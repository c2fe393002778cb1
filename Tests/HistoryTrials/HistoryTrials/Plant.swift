// One anomaly of each kind planted in a valid history, and nothing else changed: what the checker must find, and all that it
// may find.

import ChaosKit
import RingmasterProtocol

/// A history with an anomaly in it.
public struct Plant: Sendable {
    public let events: [HistoryEvent]
    public let kind: AnomalyKind
    /// Lines, from 1, that one of the cases of the verdict must name.
    public let lines: [Int]

    /// Plants an anomaly in a random place; nil where the history has no place for it.
    public static func plant(_ kind: AnomalyKind, in events: [HistoryEvent], _ random: inout SplitMix64) -> Plant? {
        let view = HistoryView(events)
        return switch kind {
        case .lostAppend: lostAppend(view, &random)
        case .duplicatedAppend: duplicatedAppend(view, &random)
        case .reordered: reordered(view, &random)
        case .wrongPosition: wrongPosition(view, &random)
        case .dirtyRead: dirtyRead(view, &random)
        case .staleRead: staleRead(view, &random)
        case .incompatibleOrder: incompatibleOrder(view, &random)
        case .divergedReplicas: divergedReplicas(view, &random)
        case .epochWentBack: epochWentBack(view, &random)
        case .roundWithoutEnd: roundWithoutEnd(view)
        case .serviceDidNotReturn: serviceDidNotReturn(view, &random)
        }
    }

    /// - Parameter places: From 0, of events whose lines are to be named.
    private init(_ view: HistoryView, _ kind: AnomalyKind, places: [Int]) {
        events = view.events
        self.kind = kind
        lines = places.map { $0 + 1 }
    }

    /// The store forgets an append after it was acknowledged, and goes on without it.
    private static func lostAppend(_ view: HistoryView, _ random: inout SplitMix64) -> Plant? {
        var view = view
        guard let append = view.completed.filter({ $0.value != nil }).randomElement(using: &random) else { return nil }
        view.edit(
            append.key,
            list: { list in list.filter { $0 != append.value } },
            position: { $0 > append.position ? $0 - 1 : $0 }
        )
        let read = view.reads(append.key).last!
        return Plant(view, .lostAppend, places: [append.ok, read.invoke, read.ok])
    }

    /// The store does an append a second time.
    private static func duplicatedAppend(_ view: HistoryView, _ random: inout SplitMix64) -> Plant? {
        var view = view
        guard let read = view.completed.filter({ !$0.list.isEmpty }).randomElement(using: &random) else { return nil }
        let list = view.finalList(read.key)
        let first = Int.random(in: list.indices, using: &random)
        view.insert(list[first], at: Int.random(in: first + 1...list.count, using: &random), of: read.key)
        let invoke = view.events.firstIndex {
            if case .append(.invoke, _, read.key, list[first], _) = $0.action { true } else { false }
        }!
        return Plant(view, .duplicatedAppend, places: [invoke])
    }

    /// The store does two appends in the order against time.
    private static func reordered(_ view: HistoryView, _ random: inout SplitMix64) -> Plant? {
        var view = view
        let appends = view.completed.filter { $0.value != nil }
        let pairs = appends.flatMap { one in
            appends.filter { other in
                one.key == other.key && other.position == one.position + 1
                    && view.timeNs(one.ok) < view.timeNs(other.invoke)
            }.map { (one, $0) }
        }
        guard let (one, other) = pairs.randomElement(using: &random) else { return nil }
        // Whoever saw the first without the second would show more than this anomaly.
        for read in view.reads(one.key) where read.list.count == one.position + 1 { view.forgetOutcome(read.ok) }
        view.edit(
            one.key,
            list: { list in
                var list = list
                if list.count > other.position { list.swapAt(one.position, other.position) }
                return list
            },
            position: { position in
                switch Int(position) {
                case one.position: position + 1
                case other.position: position - 1
                default: position
                }
            }
        )
        return Plant(view, .reordered, places: [one.ok, other.invoke])
    }

    private static func wrongPosition(_ view: HistoryView, _ random: inout SplitMix64) -> Plant? {
        var view = view
        guard let append = view.completed.filter({ $0.value != nil }).randomElement(using: &random) else { return nil }
        let wrong = (append.position + Int.random(in: 1...3, using: &random))
        view.setPosition(append.ok, append.position > 0 && random.chance(0.5) ? append.position - 1 : wrong)
        return Plant(view, .wrongPosition, places: [append.ok])
    }

    /// The store does an append that failed, or one of nobody's.
    private static func dirtyRead(_ view: HistoryView, _ random: inout SplitMix64) -> Plant? {
        var view = view
        if let failed = view.failed.randomElement(using: &random), random.chance(0.5) {
            let list = view.finalList(failed.key)
            view.insert(failed.value, at: Int.random(in: 0...list.count, using: &random), of: failed.key)
            return Plant(view, .dirtyRead, places: [failed.place])
        }
        guard let read = view.completed.filter({ $0.value == nil }).randomElement(using: &random) else { return nil }
        let place = Int.random(in: 0...read.list.count, using: &random)
        view.insert(1_000_000, at: place, of: read.key)
        return Plant(view, .dirtyRead, places: [])
    }

    /// A read misses the newest value that it had to have; it is not the last of its key.
    private static func staleRead(_ view: HistoryView, _ random: inout SplitMix64) -> Plant? {
        var view = view
        let completed = view.completed
        let reads = completed.filter { read in
            guard let newest = read.list.last,
                let append = completed.first(where: { $0.key == read.key && $0.value == newest })
            else { return false }
            return view.timeNs(append.ok) < view.timeNs(read.invoke)
                && completed.contains {
                    $0.value == nil && $0.key == read.key && view.timeNs($0.invoke) > view.timeNs(read.invoke)
                }
        }
        guard let read = reads.randomElement(using: &random) else { return nil }
        view.setList(read.ok, read.list.dropLast())
        return Plant(view, .staleRead, places: [read.invoke, read.ok])
    }

    /// A read sees two values the other way round; it is not the last of its key, which sees them right.
    private static func incompatibleOrder(_ view: HistoryView, _ random: inout SplitMix64) -> Plant? {
        var view = view
        let reads = view.completed.filter { read in
            guard read.list.count >= 2, let last = view.reads(read.key).last else { return false }
            return last.ok != read.ok && last.list.count >= read.list.count
        }
        guard let read = reads.randomElement(using: &random) else { return nil }
        var list = read.list
        let place = Int.random(in: 1..<list.count, using: &random)
        list.swapAt(place - 1, place)
        view.setList(read.ok, list)
        return Plant(view, .incompatibleOrder, places: [read.ok])
    }
}

// What the nemesis' lines show.
extension Plant {
    private static func divergedReplicas(_ view: HistoryView, _ random: inout SplitMix64) -> Plant? {
        var view = view
        let places = view.events.indices.filter { hashIndex(view.events[$0]) != nil }
        let seen = Dictionary(grouping: places) { hashIndex(view.events[$0])! }
        guard
            let pair = seen.values.filter({ $0.count == 2 }).sorted(by: { $0[0] < $1[0] }).randomElement(
                using: &random
            ),
            case .nemesis(.replicaHash(let process, let logIndex, _)) = view.events[pair[1]].action
        else { return nil }
        view.events[pair[1]].action = .nemesis(.replicaHash(process: process, logIndex: logIndex, hash: "0"))
        return Plant(view, .divergedReplicas, places: pair)
    }

    private static func hashIndex(_ event: HistoryEvent) -> Int64? {
        if case .nemesis(.replicaHash(_, let logIndex, _)) = event.action, logIndex > 0 { logIndex } else { nil }
    }

    private static func epochWentBack(_ view: HistoryView, _ random: inout SplitMix64) -> Plant? {
        var view = view
        var last: [String: (place: Int, epoch: Epoch)] = [:]
        var pairs: [(before: Int, place: Int, process: String, epoch: Epoch)] = []
        for (place, event) in view.events.enumerated() {
            guard case .nemesis(.epochSeen(let process, _, let epoch)) = event.action else { continue }
            if let before = last[process], before.epoch.rawValue > 0 {
                pairs.append((before.place, place, process, before.epoch))
            }
            last[process] = (place, epoch)
        }
        guard let pair = pairs.randomElement(using: &random) else { return nil }
        let lower = Epoch(UInt64.random(in: 0..<pair.epoch.rawValue, using: &random))
        view.events[pair.place].action = .nemesis(.epochSeen(process: pair.process, incarnation: 1, lower))
        return Plant(view, .epochWentBack, places: [pair.before, pair.place])
    }

    /// The last round is left open.
    private static func roundWithoutEnd(_ view: HistoryView) -> Plant? {
        var view = view
        var last: (place: Int, epoch: Epoch)?
        for (place, event) in view.events.enumerated() {
            if case .nemesis(.roundBegan(let epoch, _, _)) = event.action { last = (place, epoch) }
        }
        guard let last else { return nil }
        for place in view.events.indices {
            switch view.events[place].action {
            case .nemesis(.roundCommitted(last.epoch)), .nemesis(.roundEnded(last.epoch, _)):
                view.events[place].action = .nemesis(.note("removed", json: "null"))
            default: break
            }
        }
        return Plant(view, .roundWithoutEnd, places: [last.place])
    }

    /// Nothing asked of one key after all was healed is ever answered.
    private static func serviceDidNotReturn(_ view: HistoryView, _ random: inout SplitMix64) -> Plant? {
        var view = view
        let healed = view.events.lastIndex { if case .nemesis(.healed) = $0.action { true } else { false } }
        guard let healed else { return nil }
        let after = view.completed.filter { view.timeNs($0.invoke) >= view.timeNs(healed) && $0.invoke > healed }
        guard let key = after.map(\.key).randomElement(using: &random) else { return nil }
        for operation in after where operation.key == key { view.forgetOutcome(operation.ok) }
        return Plant(view, .serviceDidNotReturn, places: [healed])
    }
}
