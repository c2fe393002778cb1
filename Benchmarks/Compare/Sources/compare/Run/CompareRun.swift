// A run: all systems at once on the machine, each measured in turn, round by round.

import Alternatives
import Foundation

struct CompareRun {
    let alternatives: [any Alternative]
    let points: [Point]
    let rounds: Int
    let seconds: Double
    /// A directory on a disk.
    let place: URL
    /// For a person who waits.
    let progress: (String) -> Void

    private(set) var rows: [CompareRow] = []
    /// What could not be measured, and why.
    private(set) var failures: [String] = []

    init(
        _ alternatives: [any Alternative],
        _ points: [Point],
        rounds: Int,
        seconds: Double,
        place: URL,
        progress: @escaping (String) -> Void
    ) {
        self.alternatives = alternatives
        self.points = points
        self.rounds = rounds
        self.seconds = seconds
        self.place = place
        self.progress = progress
    }

    mutating func measure() {
        for work in Work.allCases {
            let points = points.filter { $0.work == work }
            guard !points.isEmpty else { continue }
            var sides: [Side] = []
            defer { for side in sides { side.end() } }
            for alternative in alternatives where alternative.promise(work) != nil {
                progress("starting \(alternative.name) for \(work.rawValue)")
                do {
                    sides.append(try Side(alternative, work, in: place))
                } catch {
                    failures.append("\(alternative.name) did not start for \(work.rawValue): \(error)")
                }
            }
            for point in points {
                for round in 1...rounds {
                    for side in sides { measure(side, point, round) }
                }
            }
        }
    }

    private mutating func measure(_ side: Side, _ point: Point, _ round: Int) {
        let name = side.instance.name
        progress("\(point.title), round \(round): \(name)")
        do {
            let row = try side.measure(point, round, seconds: seconds)
            rows.append(row)
            if row.errors > 0 { failures.append("\(name), \(point.title): \(row.errors) errors") }
        } catch {
            failures.append((["\(name), \(point.title): \(error)"] + side.instance.ended).joined(separator: "; "))
            side.renewClient()
        }
    }
}

/// A system in a run: its instance and its client's process.
private final class Side {
    let instance: Instance
    private var client: ClientProcess
    private var clients = 1

    init(_ alternative: any Alternative, _ work: Work, in place: URL) throws {
        instance = try Instance(alternative, work, in: place)
        client = try ClientProcess("\(alternative.name)'s client")
    }

    func measure(_ point: Point, _ round: Int, seconds: Double) throws -> CompareRow {
        let order = MeasureOrder(
            alternative: instance.name,
            line: LineOrder(address: instance.address, client: "client-\(clients)", inFlightMax: point.inFlight),
            plan: point.plan(seconds: seconds),
            warmUpSeconds: min(0.3, seconds / 3)
        )
        let servers = instance.processes.map(\.process.pid)
        var before: (all: ProcessAccounts, client: ProcessAccounts)?
        var after: (all: ProcessAccounts, client: ProcessAccounts)?
        let result = try client.measure(order) {
            before = look(servers)
        } ended: {
            after = look(servers)
        }
        guard let before, let after else { preconditionFailure("a measurement has a beginning and an end") }
        let memory = ProcessAccounts(of: servers + [client.pid], countsMemory: true).memoryBytes
        return CompareRow(
            instance.name,
            point,
            round: round,
            result,
            cpuNs: after.all.cpuNs - before.all.cpuNs,
            clientCpuNs: after.client.cpuNs - before.client.cpuNs,
            memoryBytes: memory
        )
    }

    /// After a failure: what is on its way to the old one is of no interest to the new one.
    func renewClient() {
        client.end()
        clients += 1
        if let new = try? ClientProcess("\(instance.name)'s client") { client = new }
    }

    func end() {
        client.end()
        instance.end()
    }

    private func look(_ servers: [pid_t]) -> (all: ProcessAccounts, client: ProcessAccounts) {
        (
            ProcessAccounts(of: servers + [client.pid], countsMemory: false),
            ProcessAccounts(of: [client.pid], countsMemory: false)
        )
    }
}
