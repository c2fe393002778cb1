// The figures of a run, in the order of its report. Each is a value; Gnuplot draws it.

import Measurement

/// A figure with what a reader has to know of it.
struct RunFigure {
    /// The name of its files.
    let name: String
    let plot: Plot
    let caption: String

    /// All figures that the run has something to show in.
    static func all(of measures: RunMeasures, run: String) -> [RunFigure] {
        let context = FigureContext(measures, run: run)
        return [
            rate(measures, context), latencyPoints(measures, context), latencyQuantiles(measures, context),
            ownership(measures, context), recoveries(measures, context), latencyDistribution(measures, context),
        ].compactMap(\.self)
    }
}

/// What figures over time have in common: the axis and the windows.
struct FigureContext {
    let subtitle: String
    let time: Axis
    /// Faults from the top, rounds from the bottom.
    let windows: [PlotWindow]

    init(_ measures: RunMeasures, run: String) {
        let record = measures.record
        let faults = record.faults.filter(\.isVerified)
        subtitle =
            "\(run): \(NumberText.grouped(record.operations.all.count)) operations, \(faults.count) faults,"
            + " \(record.rounds.count) resizes"
        let last = max(record.load.endNs, measures.throughput.bins.last?.span.endNs ?? 0)
        // A run whose load begins with it is shown from 0.
        let beginNs = record.load.beginNs < Throughput.binNs ? min(0, record.load.beginNs) : record.load.beginNs
        time = Axis.seconds("time from the start of the run, s", from: beginNs, to: last)
        windows =
            record.rounds.map { round in
                PlotWindow(
                    "resize",
                    label: "epoch \(round.epoch)",
                    isLabelledBelow: true,
                    begin: Self.seconds(round.span.beginNs),
                    end: Self.seconds(round.span.endNs),
                    colour: .sky
                )
            }
            + faults.map { fault in
                PlotWindow(
                    "fault",
                    label: fault.name,
                    begin: Self.seconds(fault.span.beginNs),
                    end: Self.seconds(fault.span.endNs),
                    colour: .vermillion
                )
            }
    }

    static func seconds(_ ns: Int64) -> Double { Double(ns) / 1e9 }
}

extension Axis {
    /// An axis of latencies with room above and below for the labels of windows.
    static func latencyUnderWindows(_ label: String, overUs values: [Double]) -> Axis {
        let positive = values.filter { $0 > 0 }
        guard let low = positive.min(), let high = positive.max() else { return Axis(label) }
        return .latency(label, overUs: [low / 2.5, high * 4])
    }

    /// An axis of time that begins and ends where a run does.
    fileprivate static func seconds(_ label: String, from beginNs: Int64, to endNs: Int64) -> Axis {
        let (begin, end) = (FigureContext.seconds(beginNs), FigureContext.seconds(endNs))
        guard end > begin else { return Axis(label) }
        let step =
            [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600, 7200, 18000, 36000]
            .first { (end - begin) / $0 <= 12 } ?? (end - begin) / 12
        let first = (begin / step).rounded(.up) * step
        let ticks = stride(from: first, through: end, by: step).map {
            (value: $0, text: NumberText.trimmed(NumberText.rounded($0, significant: 6)))
        }
        return Axis(label, ticks: ticks, lower: begin, upper: end)
    }
}
