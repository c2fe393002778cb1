import Synchronization
import Testing

@testable import Measurement

/// A clock that stands still until it is moved, and a screen that remembers.
private final class Stage: Sendable {
    private let state = Mutex((elapsed: Duration.zero, text: ""))
    private let start = ContinuousClock.now

    func pass(_ duration: Duration) { state.withLock { $0.elapsed += duration } }
    func now() -> ContinuousClock.Instant { state.withLock { start + $0.elapsed } }
    func write(_ text: String) { state.withLock { $0.text += text } }

    /// What was written since the last look.
    func look() -> String {
        state.withLock { state in
            defer { state.text = "" }
            return state.text
        }
    }

    func bar(plannedSeconds: Double, isTerminal: Bool) -> ProgressBar {
        ProgressBar(
            plannedSeconds: plannedSeconds,
            isTerminal: isTerminal,
            now: { self.now() },
            write: { self.write($0) }
        )
    }
}

@Suite("Progress bars")
struct ProgressBarTests {
    @Test func theTimeLeftIsWhatIsPlannedAndStretchesWithDelay() {
        let stage = Stage()
        let bar = stage.bar(plannedSeconds: 100, isTerminal: true)
        bar.beginStep("first", plannedSeconds: 50)
        #expect(stage.look().contains("0 % 1:40 left  first"))
        stage.pass(.seconds(25))
        bar.tick()
        #expect(stage.look().contains("25 % 1:15 left  first"))
        stage.pass(.seconds(75))
        bar.beginStep("second", plannedSeconds: 50)
        #expect(stage.look().contains("50 % 1:40 left  second"))
    }

    @Test func aStepThatTakesLongerThanPlannedDoesNotRunAhead() {
        let stage = Stage()
        let bar = stage.bar(plannedSeconds: 10, isTerminal: true)
        bar.beginStep("slow", plannedSeconds: 5)
        stage.pass(.seconds(60))
        bar.tick()
        #expect(stage.look().contains("50 %"))
    }

    @Test func withoutATerminalALineComesNowAndThen() {
        let stage = Stage()
        let bar = stage.bar(plannedSeconds: 100, isTerminal: false)
        bar.beginStep("first", plannedSeconds: 100)
        #expect(stage.look() == "0 %, 1:40 left: first\n")
        stage.pass(.seconds(9))
        bar.tick()
        #expect(stage.look().isEmpty)
        stage.pass(.seconds(1))
        bar.tick()
        #expect(stage.look() == "10 %, 1:30 left: first\n")
        bar.finish()
        #expect(stage.look().isEmpty)
    }

    @Test func aFinishedBarLeavesTheLineEmptyAndDrawsNoMore() {
        let stage = Stage()
        let bar = stage.bar(plannedSeconds: 10, isTerminal: true)
        bar.beginStep("first", plannedSeconds: 10)
        _ = stage.look()
        bar.finish()
        #expect(stage.look() == "\r\u{1B}[K")
        bar.tick()
        #expect(stage.look().isEmpty)
    }
}
