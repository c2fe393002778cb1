// The steps of a schedule as they are carried out on a service's processes.

import Alternatives
import ChaosKit
import Foundation

extension TargetRun {
    /// What can be done to the processes of any system.
    public static let kinds: [FaultKind] = [.kill, .pause, .restart, .killAll]

    /// What of a schedule cannot be done to a service, for a person; nil: nothing.
    public static func mistake(in schedule: Schedule) -> String? {
        for case .fault(let order) in schedule.steps.map(\.action) where !kinds.contains(order.kind) {
            let known = kinds.map(\.rawValue).joined(separator: ", ")
            return "fault \(order.id) is \(order.kind.rawValue); of another system's processes possible is \(known)"
        }
        return nil
    }

    // MARK: Processes

    func add(_ node: TargetNode) throws {
        let place = nodes.firstIndex { $0.name == node.name } ?? nodes.count
        if place == nodes.count { nodes.append(node) } else { nodes[place].isWanted = true }
        try start(place)
    }

    func start(_ place: Int) throws {
        nodes[place].life += 1
        nodes[place].state = .starting
        let node = nodes[place]
        switch node.role {
        case .servers: try instance.startAgain(node.name)
        case .clients: try startClient(node.name, node.number, node.life, keysToRead: nil)
        default: try instance.beginRole(node.name)
        }
    }

    @discardableResult
    private func startClient(
        _ name: String,
        _ number: Int,
        _ life: Int,
        keysToRead: Int?
    ) throws -> ServerProcess {
        let process = "\(name).\(life)"
        let order = ServiceLoadOrder(
            service: service.name,
            address: instance.address,
            client: process,
            number: number,
            settings: schedule.settings,
            seed: schedule.seed,
            startNs: startNs,
            loadBeginsNs: times.loadBeginsNs,
            notesPath: URL(filePath: folder.notesPath).absoluteURL.appending(path: process).path(percentEncoded: false),
            // Lives of one client, and clients, are far enough apart that no value is ever used twice.
            firstValue: Int64(number * 1000 + life) << 32,
            keysToRead: keysToRead
        )
        follow(order.notesPath, process: process)
        return try instance.beginOwn(
            name,
            ["service-client", String(decoding: try JSONEncoder().encode(order), as: UTF8.self)]
        )
    }

    func startReader(keys: Int) throws -> ServerProcess {
        let number = schedule.settings.clients + 1
        return try startClient("client-\(number)", number, 1, keysToRead: keys)
    }

    /// From here on its end is no crash.
    func expectEnd(_ place: Int) {
        nodes[place].state = .down
        nodes[place].isWanted = false
    }

    /// What a client wrote of itself when it ended.
    func noteCounters(of place: Int) {
        let text = ServiceLoadOrder.countersText
        guard nodes[place].role == .clients,
            let line = instance.process(nodes[place].name).logText.split(separator: "\n").last(where: {
                $0.hasPrefix(text)
            }),
            var totals = try? JSONDecoder().decode(
                [String: CounterField].self,
                from: Data(line.dropFirst(text.count).utf8)
            )
        else { return }
        totals["process"] = .text("\(nodes[place].name).\(nodes[place].life)")
        note("counters", totals)
    }

    // MARK: Faults

    func carryOut(_ order: FaultOrder) throws {
        let victims = isHealing ? [] : victims(of: order)
        guard !victims.isEmpty else {
            note("fault-skipped", ["fault": "\(order.id)", "kind": order.kind.rawValue])
            return
        }
        let beganNs = nowNs
        for place in victims { nodes[place].isFaulty = true }
        let isVerified = apply(order.kind, to: victims)
        let names = victims.map { nodes[$0].name }.joined(separator: ",")
        if !isVerified { errors.append("fault \(order.id) (\(order.kind.rawValue)) on \(names) was not seen to work") }
        faultCounts[order.kind.rawValue, default: 0] += 1
        record(
            .faultBegan(FaultID(order.id), kind: order.kind.rawValue, target: names, isVerified: isVerified),
            at: beganNs
        )
        openVictims[order.id] = victims.count
        at(nowNs + order.lastsNs) { try self.heal(order, victims) }
    }

    /// - Returns: Whether it was seen to work.
    private func apply(_ kind: FaultKind, to victims: [Int]) -> Bool {
        let processes = victims.map { instance.process(nodes[$0].name) }
        switch kind {
        case .pause:
            for process in processes { process.send(SIGSTOP) }
            // The kernel takes a moment.
            for _ in 0..<200 where !processes.allSatisfy(\.isStopped) { usleep(500) }
            return processes.allSatisfy(\.isStopped)
        case .restart:
            for place in victims { nodes[place].state = .down }
            for process in processes { process.end() }
            return processes.allSatisfy { !$0.isRunning }
        default:
            for place in victims { nodes[place].state = .down }
            for process in processes { process.kill() }
            killCount += processes.count(where: \.wasKilled)
            return processes.allSatisfy(\.wasKilled)
        }
    }

    private func heal(_ order: FaultOrder, _ victims: [Int]) throws {
        if order.kind == .pause {
            for place in victims {
                instance.process(nodes[place].name).send(SIGCONT)
                faultEnded(order.id, place)
            }
            return
        }
        // Servers first: they were made first.
        for place in victims.sorted() {
            guard nodes[place].isWanted else {
                faultEnded(order.id, place)
                continue
            }
            nodes[place].endsFault = order.id
            try start(place)
        }
    }

    /// One of a fault's victims is well again. The fault ends with the last of them.
    func faultEnded(_ fault: Int64, _ place: Int) {
        nodes[place].isFaulty = false
        nodes[place].endsFault = nil
        openVictims[fault, default: 1] -= 1
        if openVictims[fault] == 0 { record(.faultEnded(FaultID(fault), isVerified: false)) }
    }

    /// Those that are well, by the rules of Ringmaster's runs.
    private func victims(of order: FaultOrder) -> [Int] {
        let well = nodes.indices.filter { nodes[$0].state == .up && !nodes[$0].isFaulty && nodes[$0].isWanted }
            .sorted { nodes[$0].name < nodes[$1].name }
        switch order.target {
        case .named(let text):
            let names = text.split(separator: ",").map(String.init)
            return well.filter { names.contains(nodes[$0].name) }
        case .any(.everything, _): return well.filter { nodes[$0].isOf(.everything) }
        case .any(let role, let pick):
            let candidates = well.filter { nodes[$0].isOf(role) }
            return candidates.isEmpty ? [] : [candidates[pick % candidates.count]]
        }
    }

    // MARK: Resizes

    func carryOut(_ order: ResizeOrder) throws {
        guard !isHealing else { return }
        var staying = nodes.indices.filter { nodes[$0].role == .workers && nodes[$0].isWanted }
        var number = 1
        while staying.count < order.workers {
            let name = TargetNode.worker(number).name
            let place = nodes.firstIndex { $0.name == name }
            // A name whose last bearer is still leaving is not free yet.
            if place.map({ !nodes[$0].isWanted && !isRunning($0) }) ?? true {
                try add(.worker(number))
                staying.append(nodes.firstIndex { $0.name == name }!)
            }
            number += 1
        }
        while staying.count > order.workers {
            let place = staying.remove(at: order.pick % staying.count)
            let isThere = nodes[place].state != .down
            nodes[place].isWanted = false
            guard isThere else { continue }
            nodes[place].state = .down
            // It was on its way back after a fault, and nobody waits for it any more.
            if let fault = nodes[place].endsFault { faultEnded(fault, place) }
            instance.process(nodes[place].name).send(SIGTERM)
        }
        note("resize-order", ["workers": order.workers])
    }

    private func isRunning(_ place: Int) -> Bool { instance.process(nodes[place].name).isRunning }
}

/// A field of the note `counters`.
private enum CounterField: Codable {
    case number(Int)
    case text(String)

    init(from decoder: any Decoder) throws { self = .number(try decoder.singleValueContainer().decode(Int.self)) }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}
