// The settings of the cluster's scenarios that targets are about: whoever measures and whoever judges take them from here.

/// Keys of the cluster's measurements.
public enum ClusterKeys {
    public static let payloadBytes = 64
    /// Jobs in flight where the rate is meant, of all clients together.
    public static let inFlight = 8192
    /// Workers where it does not say otherwise.
    public static let workers = 2
    /// The state of a key that is handed over, in bytes.
    public static let handOverStateBytes = 64 << 10

    /// The rate of jobs: two workers, four clients.
    public static func jobs(replicas: Int, workers: Int = workers, payloadBytes: Int = payloadBytes) -> BenchKey {
        key(.jobs, payloadBytes, inFlight, workers: workers, clients: 4, replicas)
    }

    /// One job in flight. Beside it stand a bare round trip in plain C and a commit of libraft alone.
    public static func oneJob(payloadBytes: Int = payloadBytes) -> BenchKey {
        key(.jobs, payloadBytes, 1, workers: 1, clients: 1, 1)
    }

    /// Three workers, and a fourth that comes and goes.
    public static func resize(payloadBytes: Int = payloadBytes) -> BenchKey {
        key(.resize, payloadBytes, nil, workers: 3, clients: 4, 1)
    }

    public static func recovery(_ scenario: Scenario) -> BenchKey {
        key(scenario, payloadBytes, nil, workers: 3, clients: 4, 3)
    }

    public static func snapshot(payloadBytes: Int = payloadBytes) -> BenchKey {
        key(.snapshot, payloadBytes, 1024, workers: 2, clients: 4, 1)
    }

    /// From one worker to two and back.
    public static let handOver = key(.handOver, handOverStateBytes, nil, workers: 1, clients: 1, 1)

    private static func key(
        _ scenario: Scenario,
        _ payloadBytes: Int,
        _ inFlight: Int?,
        workers: Int,
        clients: Int,
        _ replicas: Int
    ) -> BenchKey {
        BenchKey(
            scenario,
            transport: .tcp,
            payloadBytes: payloadBytes,
            inFlight: inFlight,
            servers: workers,
            clients: clients,
            coalesced: true,
            replicas: replicas,
            durability: replicas == 0 ? .memory : .fsync
        )
    }
}
