// What a run measures: a list of steps with their planned lengths.

import BenchResults
import Measurement

/// The user's choices for a run.
struct BenchChoices {
    var scenarios: Set<ScenarioName>
    /// Replaces the payloads of every scenario; nil: the standard ones.
    var payloadBytes: Int?
    var transports: [Transport]
    /// Multiplies the measured time of every step.
    var timeScale: Double
    /// Pairs of each measurement; nil: as planned.
    var pairs: Int?
}

/// One step of a run.
struct BenchStep {
    let label: String
    let plannedSeconds: Double
    let measure: (inout BenchRun) async throws -> Void
}

/// The scenarios by the names that the command line knows.
enum ScenarioName: String, CaseIterable, Hashable, Sendable {
    case roundtrip, throughput, scaling
    case openLoop = "open-loop"
    case restart, memory, ring, micro
    case jobs, resize, recovery, snapshot
    case handOver = "hand-over"

    /// What `--scenarios` takes for several at once.
    enum Group: String, CaseIterable {
        /// Calls, the ring's plans and single operations: what plain `bench` measures.
        case core
        /// Clusters of coordinators and workers.
        case cluster

        var abstract: String {
            switch self {
            case .core: "calls, ring and single operations; under 90 seconds, the default"
            case .cluster: "clusters of real processes; about a minute"
            }
        }

        var members: [ScenarioName] { ScenarioName.allCases.filter { $0.group == self } }
    }

    var group: Group {
        switch self {
        case .roundtrip, .throughput, .scaling, .openLoop, .restart, .memory, .ring, .micro: .core
        case .jobs, .resize, .recovery, .snapshot, .handOver: .cluster
        }
    }

    var abstract: String {
        switch self {
        case .roundtrip: "one request in flight: latency by payload, tcp and ipc"
        case .throughput: "1 to 16,384 requests in flight, coalescing on and off"
        case .scaling: "1 to 64 server and 1 to 16 client processes"
        case .openLoop: "fixed rates; latency from the intended send time (no coordinated omission)"
        case .restart: "the first reply after the server is killed and started again"
        case .memory: "resident memory after 1 and after 10 million requests"
        case .ring: "plans for 1 to 1,024 workers: time, slots moved against the least possible, balance"
        case .micro: "frames, values, ring and lock: ns, instructions, allocations of one operation"
        case .jobs: "durable jobs/s at n=0, 1 and 3, beside libraft alone; one in flight; 4 and 64 workers"
        case .resize: "a worker joins and leaves under load: pauses of keys that move, latencies of those that stay"
        case .recovery: "a worker and the leader killed, 20 times each: the time to the first acknowledged job"
        case .snapshot: "jobs while a snapshot is taken, and while none is"
        case .handOver: "hundreds of MB of state on their way to a new owner"
        }
    }

    func steps(_ choices: BenchChoices, _ place: BenchPlace) -> [BenchStep] {
        switch self {
        case .roundtrip: roundtripSteps(choices, place)
        case .throughput: throughputSteps(choices, place)
        case .scaling: scalingSteps(choices, place)
        case .openLoop: openLoopSteps(choices, place)
        case .restart: restartSteps(choices, place)
        case .memory: memorySteps(choices, place)
        case .ring: [ringStep()]
        case .micro: [microStep()]
        case .jobs: jobsSteps(choices, place)
        case .resize: resizeSteps(choices, place)
        case .recovery: recoverySteps(choices, place)
        case .snapshot: snapshotSteps(choices, place)
        case .handOver: handOverSteps(choices, place)
        }
    }
}
