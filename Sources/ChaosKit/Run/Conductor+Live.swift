// How a run is seen while it lasts. The clients' notes are collected here too: what is shown is what is recorded.

import Ringmaster

extension Conductor {
    private static let collectInterval: Duration = .milliseconds(100)
    private static let collectsPerDraw = 2

    /// Collects, draws and judges until the task is cancelled.
    func show(isOn: Bool) async {
        var line = LiveLine()
        var judging = LiveJudge()
        var (count, lastDraw) = (0, ContinuousClock.now)
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.collectInterval)
            await recorder.collect()
            count += 1
            guard isOn, count % Self.collectsPerDraw == 0 else { continue }
            let now = ContinuousClock.now
            await judging.judge(folder.historyPath, now: now)
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

/// The verdict so far: of what is recorded until now.
private struct LiveJudge {
    private static let interval: Duration = .seconds(2)
    /// So many times as long as judging took last, it is not done again.
    private static let restFactor = 20
    private var nextAt = ContinuousClock.now + interval
    private(set) var text = "valid so far"

    mutating func judge(_ path: String, now: ContinuousClock.Instant) async {
        guard now >= nextAt else { return }
        let verdict = await Task.detached { try? HistoryChecker.check(path: path) }.value
        if let verdict, verdict.outcome == .violation {
            text = "VIOLATION: " + verdict.anomalies.map { "\($0.count) \($0.kind.rawValue)" }.joined(separator: ", ")
        }
        let took = ContinuousClock.now - now
        nextAt = ContinuousClock.now + max(Self.interval, took * Self.restFactor)
    }
}
