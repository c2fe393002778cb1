// What the processes of a trial's cluster say of rounds and epochs while it runs: so the history tells whether every round
// was over in time, and whether an epoch went back.

import Ringmaster
import Synchronization

/// In which of its lives a process is, for tasks that do not own it.
final class LifeCount: Sendable {
    private let count = Atomic<Int64>(0)

    var number: Int64 { count.load(ordering: .acquiring) }

    func begin() { count.add(1, ordering: .acquiringAndReleasing) }
}

/// Looks at every coordinator, and at every worker that they name, until it is stopped.
actor TrialWatch {
    private static let interval: Duration = .milliseconds(20)
    /// A process that is stopped answers nothing.
    private static let options = CallOptions(timeout: .milliseconds(200))

    private let notes: TrialNotes
    private var tasks: [Task<Void, Never>] = []
    private var workers: Set<String> = []
    private var begun: Set<UInt64> = []
    /// The highest epoch that is known to be committed; nil before the first look.
    private var committed: UInt64?

    init(_ notes: TrialNotes) {
        self.notes = notes
    }

    func begin(_ coordinators: [(line: RPCClient, life: LifeCount)]) {
        for coordinator in coordinators {
            tasks.append(
                Task {
                    while !Task.isCancelled {
                        await look(at: coordinator.line, coordinator.life)
                        try? await Task.sleep(for: Self.interval)
                    }
                }
            )
        }
    }

    /// Ends looking, once every coordinator was looked at again.
    func stop(_ coordinators: [(line: RPCClient, life: LifeCount)]) async {
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        for coordinator in coordinators { await look(at: coordinator.line, coordinator.life) }
    }

    private func look(at line: RPCClient, _ life: LifeCount) async {
        let before = life.number
        guard let bytes = try? await line.call("cluster.status", payload: [], options: Self.options),
            let status = try? MessagePackDecoder().decode(CoordinatorStatus.self, from: bytes), before == life.number
        else { return }
        notes.add(.nemesis(.epochSeen(process: status.name, incarnation: before, Epoch(status.epoch))))
        note(intent: status.intentEpoch, epoch: status.epoch)
        for worker in status.workers where workers.insert(worker.endpoint).inserted { follow(worker.endpoint) }
    }

    private func note(intent: UInt64, epoch: UInt64) {
        let known = committed ?? epoch
        if epoch > known {
            // The one that was seen to begin may have been superseded by this one.
            noteBegin(of: epoch)
            notes.add(.nemesis(.roundCommitted(Epoch(epoch))))
        }
        committed = max(known, epoch)
        if intent > max(known, epoch) { noteBegin(of: intent) }
    }

    private func noteBegin(of epoch: UInt64) {
        guard begun.insert(epoch).inserted else { return }
        notes.add(.nemesis(.roundBegan(Epoch(epoch), mode: "", members: [])))
    }

    private func follow(_ endpoint: String) {
        tasks.append(
            Task {
                guard let endpoint = try? Endpoint(endpoint), let line = try? await RPCClient(endpoint) else { return }
                while !Task.isCancelled {
                    if let bytes = try? await line.call("member.status", payload: [], options: Self.options),
                        let status = try? MessagePackDecoder().decode(WorkerStatus.self, from: bytes)
                    {
                        let incarnation = Int64(clamping: status.incarnation)
                        notes.add(
                            .nemesis(.epochSeen(process: status.name, incarnation: incarnation, Epoch(status.epoch)))
                        )
                    }
                    try? await Task.sleep(for: Self.interval)
                }
                await line.close()
            }
        )
    }
}
