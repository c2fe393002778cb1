// A chaos run on a worker service of another system: the schedule's steps in time, on processes of a private instance, and
// around them what Ringmaster's conductor does. History, checker, measures and report are the same.

import Alternatives
import ChaosKit
import Foundation
import Measurement

/// Carries a schedule out on a service. All of it on the thread that made it, which outlives its processes.
public final class TargetRun {
    /// As of Ringmaster's runs: between the start of the clients and the load; how long after the healing service is to be back; how
    /// long the load goes on after that; what a process may take to come up, and to end; how often the clients' notes are collected.
    private static let openingNs: Int64 = 1_000_000_000
    private static let serviceBoundNs: Int64 = 10_000_000_000
    private static let cooldownNs: Int64 = 2_000_000_000
    static let startTimeoutNs: Int64 = 20_000_000_000
    private static let endTimeoutNs: Int64 = 10_000_000_000
    private static let readTimeoutNs: Int64 = 60_000_000_000
    private static let collectEveryNs: Int64 = 100_000_000
    private static let pollUs: UInt32 = 500
    /// How often a process that ends by itself is started again.
    private static let crashRestartsMax = 3

    let service: any WorkerService
    let care: ServiceCare
    let schedule: Schedule
    let folder: RunFolder
    let startNs = Clock.nowNs
    let instance: Instance
    var nodes: [TargetNode] = []
    var times = RunTimes()
    var errors: [String] = []
    private var crashes: [String] = []
    private var notes = ClientNotes()
    private let history: HistoryWriter
    /// What is to be done at what time, in order.
    private var agenda: [(atNs: Int64, act: () throws -> Void)] = []
    private var nextCollectNs: Int64 = 0
    var faultCounts: [String: Int] = [:]
    var killCount = 0
    /// Of each fault that is on: how many of its victims are not well again.
    var openVictims: [Int64: Int] = [:]
    private let progress: (String) -> Void

    /// Starts the servers.
    /// - Throws: `AlternativeError`, `HistoryError`.
    public init(
        _ service: any WorkerService,
        _ care: ServiceCare,
        _ schedule: Schedule,
        in folder: RunFolder,
        progress: @escaping (String) -> Void
    ) throws {
        self.service = service
        self.care = care
        self.schedule = schedule
        self.folder = folder
        self.progress = progress
        history = try HistoryWriter(path: folder.historyPath)
        instance = try Instance(service, care, in: URL(filePath: folder.dataPath).absoluteURL)
    }

    var nowNs: Int64 { Clock.nowNs - startNs }

    /// - Throws: Where nothing could be tried.
    public func run(command: String?) throws -> RunResult {
        defer { instance.end() }
        try folder.write(try schedule.json(), to: folder.schedulePath)
        try begin()
        progress("running")
        try pass(until: { self.nowNs >= self.times.loadBeginsNs + self.schedule.settings.durationNs })
        progress("healing")
        try heal()
        try pass(for: Self.cooldownNs)
        try end()
        return try judge(command: command)
    }

    // MARK: The course

    private func begin() throws {
        let settings = schedule.settings
        for name in service.servers {
            nodes.append(.server(name))
            nodes[nodes.count - 1].state = .up
            nodes[nodes.count - 1].life = 1
        }
        for number in 1...settings.workers { try add(.worker(number)) }
        guard try pass(until: { self.nodes.allSatisfy { $0.state == .up } }, within: Self.startTimeoutNs) else {
            throw AlternativeError.failed("\(service.name): not all workers were ready within 20 s")
        }
        times.loadBeginsNs = nowNs + Self.openingNs
        for number in 1...settings.clients { try add(.client(number)) }
        note("load-begin", ["atNs": times.loadBeginsNs])
        for step in schedule.steps {
            switch step.action {
            case .fault(let order): at(times.loadBeginsNs + step.atNs) { try self.carryOut(order) }
            case .resize(let order): at(times.loadBeginsNs + step.atNs) { try self.carryOut(order) }
            }
        }
    }

    /// Ends every fault, and has every process run that is to run.
    private func heal() throws {
        // What the agenda still has heals, or begins what is not to begin any more.
        let rest = agenda
        agenda = []
        isHealing = true
        for entry in rest { try entry.act() }
        let isWhole = try pass(
            until: { self.nodes.allSatisfy { $0.state == .up || !$0.isWanted } },
            within: Self.startTimeoutNs
        )
        if !isWhole {
            errors.append("not every process was up \(Self.startTimeoutNs / 1_000_000_000) s after all was healed")
        }
        times.healedNs = nowNs
        record(.healed(boundNs: Self.serviceBoundNs), at: times.healedNs)
    }

    private(set) var isHealing = false

    private func end() throws {
        times.loadEndsNs = nowNs
        let timeoutNs = schedule.settings.load.timeoutNs + 5_000_000_000
        try stop(.clients, within: timeoutNs)
        progress("reading")
        collect(until: .max)
        let reader = try startReader(keys: notes.keyCount)
        if try !pass(until: { !reader.isRunning }, within: Self.readTimeoutNs) || reader.endStatus != 0 {
            errors.append("not all of the \(notes.keyCount) keys could be read: the reader \(reader.endText)")
        }
        try stop(.workers, within: Self.endTimeoutNs)
        collect(until: .max)
        keepLogs()
    }

    private func stop(_ role: TargetRole, within limitNs: Int64) throws {
        let places = nodes.indices.filter { nodes[$0].role == role && nodes[$0].state != .down }
        for place in places { expectEnd(place) }
        for place in places { instance.process(nodes[place].name).send(SIGTERM) }
        let processes = places.map { instance.process(nodes[$0].name) }
        if try !pass(until: { processes.allSatisfy { !$0.isRunning } }, within: limitNs) {
            errors.append("not all \(role.rawValue) had ended \(limitNs / 1_000_000_000) s after SIGTERM")
        }
        for (place, process) in zip(places, processes) {
            if process.endStatus != 0 { errors.append("\(nodes[place].name) \(process.endText) at the end of the run") }
            noteCounters(of: place)
        }
    }

    // MARK: Time

    func at(_ timeNs: Int64, _ act: @escaping () throws -> Void) {
        let place = agenda.firstIndex { $0.atNs > timeNs } ?? agenda.count
        agenda.insert((timeNs, act), at: place)
    }

    private func pass(for lengthNs: Int64) throws {
        let endNs = nowNs + lengthNs
        try pass(until: { self.nowNs >= endNs })
    }

    /// Does what is due until a condition holds, or for so long.
    /// - Returns: Whether it holds.
    @discardableResult
    func pass(until condition: () -> Bool, within limitNs: Int64 = .max) throws -> Bool {
        let beganNs = nowNs
        while !condition() {
            guard limitNs == .max || nowNs - beganNs < limitNs else { return false }
            while let first = agenda.first, first.atNs <= nowNs {
                agenda.removeFirst()
                try first.act()
            }
            watch()
            if nowNs >= nextCollectNs {
                collect(until: nowNs)
                nextCollectNs = nowNs + Self.collectEveryNs
            }
            usleep(Self.pollUs)
        }
        return true
    }

    /// Sees who has come up, and who has ended.
    private func watch() {
        for place in nodes.indices where nodes[place].state != .down {
            let name = nodes[place].name
            let process = instance.process(name)
            guard process.isRunning else {
                crashed(place, process.endText)
                continue
            }
            guard nodes[place].state == .starting, isServing(nodes[place], process) else { continue }
            nodes[place].state = .up
            note("node-ready", NodeNote(node: name, life: nodes[place].life))
            if let fault = nodes[place].endsFault { faultEnded(fault, place) }
        }
    }

    private func isServing(_ node: TargetNode, _ process: ServerProcess) -> Bool {
        node.role == .servers
            ? ServerProcess.isListening(instance.address.port(node.name)) : process.hasLogged(Instance.readyText)
    }

    private func crashed(_ place: Int, _ how: String) {
        let name = nodes[place].name
        nodes[place].state = .down
        note("unexpected-end", ["node": name, "how": how])
        keepLog(of: name)
        let crash = "\(name) \(how) by itself; see \(folder.logsPath)/\(name).log"
        crashes.append(crash)
        guard crashes.count(where: { $0 == crash }) <= Self.crashRestartsMax else { return }
        at(nowNs + schedule.settings.restartAfterNs) {
            if self.nodes[place].isWanted, self.nodes[place].state == .down { try self.start(place) }
        }
    }

    // MARK: History

    func record(_ event: NemesisEvent, at timeNs: Int64? = nil) {
        append(HistoryEvent(timeNs: timeNs ?? nowNs, .nemesis(event)))
    }

    func note(_ function: String, _ value: some Encodable) {
        record(.note(function, json: CompactJSON.text(value)))
    }

    func follow(_ path: String, process: String) { notes.follow(path, process: process) }

    private func collect(until cutNs: Int64) {
        for event in notes.take(until: cutNs) { append(event) }
    }

    private func append(_ event: HistoryEvent) {
        do { try history.append(event) } catch { errors.append("\(error)") }
    }

    func keepLog(of name: String) {
        let text = instance.process(name).logText
        try? text.write(toFile: "\(folder.logsPath)/\(name).log", atomically: true, encoding: .utf8)
    }

    private func keepLogs() {
        for (name, _) in instance.processes { keepLog(of: name) }
    }

    private func judge(command: String?) throws -> RunResult {
        try history.close()
        let verdict = try HistoryChecker.check(path: folder.historyPath)
        try folder.write(Data(verdict.json.utf8), to: folder.verdictPath)
        let found = try service.find()
        guard let promise = service.promise(care) else { preconditionFailure("a service that is not there was run") }
        let target = RunTarget(
            name: service.name,
            service: care.rawValue,
            version: found.version,
            settings: found.settings,
            promise: promise.text,
            notPromised: promise.excluded
        )
        let result = RunResult(verdict: verdict, errors: errors, crashes: crashes, kills: killCount, target: target)
        let file = RunFile(
            seed: schedule.seed,
            settings: schedule.settings,
            machine: MachineInfo.current(command: command),
            times: times,
            result: result,
            faults: faultCounts,
            target: target
        )
        try file.write(in: folder)
        folder.tidy(keepsData: false)
        return result
    }
}

private struct NodeNote: Encodable {
    let node: String
    let life: Int
}
