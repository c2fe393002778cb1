// swift-tools-version: 6.2
// Ringmaster beside what a user may know instead. A package of its own, so that the main one needs none of their libraries.
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
    name: "ringmaster-compare",
    dependencies: [
        .package(name: "ringmaster", path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // Debian's libraries, each as its own header says.
        .systemLibrary(name: "CHiredis", path: "Sources/CHiredis", providers: [.apt(["libhiredis-dev"])]),

        .systemLibrary(name: "CNats", path: "Sources/CNats", providers: [.apt(["libnats-dev"])]),
        .target(name: "CRabbitMQ", linkerSettings: [.linkedLibrary("rabbitmq")]),
        .systemLibrary(name: "CSQLite", path: "Sources/CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "CWaiting"),

        // Thin C over libraries whose own interfaces Swift cannot call: variable arguments, C++, callbacks on their own threads.
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .target(
            name: "CGrpc",
            linkerSettings: ["grpc++", "grpc", "gpr", "absl_synchronization"].map { .linkedLibrary($0) }
        ),
        .target(name: "CNng", linkerSettings: [.linkedLibrary("nng")]),

        // The seam, the load, and a folder for each alternative.
        .target(
            name: "Alternatives",
            dependencies: [
                "CCurl",
                "CGrpc",
                "CHiredis",
                "CNats",
                "CNng",
                "CRabbitMQ",
                "CSQLite",
                "CWaiting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Measurement", package: "ringmaster"),
                .product(name: "RawBaseline", package: "ringmaster"),
                .product(name: "Ringmaster", package: "ringmaster"),
            ],
            exclude: ["Flask/service.py", "Flask/workers.py"],
            swiftSettings: swiftSettings
        ),
        // Chaos runs of worker services on the alternatives.
        .target(
            name: "TargetRuns",
            dependencies: [
                "Alternatives",
                .product(name: "ChaosKit", package: "ringmaster"),
                .product(name: "Measurement", package: "ringmaster"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "compare",
            dependencies: [
                "Alternatives",
                "TargetRuns",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ChaosKit", package: "ringmaster"),
                .product(name: "Measurement", package: "ringmaster"),
                .product(name: "Ringmaster", package: "ringmaster"),
            ],
            swiftSettings: swiftSettings
        ),
        // Live tests of what is installed, and the arithmetic of the tables.
        .testTarget(
            name: "CompareTests",
            dependencies: [
                "Alternatives",
                "TargetRuns",
                "compare",
                .product(name: "ChaosKit", package: "ringmaster"),
                .product(name: "Measurement", package: "ringmaster"),
            ],
            swiftSettings: swiftSettings
        ),
    ],
    cxxLanguageStandard: .cxx17
)
