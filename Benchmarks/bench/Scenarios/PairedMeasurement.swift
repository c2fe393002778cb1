// Swift and raw C in turn: A B A B, so that what the machine does meanwhile meets both.

import BenchResults
import Measurement

/// Measures one key with both variants, pair by pair.
struct PairedMeasurement {
    let key: BenchKey
    let load: LoadOrder
    let pairs: Int
    var warmUpSeconds = 0.1

    /// What starting four processes takes, about.
    private static let overheadSeconds = 0.04

    var plannedSeconds: Double {
        let processes = Double(2 * (key.servers + key.clients))
        return Double(2 * pairs) * load.seconds + 2 * warmUpSeconds + Self.overheadSeconds * processes
    }

    func step(_ place: BenchPlace) -> BenchStep {
        BenchStep(label: "\(key)", plannedSeconds: plannedSeconds) { run in
            let swift = try Rig(key, .swift, in: place.directory)
            defer { swift.end() }
            let raw = try Rig(key, .rawC, in: place.directory)
            defer { raw.end() }
            var warmUp = load
            warmUp.seconds = warmUpSeconds
            _ = try swift.run(warmUp)
            _ = try raw.run(warmUp)
            for pair in 0..<pairs {
                // Whoever goes first changes from pair to pair.
                let swiftFirst = pair % 2 == 0
                let early = try (swiftFirst ? swift : raw).run(load)
                let late = try (swiftFirst ? raw : swift).run(load)
                let (own, other) = swiftFirst ? (early, late) : (late, early)
                run.addPair(
                    swift: own.row(key, .swift),
                    raw: other.row(key, .rawC),
                    swiftLatency: own.latency,
                    rawLatency: other.latency
                )
            }
        }
    }
}
