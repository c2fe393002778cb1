// The load of one client's process on a worker service: the same plan as on Ringmaster's cluster, noted in the same way.

import Alternatives
import ChaosKit
import Foundation

/// What a client's process is to do.
public struct ServiceLoadOrder: Codable {
    var service: String
    var address: Address
    /// Its name in the history, with its life.
    var client: String
    /// From 1.
    var number: Int
    var settings: RunSettings
    var seed: UInt64
    /// On the monotonic clock.
    var startNs: Int64
    /// From the start of the run.
    var loadBeginsNs: Int64
    var notesPath: String
    /// All values that it appends are above this, and nobody else's are among them.
    var firstValue: Int64
    /// Where it is not to put load on the service, but to read all keys below this.
    var keysToRead: Int?

    /// What it writes when it ends, and before what.
    static let countersText = "counters "
}

/// Carries an order out on the calling thread.
public final class ServiceLoad {
    private let order: ServiceLoadOrder
    private let file: OperationFile
    private let client: any ServiceClient
    private var plan: ChaosKit.LoadPlan
    private var next: ChaosKit.LoadPlan.Operation?
    /// Invocations without their completion, by the number that the service's client knows them by.
    private var underWay: [UInt64: OperationNote] = [:]
    /// Their numbers in the order in which they began, from `firstOpen` on; some are completed.
    private var begun: [UInt64] = []
    private var firstOpen = 0
    private var freeLanes: [Int] = []
    private var lanesMade = 0
    private var nextID: UInt64 = 1
    private var appended: Int64 = 0
    private var isConnected = false
    private var nextConnectNs: Int64 = 0
    private var nextFlushNs: Int64 = 0

    /// As of Ringmaster's clients: operations under way at the most, and how often completions are handed over.
    private static let lanesMax = 8192
    private static let flushEveryNs: Int64 = 20_000_000
    private static let reconnectEveryNs: Int64 = 20_000_000
    /// Reads at the end that one client has under way.
    private static let readsMax = 64

    public init(_ order: ServiceLoadOrder) throws {
        guard let service = WorkerServices.named(order.service) else {
            throw AlternativeError.failed("no service is called \(order.service)")
        }
        self.order = order
        file = try OperationFile(path: order.notesPath)
        client = try service.client(order.client, at: order.address)
        plan = ChaosKit.LoadPlan(order.settings, seed: order.seed, client: order.number)
    }

    private var nowNs: Int64 { Clock.nowNs - order.startNs }

    /// Puts load on the service until SIGTERM, then waits for what is under way; or reads all keys.
    public func run() {
        let cpuBegin = clock()
        if let keys = order.keysToRead { readAll(keys) } else { putLoad() }
        file.flush()
        let cpuUs = Int(clock() - cpuBegin) * 1_000_000 / Int(CLOCKS_PER_SEC)
        let counters = CompactJSON.text(["retries": client.resendCount, "cpuUs": cpuUs])
        FileHandle.standardOutput.write(Data((ServiceLoadOrder.countersText + counters + "\n").utf8))
    }

    private func putLoad() {
        // What was due before this process began, nobody was there to ask.
        let bornNs = nowNs
        next = plan.next()
        let isClosedLoop = order.settings.load.perSecond == nil
        while let due = dueNs, due < bornNs, !isClosedLoop { next = plan.next() }
        while !StopRequest.hasCome {
            var wakeNs = dueNs ?? .max
            while let due = dueNs, due <= nowNs, var operation = next {
                wakeNs = .max
                guard let lane = takeLane(isClosedLoop) else { break }
                operation.intendedNs = isClosedLoop ? nil : due
                begin(operation, lane)
                next = plan.next()
                wakeNs = dueNs ?? .max
            }
            step(until: wakeNs)
        }
        drain()
    }

    private func readAll(_ keys: Int) {
        var key = 0
        while key < keys || !underWay.isEmpty {
            while key < keys, underWay.count < Self.readsMax, let lane = takeLane(false) {
                begin(ChaosKit.LoadPlan.Operation(intendedNs: nil, isRead: true, key: key), lane)
                key += 1
            }
            step(until: .max)
        }
    }

    private func drain() {
        while !underWay.isEmpty { step(until: .max) }
    }

    /// When the next operation is to be asked for.
    private var dueNs: Int64? {
        next.map { order.loadBeginsNs + ($0.intendedNs ?? 0) }
    }

    private func takeLane(_ isClosedLoop: Bool) -> Int? {
        if let lane = freeLanes.popLast() { return lane }
        guard lanesMade < (isClosedLoop ? order.settings.load.lanes : Self.lanesMax) else { return nil }
        lanesMade += 1
        return lanesMade
    }

    private func begin(_ operation: ChaosKit.LoadPlan.Operation, _ lane: Int) {
        let timeNs = nowNs
        if !operation.isRead { appended += 1 }
        let note = OperationNote(
            invoking: operation.isRead,
            lane: lane,
            key: operation.key,
            value: operation.isRead ? 0 : order.firstValue + appended,
            timeNs: timeNs,
            intendedNs: operation.intendedNs ?? timeNs
        )
        file.begin(note)
        file.flushInvocations()
        underWay[nextID] = note
        begun.append(nextID)
        client.send(
            ServiceOperation(
                id: nextID,
                key: Array(AppendJob.key(operation.key).utf8),
                value: operation.isRead ? nil : note.value
            )
        )
        nextID += 1
    }

    /// Sends, waits and takes what comes, until something is due.
    private func step(until dueNs: Int64) {
        expire()
        let now = nowNs
        if now >= nextFlushNs {
            file.flush()
            nextFlushNs = now + Self.flushEveryNs
        }
        let untilNs = min(dueNs, nextFlushNs)
        do {
            if !isConnected {
                guard now >= nextConnectNs else { return pause(until: min(untilNs, nextConnectNs)) }
                nextConnectNs = now + Self.reconnectEveryNs
                try client.reconnect()
                isConnected = true
            }
            try client.flush()
            try client.receive(until: order.startNs + untilNs) { take($0) }
        } catch {
            isConnected = false
        }
    }

    private func pause(until timeNs: Int64) {
        let waitNs = timeNs - nowNs
        if waitNs > 0 { usleep(UInt32(min(waitNs, Self.flushEveryNs) / 1000)) }
    }

    private func take(_ completion: ServiceCompletion) {
        guard var note = underWay.removeValue(forKey: completion.id) else { return }
        switch completion.outcome {
        case .appended(let position): (note.type, note.position) = (.ok, position)
        case .list(let list): (note.type, note.list) = (.ok, list)
        case .failed: note.type = .fail
        case .unknown: note.type = note.isRead ? .fail : .info
        }
        end(note)
    }

    private func end(_ note: OperationNote) {
        var note = note
        note.timeNs = nowNs
        file.end(note)
        freeLanes.append(note.lane)
    }

    /// Gives up what has waited for too long. All wait equally long, so the oldest are the first.
    private func expire() {
        let limitNs = nowNs - order.settings.load.timeoutNs
        while firstOpen < begun.count {
            let id = begun[firstOpen]
            if var note = underWay[id] {
                guard note.timeNs <= limitNs else { break }
                underWay[id] = nil
                client.forget(id)
                note.type = note.isRead ? .fail : .info
                end(note)
            }
            firstOpen += 1
        }
        guard firstOpen > 4096 else { return }
        begun.removeFirst(firstOpen)
        firstOpen = 0
    }
}
