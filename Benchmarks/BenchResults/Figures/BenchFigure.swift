// The figures of a run. Each is there when the run has rows for it.

import Measurement

/// A figure with its file name, caption and the command that measures it again.
struct BenchFigure {
    /// Without extension.
    let name: String
    let plot: Plot
    let caption: String
    let reproduce: String

    /// The figures that the run has rows for, the most telling first.
    static func all(of run: BenchRun) -> [BenchFigure] {
        [
            ratios(run), roundtrip(run), percentiles(run), throughput(run), openLoop(run), scaling(run), ringPlans(run),
            jobs(run), pauses(run), recovery(run),
        ].compactMap(\.self)
    }

    static func command(_ scenarios: Scenario...) -> String {
        "swift run bench --scenarios " + scenarios.map(\.rawValue).joined(separator: ",")
    }
}

/// A figure that was drawn.
struct DrawnFigure {
    let figure: BenchFigure
    let svg: String
}

extension Variant {
    var colour: PlotColour {
        switch self {
        case .swift: .vermillion
        case .rawC: .blue
        case .libraft: .green
        case .quiet: .grey
        }
    }

    /// For people.
    var title: String {
        switch self {
        case .swift: "Swift"
        case .rawC: "raw C"
        case .libraft: "libraft alone"
        case .quiet: "undisturbed"
        }
    }
}

extension BenchRun {
    /// The median of repetitions with their spread as a point.
    func point(x: Double, _ key: BenchKey, _ variant: Variant, _ measure: BenchMeasure) -> Series.Point? {
        summary(key, variant, measure).map { Self.point(x: x, $0) }
    }

    static func point(x: Double, _ summary: Summary) -> Series.Point {
        guard summary.count > 1 else { return Series.Point(x: x, y: summary.median) }
        return Series.Point(x: x, y: summary.median, low: summary.min, high: summary.max)
    }

    /// One line for under a figure's title.
    var circumstances: String {
        let cpu = machine.cpu.map { "\($0), " } ?? ""
        return "\(cpu)\(machine.cpuCount) CPUs, loopback"
    }

    /// The transports of a scenario, in the order of `Transport`.
    func transports(_ scenario: Scenario) -> [Transport] {
        let used = Set(keys(scenario).map(\.transport))
        return Transport.allCases.filter(used.contains)
    }

    /// The payload that figures with one payload show: the reference where it was measured, else the most frequent.
    func payloadShown(_ scenario: Scenario) -> Int {
        let payloads = keys(scenario).map(\.payloadBytes)
        if payloads.contains(Reference.payloadBytes) { return Reference.payloadBytes }
        let counts = Dictionary(payloads.map { ($0, 1) }, uniquingKeysWith: +)
        return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? Reference.payloadBytes
    }
}
