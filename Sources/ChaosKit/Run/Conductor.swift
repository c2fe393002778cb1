// A run from its first process to its verdict: the schedule's steps in time, and everything that has to be done around them.

import Foundation
import Measurement
import Ringmaster

/// Carries a schedule out on a cluster of its own.
public actor Conductor {
    /// What the cluster may take to come up before anything is tried.
    private static let settleTimeout: Duration = .seconds(20)
    /// Between the start of the clients and the beginning of the load: they open their sessions.
    private static let openingNs: Int64 = 1_000_000_000

    let schedule: Schedule
    let folder: RunFolder
    let cluster: RunningCluster
    let recorder: Recorder
    let admin: ClusterAdmin
    let endpoints: [Endpoint]
    var times = RunTimes()
    /// What keeps the run from saying what it was to say.
    var errors: [String] = []
    /// Processes that ended though nobody ended them.
    var crashes: [String] = []
    var isHealing = false
    var naps: [Int64: Task<Void, Never>] = [:]
    var faultTasks: [Task<Void, Never>] = []
    var resizeTasks: [Task<Void, Never>] = []
    var phase = "starting"
    /// Processor time of this process when the load began.
    var cpuBeforeNs: Int64 = 0
    /// The coordinators' own file systems, where a disk is to be full.
    private var volumes: [Volume] = []
    private var wake: Task<Void, Never>?
    private var isStopped = false
    private let command: String?

    /// - Parameter command: The command line, for those who read the results.
    /// - Throws: `RunError.cannotCreate` and `.cannotStart`.
    public init(_ schedule: Schedule, in folder: RunFolder, command: String? = nil) async throws(RunError) {
        self.schedule = schedule
        self.folder = folder
        self.command = command
        let startNs = MonotonicTime.now.nanoseconds
        let network = try schedule.networkMode.make(coordinators: schedule.settings.coordinators)
        let orders = NodeOrders(
            schedule.settings,
            seed: schedule.seed,
            folder: folder,
            startNs: startNs,
            kinds: schedule.kinds,
            coordinatorEndpoints: network.coordinatorEndpoints
        )
        cluster = RunningCluster(orders, on: network, in: folder)
        do {
            endpoints = try orders.coordinatorEndpoints.map { try Endpoint($0) }
            var configuration = ClientConfiguration(coordinators: endpoints)
            let security = network.security
            configuration.security = { _ in security }
            admin = try await ClusterAdmin(configuration)
        } catch {
            throw .cannotStart(node: "the run", reason: "\(error)")
        }
        do throws(HistoryError) {
            recorder = try Recorder(path: folder.historyPath, startNs: startNs)
        } catch {
            throw .history(error)
        }
    }

    /// Begins the end: everything is healed, and what was recorded is judged.
    public func stop() {
        isStopped = true
        wake?.cancel()
    }

    /// Carries it out.
    /// - Parameter showsLive: Whether a line on standard error shows how it goes.
    public func run(showsLive: Bool = true) async throws(RunError) -> RunResult {
        do {
            try folder.write(try schedule.json(), to: folder.schedulePath)
        } catch {
            throw .cannotCreate(path: folder.schedulePath, reason: "\(error)")
        }
        let listening = Task { for await event in cluster.events { await took(event) } }
        let live = Task { await show(isOn: showsLive) }
        let failure: RunError?
        do throws(RunError) {
            try await begin()
            await playSteps()
            try await end()
            failure = nil
        } catch {
            failure = error
        }
        live.cancel()
        await live.value
        await cluster.killEverything()
        await listening.value
        for volume in volumes { if let reason = volume.unmount() { errors.append(reason) } }
        await admin.close()
        if let failure {
            try? await recorder.close()
            throw failure
        }
        return try await judge(command: command)
    }

    // MARK: Beginning

    private func begin() async throws(RunError) {
        let settings = schedule.settings
        let coordinators = (1...settings.coordinators).map { NodeName(.coordinator, $0) }
        let workers = (1...settings.workers).map { NodeName(.worker, $0) }
        if schedule.kinds.contains(.diskFull) { volumes = try Volume.mount(coordinators, in: folder) }
        try await start(coordinators)
        try await start(workers)
        guard await settle(within: Self.settleTimeout) else {
            throw .didNotSettle(reason: "no leader with \(settings.workers) workers within \(Self.settleTimeout)")
        }
        times.loadBeginsNs = recorder.nowNs + Self.openingNs
        await cluster.setLoadBegin(times.loadBeginsNs)
        try await start((1...settings.clients).map { NodeName(.client, $0) })
        await recorder.note("load-begin", ["atNs": times.loadBeginsNs])
        cpuBeforeNs = ProcessorTime.usedNs
    }

    private func start(_ names: [NodeName]) async throws(RunError) {
        let failures = await withTaskGroup(of: RunError?.self) { [cluster] group in
            for name in names {
                group.addTask {
                    do throws(RunError) {
                        try await cluster.start(name)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            var failures: [RunError] = []
            for await failure in group { if let failure { failures.append(failure) } }
            return failures
        }
        if let failure = failures.first { throw failure }
    }

    /// Waits until somebody leads, every worker that is to be there is on the ring, nobody else, and no round is under way.
    func settle(within limit: Duration) async -> Bool {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let names = Set(await cluster.wanted(.worker).map(\.description))
            if let leader = try? await admin.leader(timeout: .seconds(1)), leader.intentEpoch == 0,
                Set(leader.workers.map(\.name)) == names
            {
                return true
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    // MARK: Steps

    private func playSteps() async {
        phase = "running"
        for step in schedule.steps {
            await sleep(until: times.loadBeginsNs + step.atNs)
            if isStopped { break }
            switch step.action {
            case .fault(let order): faultTasks.append(Task { await carryOut(order) })
            case .resize(let order): await carryOut(order)
            }
        }
        await sleep(until: times.loadBeginsNs + schedule.settings.durationNs)
    }

    /// Ends early where the run is stopped.
    private func sleep(until timeNs: Int64) async {
        guard !isStopped else { return }
        let nap = Task { [recorder] in
            let waitNs = timeNs - recorder.nowNs
            if waitNs > 0 { try? await Task.sleep(for: .nanoseconds(waitNs), tolerance: .zero) }
        }
        wake = nap
        await nap.value
    }

    // MARK: What the processes tell

    private func took(_ event: NodeEvent) async {
        await cluster.took(event)
        switch event.content {
        case .told(let report):
            if let epoch = await recorder.took(report, from: event.name, life: event.life) {
                let timeNs = recorder.nowNs
                Task { await noteView(epoch, of: event.name, at: timeNs) }
            }
        case .notes(let path): await recorder.follow(notes: path, process: "\(event.name).\(event.life)")
        case .ended(let how, let isExpected):
            await recorder.note("node-ended", ["node": "\(event.name)", "how": how])
            if !isExpected { await crashed(event.name, how) }
        }
    }

    private func crashed(_ name: NodeName, _ how: String) async {
        let crash = "\(name) \(how) by itself; see \(folder.logsPath)/\(name).log"
        crashes.append(crash)
        await recorder.note("unexpected-end", ["node": "\(name)", "how": how])
        // What cannot run at all is not tried for ever.
        guard crashes.count(where: { $0 == crash }) <= RunLimits.crashRestartsMax else { return }
        let wait = schedule.settings.restartAfterNs
        faultTasks.append(
            Task {
                try? await Task.sleep(for: .nanoseconds(wait))
                guard await cluster.isWanted(name), phase != "ending" else { return }
                do throws(RunError) { try await cluster.start(name) } catch { errors.append(error.description) }
            }
        )
    }

    /// Notes who owns what by a coordinator that works by this epoch.
    private func noteView(_ epoch: UInt64, of name: NodeName, at timeNs: Int64) async {
        var configuration = RPCClientConfiguration()
        configuration.security = cluster.network.security
        guard let client = try? await RPCClient(endpoints[name.number - 1], configuration: configuration) else {
            return
        }
        let options = CallOptions(timeout: .milliseconds(500))
        if let bytes = try? await client.call("cluster.view", payload: [], options: options),
            let view = try? ClusterView(decoding: bytes)
        {
            await recorder.note("view", ViewNote(view), at: timeNs)
        }
        await client.close()
    }
}
