// Random damage to a history, with nothing known of what comes of it: some of it is still valid.

import ChaosKit

public enum Mutation {
    /// Changes one thing that a client saw, or when.
    public static func mutate(_ events: inout [HistoryEvent], _ random: inout SplitMix64) {
        guard !events.isEmpty else { return }
        let place = Int.random(in: events.indices, using: &random)
        switch events[place].action {
        case .append(.ok, let process, let key, let value, let position):
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                let moved = max(0, position! + Int64.random(in: -1...1, using: &random))
                events[place].action = .append(.ok, by: process, key: key, value: value, position: moved)
            case 1: events[place].action = .append(.fail, by: process, key: key, value: value)
            case 2: events[place].action = .append(.info, by: process, key: key, value: value)
            default: moveInTime(&events, place, process, &random)
            }
        case .append(.fail, let process, let key, let value, _), .append(.info, let process, let key, let value, _):
            let type: OperationType = random.chance(0.5) ? .fail : .info
            events[place].action = .append(type, by: process, key: key, value: value)
        case .read(.ok, let process, let key, let list):
            if random.chance(0.3) {
                moveInTime(&events, place, process, &random)
            } else {
                let list = mutated(list!, &random)
                events[place].action = .read(.ok, by: process, key: key, list: list)
            }
        case .append(.invoke, let process, _, _, _), .read(.invoke, let process, _, _):
            moveInTime(&events, place, process, &random)
        case .read, .nemesis: break
        }
    }

    private static func mutated(_ list: [Int64], _ random: inout SplitMix64) -> [Int64] {
        var list = list
        switch Int.random(in: 0..<5, using: &random) {
        case 0: _ = list.popLast()
        case 1: list.append(Int64.random(in: 1...8, using: &random))
        case 2: if list.count > 1 { list.swapAt(list.count - 1, Int.random(in: 0..<list.count - 1, using: &random)) }
        case 3: if !list.isEmpty { list.remove(at: Int.random(in: list.indices, using: &random)) }
        default: if let value = list.randomElement(using: &random) { list.append(value) }
        }
        return list
    }

    /// Moves one event in time, no farther than its process's other events allow. Lines stay in their order: what counts is
    /// time alone.
    private static func moveInTime(
        _ events: inout [HistoryEvent],
        _ place: Int,
        _ process: HistoryName,
        _ random: inout SplitMix64
    ) {
        let own = events.indices.filter { Self.process(events[$0]) == process }
        let index = own.firstIndex(of: place)!
        let earliest = index > 0 ? events[own[index - 1]].timeNs : 0
        let latest = index + 1 < own.count ? events[own[index + 1]].timeNs : events.last!.timeNs + 5
        events[place].timeNs = Int64.random(in: earliest...max(earliest, latest), using: &random)
    }

    private static func process(_ event: HistoryEvent) -> HistoryName? {
        switch event.action {
        case .append(_, let process, _, _, _), .read(_, let process, _, _): process
        case .nemesis: nil
        }
    }
}
