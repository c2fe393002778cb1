// The load of one client's process: asks as the plan says, notes what it asks and what it is told.

import Measurement
import Ringmaster

/// Carries out operations on a cluster's client, on the client's own loop.
actor ClientLoad {
    private let order: ClientOrder
    private let file: OperationFile
    private let loop = EventLoop.shared
    private var client: Client
    private var isStopping = false
    private var freeLanes: [Int] = []
    private var lanesMade = 0
    private var underWay = 0
    private var appended: Int64 = 0
    private var whenLaneIsFree: CheckedContinuation<Void, Never>?
    private var whenIdle: CheckedContinuation<Void, Never>?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Operations that one client has under way at the most; what is due beyond waits, and its latency counts.
    private static let lanesMax = 8192
    /// How often notes of completions go to the recorder while nothing is asked.
    private static let flushInterval: Duration = .milliseconds(20)

    private static let flushesPerReport = 25

    init(_ order: ClientOrder, client: Client) throws(RunError) {
        self.order = order
        self.client = client
        file = try OperationFile(path: order.notesPath)
    }

    private var nowNs: Int64 { MonotonicTime.now.nanoseconds - order.startNs }

    // MARK: The plan

    /// Asks until `stop`, then waits for what is under way.
    func run() async {
        await sleep(until: order.loadBeginsNs)
        let cpuBeforeNs = ProcessorTime.usedNs
        let flushing = Task {
            var flushes = 0
            while !Task.isCancelled {
                file.flush()
                flushes += 1
                if flushes.isMultiple(of: Self.flushesPerReport) { await tellCounters(since: cpuBeforeNs) }
                try? await Task.sleep(for: Self.flushInterval)
            }
        }
        let plan = LoadPlan(order.settings, seed: order.seed, client: order.number)
        if order.settings.load.perSecond == nil { await runLanes(plan) } else { await runOpen(plan) }
        await idle()
        flushing.cancel()
        file.flush()
        await tellCounters(since: cpuBeforeNs)
    }

    private func tellCounters(since cpuBeforeNs: Int64) async {
        NodeReport.say(
            .counters([
                RunCounter.retries.rawValue: await client.statistics.resends,
                SuiteCost.counterName: Int((ProcessorTime.usedNs - cpuBeforeNs) / 1000),
            ])
        )
    }

    func stop() {
        isStopping = true
    }

    /// Asks when it is time, whether answers come or not.
    private func runOpen(_ plan: LoadPlan) async {
        // What was due before this process began, nobody was there to ask.
        let bornNs = nowNs
        for var operation in plan {
            let intendedNs = order.loadBeginsNs + (operation.intendedNs ?? 0)
            guard intendedNs >= bornNs else { continue }
            operation.intendedNs = intendedNs
            await sleep(until: intendedNs)
            if isStopping { return }
            let lane = await takeLane()
            begin(operation, lane)
        }
    }

    private func sleep(until timeNs: Int64) async {
        let waitNs = timeNs - nowNs
        if waitNs > 0 { try? await Task.sleep(for: .nanoseconds(waitNs), tolerance: .zero) }
    }

    /// Each lane asks again once it has its answer.
    private func runLanes(_ plan: LoadPlan) async {
        var plan = plan
        while !isStopping, let operation = plan.next() {
            let lane = await takeLane()
            if isStopping { return freeLanes.append(lane) }
            begin(operation, lane)
        }
    }

    /// Reads keys, a lane each as long as there are any.
    func read(keys: Range<Int>) async {
        for key in keys {
            let lane = await takeLane()
            begin(LoadPlan.Operation(intendedNs: nil, isRead: true, key: key), lane)
        }
        await idle()
        file.flush()
    }

    private func takeLane() async -> Int {
        while true {
            if let lane = freeLanes.popLast() { return lane }
            let limit = order.settings.load.perSecond == nil ? order.settings.load.lanes : Self.lanesMax
            if lanesMade < limit {
                lanesMade += 1
                return lanesMade
            }
            await withCheckedContinuation { whenLaneIsFree = $0 }
        }
    }

    private func idle() async {
        guard underWay > 0 else { return }
        await withCheckedContinuation { whenIdle = $0 }
    }

    // MARK: One operation

    private func begin(_ operation: LoadPlan.Operation, _ lane: Int) {
        let timeNs = nowNs
        var record = OperationNote(
            type: .invoke,
            isRead: operation.isRead,
            lane: lane,
            key: operation.key,
            timeNs: timeNs,
            intendedNs: operation.intendedNs ?? timeNs
        )
        if !operation.isRead {
            appended += 1
            record.value = order.firstValue + appended
        }
        file.begin(record)
        underWay += 1
        // The client's calls stay on the loop's thread, too: each hop to the pool and back would cost two switches of threads.
        Task(executorPreference: loop.taskExecutor) { [self] in await perform(record) }
    }

    private func perform(_ invocation: OperationNote) async {
        file.flushInvocations()
        var record = invocation
        let key = Array(AppendJob.key(record.key).utf8)
        let timeout = Duration.nanoseconds(order.settings.load.timeoutNs)
        let client = client
        do throws(ClusterError) {
            if record.isRead {
                record.list = try await client.readRaw(key: key, timeout: timeout) ?? []
                record.type = .ok
            } else {
                let argument = AppendJob.bytes(of: record.value)
                let reply = try await client.submitRaw(AppendJob.name, key: key, argument, timeout: timeout)
                record.position = AppendJob.values(reply)?.first ?? -1
                record.type = .ok
            }
        } catch {
            record.type = record.isRead ? .fail : Self.outcome(of: error)
            if case .sessionExpired = error { await renew(client) }
        }
        record.timeNs = nowNs
        file.end(record)
        finished(record.lane)
    }

    private func finished(_ lane: Int) {
        freeLanes.append(lane)
        underWay -= 1
        whenLaneIsFree?.resume()
        whenLaneIsFree = nil
        guard underWay == 0 else { return }
        whenIdle?.resume()
        whenIdle = nil
    }

    /// What a failed append's error says of its effect. Only what certainly left the state as it was is a failure.
    private static func outcome(of error: ClusterError) -> OperationType {
        switch error {
        case .handlerFailed, .unknownJob, .payloadTooLarge, .notAuthorised: .fail
        case .deadlineExceeded, .noQuorum, .sessionExpired, .unexpectedValue, .notReleased, .overloaded, .cancelled,
            .closed,
            .refused:
            .info
        }
    }

    /// A client whose session has expired can do no more jobs.
    private func renew(_ old: Client) async {
        guard client === old else { return }
        NodeReport.say(.note("session-expired", [:]))
        if let new = try? await Client(order.clientConfiguration), client === old { client = new }
    }
}
