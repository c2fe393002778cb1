// The processes of a cluster on this machine: started, started again when they die, added, taken away, ended in order.

import Glibc
import Ringmaster

/// Keeps the children of `up` running.
actor Supervisor {
    /// Between the death of a process and the next try: doubled at each death, forgotten after a life of `calmLife`.
    static let restartDelayMin: Duration = .milliseconds(100)
    static let restartDelayMax: Duration = .seconds(5)
    static let calmLife: Duration = .seconds(10)
    /// What workers may take to hand over and coordinators to close before they are ended at once.
    static let stopTimeout: Duration = .seconds(10)
    static let resizeTimeout: Duration = .seconds(60)
    private static let pollInterval: Duration = .milliseconds(20)

    enum Kind: String, Codable, Sendable {
        case coordinator, worker
    }

    private struct Child {
        let kind: Kind
        let arguments: [String]
        let endpoint: String
        var process: ChildProcess?
        var delay = restartDelayMin
        var restarts = 0
        /// It was asked to end, and is not started again.
        var isEnding = false
    }

    private(set) var file: ClusterFile
    private let directory: String
    private let plan: ChildPlan
    private let isAnyPort: Bool
    private let admin: ClusterAdmin
    private let say: @Sendable (String) -> Void
    private let hopeless: AsyncStream<CommandFailure>.Continuation
    private var children: [String: Child] = [:]
    private var isStopping = false
    private var isResizing = false

    /// - Parameters:
    ///   - say: Tells a person what happens.
    ///   - hopeless: Told why a child cannot be run at all.
    init(
        _ file: ClusterFile,
        plan: ChildPlan,
        isAnyPort: Bool,
        admin: ClusterAdmin,
        say: @escaping @Sendable (String) -> Void,
        hopeless: AsyncStream<CommandFailure>.Continuation
    ) {
        self.file = file
        self.plan = plan
        self.isAnyPort = isAnyPort
        self.admin = admin
        self.say = say
        self.hopeless = hopeless
        directory = plan.directory
    }

    // MARK: Beginning

    /// Starts everything.
    func start() throws(CommandFailure) {
        try file.write(in: directory)
        for coordinator in file.coordinators {
            let arguments = plan.coordinator(coordinator, of: file)
            try add(coordinator.name, .coordinator, arguments, port: coordinator.port)
        }
        for worker in file.workers { try add(worker) }
    }

    private func add(_ worker: ClusterFile.Worker) throws(CommandFailure) {
        try add(worker.name, .worker, plan.worker(worker, of: file), port: worker.port)
    }

    private func add(_ name: String, _ kind: Kind, _ arguments: [String], port: UInt16) throws(CommandFailure) {
        children[name] = Child(kind: kind, arguments: arguments, endpoint: "tcp://\(file.host):\(port)")
        try spawn(name)
    }

    private func spawn(_ name: String) throws(CommandFailure) {
        guard let child = children[name], child.process == nil else { return }
        children[name]?.process = try ChildProcess(child.arguments) { end in
            Task { await self.ended(name, end) }
        }
    }

    /// Waits until a coordinator leads and every worker has its place. Returns whether that came about in time.
    func waitUntilSettled(within limit: Duration) async -> Bool {
        let end = ContinuousClock.now + limit
        while !isStopping, ContinuousClock.now < end {
            if let leader = try? await admin.leader(timeout: .seconds(1)), leader.intentEpoch == 0,
                Set(leader.workers.map(\.name)).isSuperset(of: file.workers.map(\.name)),
                leader.workers.allSatisfy({ worker in !isLeaving(worker.name) })
            {
                return true
            }
            try? await Task.sleep(for: Self.pollInterval)
        }
        return false
    }

    private func isLeaving(_ name: String) -> Bool {
        children[name]?.kind == .worker && children[name]?.isEnding == true
    }

    // MARK: Ends

    private func ended(_ name: String, _ end: ChildProcess.End) {
        guard var child = children[name], let process = child.process else { return }
        child.process = nil
        children[name] = child
        guard !isStopping, !child.isEnding else { return }
        if end == .exited(ExitStatus.done.rawValue), child.kind == .worker {
            say("worker \(name) (pid \(process.pid)) has left; it is not started again")
            return forget(name)
        }
        if end == .exited(ExitStatus.badData.rawValue), child.kind == .coordinator, file.coordinators.count > 1 {
            // The cluster bears it, as long as a majority is whole.
            say(
                "coordinator \(name) cannot run: its log is damaged, see above. It is not started again; the others go on"
            )
            return
        }
        if case .exited(let status) = end, let cause = ExitStatus(rawValue: status), Self.isHopeless(cause) {
            hopeless.yield(
                CommandFailure(cause, "\(child.kind) \(name) cannot run: \(cause.meaning); its message is above")
            )
            return
        }
        if ContinuousClock.now - process.startedAt > Self.calmLife { child.delay = Self.restartDelayMin }
        let delay = child.delay
        child.delay = min(child.delay * 2, Self.restartDelayMax)
        child.restarts += 1
        children[name] = child
        say(
            "\(child.kind) \(name) (pid \(process.pid)) \(end.text); started again in \(delay) (restart \(child.restarts))"
        )
        Task {
            try? await Task.sleep(for: delay)
            restart(name)
        }
    }

    /// What no second try mends.
    private static func isHopeless(_ status: ExitStatus) -> Bool {
        switch status {
        case .usage, .configuration, .notPermitted, .noInput, .badData: true
        case .done, .failed, .unavailable, .cannotCreate, .inputOutput, .tryAgain: false
        }
    }

    private func restart(_ name: String) {
        guard !isStopping, let child = children[name], !child.isEnding else { return }
        do {
            try spawn(name)
            if let pid = children[name]?.process?.pid { say("\(child.kind) \(name) runs again (pid \(pid))") }
        } catch {
            say("\(child.kind) \(name): \(error)")
            Task {
                try? await Task.sleep(for: Self.restartDelayMax)
                restart(name)
            }
        }
    }

    private func forget(_ name: String) {
        children[name] = nil
        file.workers.removeAll { $0.name == name }
        do {
            try file.write(in: directory)
        } catch {
            say(error.message)
        }
    }

    // MARK: Orders

    /// Starts workers, or has some leave, until there are so many. Gives the names that came and went.
    /// - Throws: `RemoteError`: the number is not possible, another resize is under way, or it took too long.
    func resize(to count: Int) async throws -> (joined: [String], left: [String]) {
        guard (0...ClusterFile.workersMax).contains(count) else {
            throw RemoteError(
                code: .badParams,
                message: "\(count) workers are not possible on one machine: 0 to \(ClusterFile.workersMax)"
            )
        }
        guard !isResizing, !isStopping else {
            throw RemoteError(code: .overloaded, message: "another resize, or the end, is under way; try again")
        }
        isResizing = true
        defer { isResizing = false }
        var joined: [String] = []
        while file.workers.count < count {
            var next = file
            let host = file.host
            do {
                try next.addWorker(isAnyPort: isAnyPort) { preferred throws(CommandFailure) in
                    try FreePort.find(on: host, preferred: preferred)
                }
                try next.write(in: directory)
                file = next
                try add(next.workers[next.workers.count - 1])
            } catch {
                throw RemoteError(code: .handlerFailed, message: "\(error)")
            }
            joined.append(next.workers[next.workers.count - 1].name)
        }
        let left = file.workers.dropFirst(count).map(\.name)
        for name in left {
            children[name]?.isEnding = true
            children[name]?.process?.signal(SIGTERM)
        }
        let hasEnded = await waitForEnd(of: left, within: Self.resizeTimeout)
        for name in left {
            children[name]?.process?.signal(SIGKILL)
            forget(name)
        }
        guard hasEnded, await waitUntilSettled(within: Self.resizeTimeout) else {
            throw RemoteError(
                code: .deadlineExceeded,
                message:
                    "the ring had not settled after \(Self.resizeTimeout); it goes on. Look with `ringmaster status`"
            )
        }
        return (joined, left)
    }

    private func waitForEnd(of names: [String], within limit: Duration) async -> Bool {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if !names.contains(where: { children[$0]?.process != nil }) { return true }
            try? await Task.sleep(for: Self.pollInterval)
        }
        return false
    }

    /// Ends everything in order: workers hand over, then coordinators close. What does not end in time is ended at once.
    func stop() async {
        isStopping = true
        for kind in [Kind.worker, .coordinator] {
            let names = children.filter { $0.value.kind == kind }.map(\.key)
            for name in names { children[name]?.process?.signal(SIGTERM) }
            if await waitForEnd(of: names, within: Self.stopTimeout) { continue }
            for name in names {
                guard let process = children[name]?.process else { continue }
                say("\(kind) \(name) (pid \(process.pid)) did not end within \(Self.stopTimeout); it is ended at once")
                process.signal(SIGKILL)
            }
        }
    }

    /// Ends everything at once.
    func kill() {
        isStopping = true
        for child in children.values { child.process?.signal(SIGKILL) }
    }

    var reports: [ChildReport] {
        children.map { name, child in
            ChildReport(
                name: name,
                kind: child.kind.rawValue,
                endpoint: child.endpoint,
                pid: child.process?.pid ?? 0,
                restarts: child.restarts
            )
        }.sorted { ($0.kind, $0.name.count, $0.name) < ($1.kind, $1.name.count, $1.name) }
    }
}

/// A child as others see it.
struct ChildReport: Codable, Equatable, Sendable {
    let name: String
    let kind: String
    let endpoint: String
    /// 0 while it is to be started again.
    let pid: Int32
    let restarts: Int
}
