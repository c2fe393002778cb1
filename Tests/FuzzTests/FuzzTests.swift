// A short fuzz run, checked as every build is. `make fuzz` runs a million inputs.

import Fuzzing
import Testing

@Suite(.timeLimit(.minutes(5))) struct FuzzTests {
    @Test func hostileBytesBreakNoPromise() throws {
        let run = FuzzRun(seed: 20_000)
        try run.feedTruncatedSeeds()
        try run.feed(iterations: 0..<20_000)
        // A run in which nothing is read, or nothing is refused, has tried nothing.
        for (target, counts) in run.verdicts {
            #expect(counts.contains { $0.key.hasPrefix("read") }, "\(target) read nothing")
            #expect(counts.contains { $0.key.hasPrefix("refused") }, "\(target) refused nothing")
        }
    }

    @Test func aSeedGivesTheSameInputs() throws {
        let (first, second) = (FuzzRun(seed: 5), FuzzRun(seed: 5))
        try first.feed(iterations: 0..<500)
        for begin in stride(from: 0, to: 500, by: 50).reversed() { try second.feed(iterations: begin..<begin + 50) }
        #expect(first.verdicts.map(\.counts) == second.verdicts.map(\.counts))
    }
}

@Suite(.timeLimit(.minutes(5))) struct LiveFuzzTests {
    private let fuzz = LiveFuzz(seed: 7)

    @Test func aServerUnderFireServesAGoodClient() async throws {
        let statistics = try await fuzz.atServer(bodies: 2000)
        #expect(statistics.requests > 500)
        #expect(statistics.malformed > 500)
    }

    @Test func aClientUnderFireEndsEveryCall() async throws {
        let statistics = try await fuzz.atClient(bodies: 2000)
        #expect(statistics.calls == 20)
        #expect(statistics.replies == 20)
        #expect(statistics.malformed > 500)
        #expect(statistics.unmatchedReplies > 200)
    }

    @Test func aSubscriberUnderFireHearsWhatIsGood() async throws {
        let statistics = try await fuzz.atSubscriber(bodies: 2000)
        #expect(statistics.received >= 20)
        #expect(statistics.malformed > 500)
    }
}
