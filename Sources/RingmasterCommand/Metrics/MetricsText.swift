// The metrics of a coordinator and of a worker, in Prometheus' text format 0.0.4.

import Ringmaster

/// Builds the text, metric by metric.
struct MetricsText {
    enum Kind: String {
        case counter, gauge
    }

    private var text = ""

    /// Adds a metric with one or more samples.
    mutating func add(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        _ samples: [(labels: [(String, String)], value: Double)]
    ) {
        text += "# HELP ringmaster_\(name) \(help)\n# TYPE ringmaster_\(name) \(kind.rawValue)\n"
        for (labels, value) in samples {
            let inner = labels.map { "\($0)=\"\(Self.escape($1))\"" }.joined(separator: ",")
            let number = value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
            text += "ringmaster_\(name)\(inner.isEmpty ? "" : "{\(inner)}") \(number)\n"
        }
    }

    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: some BinaryInteger) {
        add(name, kind, help, [([], Double(value))])
    }

    private static func escape(_ label: String) -> String {
        label.map { $0 == "\\" ? "\\\\" : $0 == "\"" ? "\\\"" : $0 == "\n" ? "\\n" : String($0) }.joined()
    }

    static func coordinator(_ status: CoordinatorStatus) -> String {
        var metrics = MetricsText()
        metrics.add(
            "coordinator_info",
            .gauge,
            "Who this coordinator is; always 1.",
            [
                (
                    [("name", status.name), ("endpoint", status.endpoint), ("durability", status.durability)], 1
                )
            ]
        )
        metrics.add("coordinator_leader", .gauge, "1 where this coordinator leads.", status.role == "leader" ? 1 : 0)
        metrics.add("coordinator_term", .gauge, "Raft term of its leadership.", status.term)
        metrics.add("replicas", .gauge, "Coordinators that hold the log on disk; 0 for memory only.", status.replicas)
        metrics.add("ring_epoch", .gauge, "Epoch of the ring in force.", status.epoch)
        metrics.add("ring_resizing", .gauge, "1 while a resize is under way.", status.intentEpoch > 0 ? 1 : 0)
        metrics.add("jobs_total", .counter, "Jobs committed in the life of the cluster.", status.jobIndex)
        metrics.add("log_index", .gauge, "Last entry of this coordinator's log.", status.logIndex)
        metrics.add("log_applied_index", .gauge, "Last entry applied.", status.appliedIndex)
        metrics.add("keys", .gauge, "Keys that have a version.", status.keys)
        metrics.add("sessions", .gauge, "Sessions of clients.", status.sessions)
        metrics.add("log_entries_total", .counter, "Entries proposed since this process began.", status.entries)
        metrics.add("log_commands_total", .counter, "Commands proposed since this process began.", status.commands)
        metrics.add("deltas_applied_total", .counter, "Deltas applied since this process began.", status.deltasApplied)
        metrics.add("deltas_refused_total", .counter, "Deltas refused since this process began.", status.deltasRefused)
        metrics.add(
            "deltas_fenced_total",
            .counter,
            "Deltas of stale owners refused while it led.",
            status.deltasFenced
        )
        metrics.add(
            "duplicates_suppressed_total",
            .counter,
            "Deltas of jobs that had been done, refused while it led.",
            status.duplicatesSuppressed
        )
        metrics.add(
            "hand_over_bytes_total",
            .counter,
            "Bytes of states handed over to workers while it led.",
            status.handOverBytes
        )
        metrics.add(
            "rounds_total",
            .counter,
            "Rounds of resizes that this process drove.",
            [
                ([("outcome", "committed")], Double(status.roundsCommitted)),
                ([("outcome", "superseded")], Double(status.roundsSuperseded)),
            ]
        )
        metrics.add(
            "worker_slots",
            .gauge,
            "Slots of each worker.",
            status.workers.map {
                ([("worker", $0.name)], Double($0.slots))
            }
        )
        metrics.add(
            "worker_silent_seconds",
            .gauge,
            "Since each worker was heard; on the leader.",
            status.workers.filter { $0.silentMs >= 0 }.map { ([("worker", $0.name)], Double($0.silentMs) / 1000) }
        )
        return metrics.text
    }

    /// - Parameter status: Nil while the worker does not run.
    static func worker(_ status: WorkerStatus?) -> String {
        var metrics = MetricsText()
        metrics.add("worker_up", .gauge, "1 while the worker runs.", status == nil ? 0 : 1)
        guard let status else { return metrics.text }
        metrics.add(
            "worker_info",
            .gauge,
            "Who this worker is; always 1.",
            [
                ([("name", status.name), ("endpoint", status.endpoint)], 1)
            ]
        )
        metrics.add("worker_ring_epoch", .gauge, "Epoch of the ring that it serves under.", status.epoch)
        metrics.add("worker_own_slots", .gauge, "Slots that it owns.", status.slots)
        metrics.add("worker_keys", .gauge, "Keys whose state it holds.", status.keys)
        metrics.add("worker_jobs_in_hand", .gauge, "Jobs that wait, run or are not committed.", status.jobsInHand)
        metrics.add("worker_jobs_committed_total", .counter, "Jobs committed by this process.", status.jobsCommitted)
        metrics.add("worker_jobs_repeated_total", .counter, "Jobs that ran again after a refusal.", status.jobsRepeated)
        metrics.add("worker_deltas_refused_total", .counter, "Deltas that the log refused.", status.deltasRefused)
        metrics.add("worker_reads_total", .counter, "Reads answered.", status.reads)
        metrics.add(
            "worker_duplicates_suppressed_total",
            .counter,
            "Jobs sent again, answered without being run again.",
            status.duplicatesSuppressed
        )
        metrics.add("worker_batches_resent_total", .counter, "Batches of deltas sent again.", status.batchesResent)
        metrics.add("worker_rejoins_total", .counter, "Times the cluster had given it up.", status.rejoins)
        return metrics.text
    }
}
