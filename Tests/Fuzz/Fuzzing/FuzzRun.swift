// A run: inputs made from a seed, each fed to its target, and what became of them.

/// An input that broke a promise, and how to get it again.
public struct FuzzFinding: Error, CustomStringConvertible {
    public let target: String
    public let promise: String
    public let input: [UInt8]
    public let seed: UInt64
    public let iteration: Int

    public var description: String {
        """
        \(target): broken promise: \(promise)
          input: \(input.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
          again: swift run -c release fuzz --seed \(seed) --first \(iteration) --iterations 1
        """
    }
}

/// Feeds inputs to all targets in turn. Iteration i of a seed is always the same input to the same target.
public final class FuzzRun {
    public let seed: UInt64
    public private(set) var inputs = 0

    private let targets: [any FuzzTarget]
    private var counts: [[String: Int]]
    /// Whose turn it is: what every message goes through first has most of them; files cost most.
    private let turns: [Int]

    public init(seed: UInt64) {
        self.seed = seed
        let weighted: [(any FuzzTarget, Int)] = [
            (FrameTarget(), 12), (ReaderTarget(), 6), (DecoderTarget(), 6), (SyncTarget(), 3), (PublicationTarget(), 2),
            (WireErrorTarget(), 1), (EndpointTarget(), 1), (KeyFileTarget(), 1),
        ]
        targets = weighted.map(\.0)
        counts = Array(repeating: [:], count: weighted.count)
        turns = weighted.indices.flatMap { Array(repeating: $0, count: weighted[$0].1) }
    }

    public var targetNames: [String] { targets.map { "\($0.name)" } }

    /// Of each target, how many inputs came to which end.
    public var verdicts: [(target: String, counts: [String: Int])] {
        zip(targets, counts).map { ("\($0.name)", $1) }
    }

    /// Feeds every seed, cut off at every byte.
    public func feedTruncatedSeeds() throws(FuzzFinding) {
        for target in targets.indices {
            for seed in targets[target].seeds {
                for length in 0...seed.count {
                    var random = SplitMix64(seed: 0)
                    try feed(Array(seed[..<length]), to: target, iteration: 0, &random)
                }
            }
        }
    }

    /// Feeds the inputs of these iterations.
    public func feed(iterations: Range<Int>) throws(FuzzFinding) {
        for iteration in iterations {
            var random = SplitMix64(seed: seed, iteration: iteration)
            let turn = turns[iteration % turns.count]
            let target = targets[turn]
            var others = SplitMix64(seed: random.next())
            let input = Mutator.mutate(target.base(&random), with: { target.base(&others) }, &random)
            try feed(input, to: turn, iteration: iteration, &random)
        }
    }

    /// Feeds one input to the target of this name.
    public func feed(_ input: [UInt8], toTarget name: String) throws(FuzzFinding) {
        var random = SplitMix64(seed: seed)
        for target in targets.indices where "\(targets[target].name)" == name {
            // Some targets choose by chance what to ask of an input.
            for _ in 0..<100 { try feed(input, to: target, iteration: 0, &random) }
        }
    }

    private func feed(
        _ input: [UInt8],
        to index: Int,
        iteration: Int,
        _ random: inout SplitMix64
    ) throws(FuzzFinding) {
        inputs += 1
        let target = targets[index]
        let input = input.count > Mutator.bytesMax ? Array(input[..<Mutator.bytesMax]) : input
        CrashReport.note(input, target: target.name, seed: seed, iteration: iteration)
        do {
            let verdict = try target.read(input, &random)
            counts[index][verdict, default: 0] += 1
        } catch {
            throw FuzzFinding(
                target: "\(target.name)",
                promise: error.promise,
                input: input,
                seed: seed,
                iteration: iteration
            )
        }
    }
}
