// Axes that fit their values: ends a little beyond them, and round ticks with short texts, few enough to be read.

import Foundation

extension Axis {
    private static let ticksMax = 9

    /// A logarithmic axis over the positive ones of `values`; a plain axis where there are none. O(values).
    ///
    /// - Parameter text: How a tick's value is written.
    public static func logarithmic(
        _ label: String,
        over values: some Sequence<Double>,
        text: (Double) -> String = NumberText.short
    ) -> Axis {
        let positive = values.filter { $0 > 0 && $0.isFinite }
        guard let low = positive.min(), let high = positive.max() else { return Axis(label) }
        let (lower, upper) = (low / 1.15, high * 1.15)
        let choices: [[Double]] = [[1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]
        var chosen: [Double] = []
        for steps in choices where chosen.isEmpty || chosen.count > ticksMax {
            chosen = roundNumbers(steps, in: lower...upper)
        }
        let ticks = chosen.map { (value: $0, text: text($0)) }
        return Axis(label, scale: .log10, ticks: ticks, lower: lower, upper: upper)
    }

    /// A linear axis from 0 to a little more than `highest`.
    ///
    /// - Parameter text: How a tick's value is written.
    public static func linear(
        _ label: String,
        upTo highest: Double,
        text: (Double) -> String = NumberText.short
    ) -> Axis {
        guard highest > 0, highest.isFinite else { return Axis(label, lower: 0) }
        let decade = pow(10, log10(highest).rounded(.down) - 1)
        let step = [1, 2, 5, 10, 20, 50].map { $0 * decade }.first { highest / $0 < Double(ticksMax) } ?? highest
        let upper = highest * 1.06
        let ticks = stride(from: 0, through: upper, by: step).map {
            (value: $0, text: text(NumberText.rounded($0, significant: 6)))
        }
        return Axis(label, ticks: ticks, lower: 0, upper: upper)
    }

    /// A logarithmic axis of latencies in µs, its ticks with the unit that suits each.
    public static func latency(_ label: String, overUs values: some Sequence<Double>) -> Axis {
        logarithmic(label, over: values) { us in
            let units = [(1e6, "s"), (1e3, "ms"), (1, "µs"), (1e-3, "ns")]
            let (unit, name) = units.first { us >= $0.0 * 0.999 } ?? (1e-3, "ns")
            return NumberText.trimmed(NumberText.rounded(us / unit, significant: 2)) + " " + name
        }
    }

    private static func roundNumbers(_ steps: [Double], in range: ClosedRange<Double>) -> [Double] {
        let exponents = Int(log10(range.lowerBound).rounded(.down))...Int(log10(range.upperBound).rounded(.up))
        return exponents.flatMap { exponent in
            steps.map { NumberText.rounded($0 * pow(10, Double(exponent)), significant: 2) }
        }.filter(range.contains)
    }
}
