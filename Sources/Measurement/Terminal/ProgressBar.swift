// Progress on stderr while something long runs: a bar that is redrawn on a terminal, a line now and then elsewhere.

import Foundation
import Synchronization

/// The progress of a sequence of steps whose lengths were planned.
///
/// Steps are begun in order; between them, `tick` draws how far the running one is by the time that has passed. What
/// is left is the planned time of what is left, stretched by how much longer than planned the steps have taken so far.
/// May be ticked from any thread.
public final class ProgressBar: Sendable {
    private struct State {
        var doneSeconds = 0.0
        var stepSeconds = 0.0
        var label = ""
        var stepBegan: ContinuousClock.Instant
        var lastLine: ContinuousClock.Instant?
        var isDrawn = false
        var isFinished = false
    }

    private static let barWidth = 28
    private static let lineInterval = Duration.seconds(10)

    private let plannedSeconds: Double
    private let isTerminal: Bool
    private let began: ContinuousClock.Instant
    private let now: @Sendable () -> ContinuousClock.Instant
    private let write: @Sendable (String) -> Void
    private let state: Mutex<State>

    /// A bar for steps of `plannedSeconds` in all.
    ///
    /// - Parameters:
    ///   - isTerminal: Whether a line can be redrawn; by default, whether stderr is a terminal.
    ///   - now: The clock.
    ///   - write: Where the text goes; by default stderr.
    public init(
        plannedSeconds: Double,
        isTerminal: Bool = isatty(STDERR_FILENO) == 1,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        write: @escaping @Sendable (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) }
    ) {
        precondition(plannedSeconds > 0, "something is planned")
        self.plannedSeconds = plannedSeconds
        self.isTerminal = isTerminal
        self.now = now
        self.write = write
        began = now()
        state = Mutex(State(stepBegan: began))
    }

    /// Ends the running step and begins the next.
    public func beginStep(_ label: String, plannedSeconds: Double) {
        state.withLock {
            $0.doneSeconds += $0.stepSeconds
            $0.stepSeconds = max(0, plannedSeconds)
            $0.stepBegan = now()
            $0.label = label
            draw(&$0)
        }
    }

    /// Draws the bar anew as of now.
    public func tick() {
        state.withLock { draw(&$0) }
    }

    /// Removes the bar from a terminal; draws nothing afterwards.
    public func finish() {
        state.withLock {
            if $0.isDrawn { write("\r\u{1B}[K") }
            $0.isDrawn = false
            $0.isFinished = true
        }
    }

    private func draw(_ state: inout State) {
        guard !state.isFinished else { return }
        let time = now()
        let intoStep = min(seconds(from: state.stepBegan, to: time), state.stepSeconds)
        let done = min(state.doneSeconds + intoStep, plannedSeconds)
        let elapsed = seconds(from: began, to: time)
        let stretch = done > 0 ? max(1, elapsed / done) : 1
        let leftSeconds = Int(((plannedSeconds - done) * stretch).rounded(.up))
        let percent = Int(done / plannedSeconds * 100)
        if isTerminal {
            let filled = Int(done / plannedSeconds * Double(Self.barWidth))
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.barWidth - filled)
            write("\r\(bar) \(percent) % \(Self.clock(leftSeconds)) left  \(state.label.prefix(44))\u{1B}[K")
            state.isDrawn = true
        } else if state.lastLine.map({ $0.duration(to: time) >= Self.lineInterval }) ?? true {
            write("\(percent) %, \(Self.clock(leftSeconds)) left: \(state.label)\n")
            state.lastLine = time
        }
    }

    private func seconds(from start: ContinuousClock.Instant, to end: ContinuousClock.Instant) -> Double {
        start.duration(to: end) / .seconds(1)
    }

    private static func clock(_ seconds: Int) -> String {
        String(format: "%d:%02d", seconds / 60, seconds % 60)
    }
}
