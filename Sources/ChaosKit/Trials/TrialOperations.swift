// Appends and reads of a trial, each noted before it is sent and when its outcome is known.

import Ringmaster
import Synchronization

/// Asks a cluster through its client. The keys' states are those of `ringmaster worker`'s `append`: a byte string, 8 a value.
struct TrialOperations: Sendable {
    let client: Client
    /// What the process is called in the history.
    let process: HistoryName
    let note: @Sendable (HistoryEvent.Action) -> Void

    /// - Parameter job: The handler: the built-in one, or `TrialWorker.slowJob`.
    func append(_ value: Int64, to key: String, timeout: Duration? = nil, by job: String = "append") async {
        let name = HistoryName.text(key)
        note(.append(.invoke, by: process, key: name, value: value))
        do throws(ClusterError) {
            let argument = TrialList.argument(value)
            let reply = try await client.submitRaw(job, key: Array(key.utf8), argument, timeout: timeout)
            note(.append(.ok, by: process, key: name, value: value, position: TrialList.position(reply)))
        } catch {
            note(.append(Self.outcome(of: error), by: process, key: name, value: value))
        }
    }

    /// - Returns: The list; nil where the read failed.
    @discardableResult
    func read(_ key: String, timeout: Duration? = nil) async -> [Int64]? {
        let name = HistoryName.text(key)
        note(.read(.invoke, by: process, key: name))
        do throws(ClusterError) {
            let list = TrialList.values(try await client.readRaw(key: Array(key.utf8), timeout: timeout))
            note(.read(.ok, by: process, key: name, list: list))
            return list
        } catch {
            note(.read(.fail, by: process, key: name))
            return nil
        }
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
}

/// Lists as the built-in `append` keeps them.
enum TrialList {
    static func argument(_ value: Int64) -> [UInt8] {
        var writer = MessagePackWriter()
        withUnsafeBytes(of: value.littleEndian) { writer.writeBinary($0) }
        return writer.bytes
    }

    /// The index of the value that was appended, from the reply: the length in bytes.
    static func position(_ reply: [UInt8]) -> Int64 {
        reply.withUnsafeBytes { bytes in
            var reader = MessagePackReader(bytes)
            return ((try? reader.readInteger(Int64.self)) ?? 0) / 8 - 1
        }
    }

    static func values(_ state: [UInt8]?) -> [Int64] {
        guard let state else { return [] }
        return state.withUnsafeBytes { bytes in
            var reader = MessagePackReader(bytes)
            guard let list = try? reader.readBinary() else { return [] }
            return (0..<list.count / 8).map {
                Int64(littleEndian: list.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self))
            }
        }
    }
}

/// A light load: a few lanes that append to some keys and read them, until it is stopped. Usable from any task.
actor TrialLoad {
    private let tasks: [Task<Void, Never>]
    private let lanesUnderWay: LaneCount

    init(_ notes: TrialNotes, clients: [Client], keys: [String], lanes: Int = 3, pause: Duration = .milliseconds(2)) {
        let lanesUnderWay = LaneCount(lanes)
        self.lanesUnderWay = lanesUnderWay
        tasks = (0..<lanes).map { lane in
            Task.detached {
                defer { lanesUnderWay.count.subtract(1, ordering: .relaxed) }
                let operations = TrialOperations(client: clients[lane % clients.count], process: .text("lane-\(lane)"))
                {
                    notes.add($0)
                }
                var random = SystemRandomNumberGenerator()
                while !Task.isCancelled {
                    let key = keys[Int.random(in: keys.indices, using: &random)]
                    if Bool.random(using: &random) {
                        // An operation goes on when the load is stopped: its outcome is wanted.
                        await Task.detached { await operations.append(notes.freshValue(), to: key) }.value
                    } else {
                        await Task.detached { _ = await operations.read(key) }.value
                    }
                    try? await Task.sleep(for: pause)
                }
            }
        }
    }

    /// Waits for what is under way, which ends by its own time-out at the latest.
    /// - Throws: `.didNotHappen`: something outlived it.
    func stop(within limit: Duration = .seconds(20)) async throws(TrialError) {
        for task in tasks { task.cancel() }
        try await TrialWait.until("every operation to end", within: limit) {
            lanesUnderWay.count.load(ordering: .relaxed) == 0
        }
    }
}

/// How many lanes have not ended.
private final class LaneCount: Sendable {
    let count: Atomic<Int>

    init(_ lanes: Int) {
        count = Atomic(lanes)
    }
}
