// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target. A nonisolated async function runs on its caller's executor, so that a call made
/// on an event loop never leaves it.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
    name: "ringmaster",
    products: [
        .library(name: "Ringmaster", targets: ["Ringmaster"]),
        .library(name: "RingmasterProtocol", targets: ["RingmasterProtocol"]),
        // For Benchmarks/Compare, a package of its own.
        .library(name: "Measurement", targets: ["Measurement"]),
        .library(name: "ChaosKit", targets: ["ChaosKit"]),
        .library(name: "RawBaseline", targets: ["RawBaseline"]),
        .executable(name: "bench", targets: ["bench"]),
        .executable(name: "ringmaster", targets: ["ringmaster"]),
        .executable(name: "chaos", targets: ["chaos"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // The C shim: sockets and framing on the hot path, and the key hash. No policy.
        .target(
            name: "CShim",
            path: "CShim/Messaging",
            linkerSettings: [.linkedLibrary("zmq")]
        ),
        .target(
            name: "CShimHash",
            path: "CShim/Hash"
        ),
        // The delta log's engine: libraft on a libuv loop.
        .target(
            name: "CShimDeltaLog",
            path: "CShim/DeltaLog",
            linkerSettings: [.linkedLibrary("raft"), .linkedLibrary("uv")]
        ),

        // What the chaos suite's own networks need of the kernel.
        .target(
            name: "CShimNetwork",
            path: "CShim/Network"
        ),

        // Pure: no I/O, no clock, no randomness.
        .target(
            name: "RingmasterProtocol",
            dependencies: ["CShimHash"],
            swiftSettings: swiftSettings
        ),
        // Live: event loop, transport, RPC, pub/sub, locks, security, delta log.
        .target(
            name: "Ringmaster",
            dependencies: [
                "CShim",
                "CShimDeltaLog",
                "RingmasterProtocol",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        // The command that runs and steers a cluster: all of it but the call that starts it, so that tests can reach it.
        .target(
            name: "RingmasterCommand",
            dependencies: [
                "Ringmaster",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "ringmaster",
            dependencies: ["RingmasterCommand"],
            path: "Sources/ringmaster",
            swiftSettings: swiftSettings
        ),
        // Disks and clocks that are not what they seem, for processes of chaos runs.
        .target(
            name: "CShimInterposition",
            path: "CShim/Interposition"
        ),
        // The chaos suite: a cluster of processes under load and faults, what is recorded of it, and the checker that
        // judges that.
        .target(
            name: "ChaosKit",
            dependencies: [
                "CShim",
                "CShimInterposition",
                "CShimNetwork",
                "Measurement",
                "Ringmaster",
                "RingmasterCommand",
                "RingmasterProtocol",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "chaos",
            dependencies: [
                "ChaosKit", "ComparePackage", "Measurement", "Ringmaster", "RingmasterCommand", "ringmaster",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings
        ),
        // Histograms, CSV, plots and reports. Knows nothing of RPC.
        .target(
            name: "Measurement",
            dependencies: [.product(name: "Histogram", package: "hdrhistogram-swift")],
            swiftSettings: swiftSettings
        ),

        // The benchmark: drivers in Swift, the same work in plain C, the cluster's log alone, and counters of heap
        // allocations and instructions.
        .target(
            name: "RawBaseline",
            path: "Benchmarks/RawBaseline",
            linkerSettings: [.linkedLibrary("zmq"), .linkedLibrary("msgpackc")]
        ),
        .target(
            name: "RaftBaseline",
            path: "Benchmarks/RaftBaseline",
            linkerSettings: [.linkedLibrary("raft"), .linkedLibrary("uv")]
        ),
        .target(
            name: "AllocationCounter",
            path: "Benchmarks/AllocationCounter"
        ),
        .target(
            name: "InstructionCounter",
            path: "Benchmarks/InstructionCounter"
        ),
        // What a benchmark run leaves behind: rows, CSV, plots, report, comparison of two runs.
        .target(
            name: "BenchResults",
            dependencies: ["Measurement"],
            path: "Benchmarks/BenchResults",
            swiftSettings: swiftSettings
        ),
        // Finds and runs Benchmarks/Compare, a package of its own.
        .target(
            name: "ComparePackage",
            path: "Benchmarks/ComparePackage",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "bench",
            dependencies: [
                "AllocationCounter",
                "BenchResults",
                "CShim",
                "ComparePackage",
                "InstructionCounter",
                "Measurement",
                "RaftBaseline",
                "RawBaseline",
                "Ringmaster",
                "RingmasterProtocol",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Benchmarks/bench",
            swiftSettings: swiftSettings
        ),

        // The README's examples, compiled and run by the tests.
        .executableTarget(
            name: "example-server",
            dependencies: ["Ringmaster"],
            path: "Tests/Examples/example-server",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "example-client",
            dependencies: ["Ringmaster"],
            path: "Tests/Examples/example-client",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "example-worker",
            dependencies: ["Ringmaster"],
            path: "Tests/Examples/example-worker",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "example-jobs",
            dependencies: ["Ringmaster"],
            path: "Tests/Examples/example-jobs",
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "DocumentationTests",
            dependencies: ["example-server", "example-client", "example-worker", "example-jobs", "ringmaster"],
            swiftSettings: swiftSettings
        ),

        .testTarget(
            name: "RingmasterProtocolTests",
            dependencies: ["RingmasterProtocol"],
            resources: [.copy("Resize/Scripts")],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "RingmasterCommandTests",
            dependencies: ["RingmasterCommand", "ringmaster"],
            swiftSettings: swiftSettings
        ),
        // Clusters of real processes, which are killed.
        .testTarget(
            name: "ClusterProcessTests",
            dependencies: ["Ringmaster", "RingmasterProtocol", "ringmaster"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "RingmasterTests",
            dependencies: ["Ringmaster", "CShim", "CShimDeltaLog"],
            swiftSettings: swiftSettings
        ),
        // Hostile bytes for whatever reads what comes from outside: `swift run -c release fuzz`.
        .target(
            name: "Fuzzing",
            dependencies: ["CShim", "Ringmaster", "RingmasterProtocol"],
            path: "Tests/Fuzz/Fuzzing",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "fuzz",
            dependencies: ["Fuzzing", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Tests/Fuzz/fuzz",
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["Fuzzing"],
            swiftSettings: swiftSettings
        ),

        // Histories whose verdict is known, for the checker: `swift run -c release history-trials`.
        .target(
            name: "HistoryTrials",
            dependencies: ["ChaosKit", "RingmasterProtocol"],
            path: "Tests/HistoryTrials/HistoryTrials",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "history-trials",
            dependencies: [
                "ChaosKit", "HistoryTrials", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/HistoryTrials/history-trials",
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ChaosKitTests",
            dependencies: [
                "CShimInterposition", "ChaosKit", "HistoryTrials", "Ringmaster", "RingmasterProtocol", "chaos",
            ],
            resources: [.copy("Checker/Histories")],
            swiftSettings: swiftSettings
        ),

        // Peers in Python, and what docs/PROTOCOL.md says of the bytes.
        .testTarget(
            name: "InteropTests",
            dependencies: ["Ringmaster", "CShim"],
            exclude: ["Python"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "MeasurementTests",
            dependencies: ["Measurement"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "BenchResultsTests",
            dependencies: ["BenchResults", "Measurement"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "RawBaselineTests",
            dependencies: ["RawBaseline", "AllocationCounter"],
            swiftSettings: swiftSettings
        ),
    ]
)
