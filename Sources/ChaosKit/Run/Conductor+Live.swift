// How a run is seen while it lasts. The clients' notes are collected here too: what is shown is what is recorded.

import Ringmaster
import Synchronization

extension Conductor {
    private static let collectInterval: Duration = .milliseconds(100)
    private static let collectsPerDraw = 2

    /// Collects, draws and judges until the task is cancelled.
    func show(isOn: Bool) async {
        var line = LiveLine()
        let judging = LiveJudge()
        var (count, lastDraw) = (0, ContinuousClock.now)
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.collectInterval)
            await recorder.collect()
            count += 1
            guard isOn, count % Self.collectsPerDraw == 0 else { continue }
            let now = ContinuousClock.now
            judging.judge(folder.historyPath, now: now)
            let (figures, completions, p99Ns) = await recorder.takeFigures()
            let faults = await recorder.faultCounts.values.reduce(0, +)
            line.draw(
                LiveLine.Content(
                    timeNs: max(0, recorder.nowNs - times.loadBeginsNs),
                    durationNs: schedule.settings.durationNs,
                    phase: phase,
                    perSecond: Double(completions) / ((now - lastDraw) / .seconds(1)),
                    p99Ns: p99Ns,
                    faults: faults,
                    workers: await cluster.wanted(.worker).count,
                    epoch: figures.epoch,
                    verdict: crashes.isEmpty ? judging.text : "\(crashes.count) CRASHES"
                )
            )
            lastDraw = now
        }
        if isOn { line.end() }
    }
}

/// The verdict so far: of what is recorded until now. Judged beside the run, which does not wait for it.
private struct LiveJudge {
    private static let interval: Duration = .seconds(2)
    /// So many times as long as judging took last, it is not done again.
    private static let restFactor = 20
    private let judged = LiveVerdict()

    var text: String { judged.state.withLock { $0.text } }

    func judge(_ path: String, now: ContinuousClock.Instant) {
        let isDue = judged.state.withLock { state in
            guard let nextAt = state.nextAt else { return false }
            guard now >= nextAt else { return false }
            state.nextAt = nil
            return true
        }
        guard isDue else { return }
        Task.detached(priority: .background) { [judged] in
            let verdict = try? HistoryChecker.check(path: path)
            let took = ContinuousClock.now - now
            judged.state.withLock { state in
                state.nextAt = ContinuousClock.now + max(Self.interval, took * Self.restFactor)
                guard let verdict, verdict.outcome == .violation else { return }
                let kinds = verdict.anomalies.map { "\($0.count) \($0.kind.rawValue)" }
                state.text = "VIOLATION: " + kinds.joined(separator: ", ")
            }
        }
    }
}

/// What was judged last.
private final class LiveVerdict: Sendable {
    struct State {
        /// nil while it is being judged.
        var nextAt: ContinuousClock.Instant? = .now + .seconds(2)
        var text = "valid so far"
    }

    let state = Mutex(State())
}
