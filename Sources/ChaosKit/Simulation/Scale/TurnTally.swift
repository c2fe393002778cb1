// What the processes of a simulation take of the real processor.

import Measurement

/// Sums the processor's time over the turns of one process.
struct TurnTally {
    private(set) var turns = 0
    private(set) var totalNs: Int64 = 0
    private(set) var longestNs: Int64 = 0

    mutating func add(_ ns: Int64) {
        turns += 1
        totalNs += ns
        longestNs = max(longestNs, ns)
    }
}

/// A clock of this thread's processor time, less what reading it takes.
struct TurnClock {
    private static let readings = 1001
    /// The median of what two readings in a row differ by.
    private let readingNs: Int64

    init() {
        let differences = (0..<Self.readings).map { _ in
            let began = ProcessorTime.ofThreadNs
            return ProcessorTime.ofThreadNs - began
        }
        readingNs = differences.sorted()[Self.readings / 2]
    }

    func ns(of body: () -> Void) -> Int64 {
        let began = ProcessorTime.ofThreadNs
        body()
        return max(0, ProcessorTime.ofThreadNs - began - readingNs)
    }
}
