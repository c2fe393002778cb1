// How numbers are written for people and for files: without a locale, so that every machine writes the same.

import Foundation

/// Numbers as text.
public enum NumberText {
    /// An integer with a comma between thousands: `1,234,567`.
    public static func grouped(_ value: Int) -> String {
        var text = ""
        for (index, digit) in String(value.magnitude).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (value < 0 ? "-" : "") + String(text.reversed())
    }

    /// A number to `digits` significant digits, thousands separated, never in exponents: `1,230,000`, `65.2`, `0.870`.
    public static func significant(_ value: Double, _ digits: Int = 3) -> String {
        guard value.isFinite else { return value.isNaN ? "-" : value < 0 ? "-∞" : "∞" }
        let rounded = rounded(value, significant: digits)
        guard rounded != 0 else { return "0" }
        let decimals = digits - 1 - Int(log10(abs(rounded)).rounded(.down))
        if decimals <= 0 {
            let limit = Double(Int.max)
            return abs(rounded) < limit ? grouped(Int(rounded.rounded())) : grouped(rounded < 0 ? .min : .max)
        }
        let text = String(format: "%.\(min(decimals, 12))f", rounded)
        guard abs(rounded) >= 1000, let point = text.firstIndex(of: ".") else { return text }
        return grouped(Int(rounded)) + text[point...]
    }

    /// A number to `count` decimals: `0.97`.
    public static func decimals(_ value: Double, _ count: Int) -> String {
        String(format: "%.\(count)f", value)
    }

    /// A latency given in µs, with the unit that suits it: `870 ns`, `65.2 µs`, `1.20 ms`, `3.40 s`.
    public static func microseconds(_ us: Double) -> String {
        switch abs(us) {
        case ..<0.9995: "\(significant(us * 1000)) ns"
        case ..<999.5: "\(significant(us)) µs"
        case ..<999_500: "\(significant(us / 1000)) ms"
        default: "\(significant(us / 1_000_000)) s"
        }
    }

    /// A size in bytes with a binary unit: `64 B`, `4 KiB`, `1.5 MiB`.
    public static func bytes(_ count: Int) -> String {
        var value = Double(count)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if abs(value) < 1024 { return "\(trimmed(rounded(value, significant: 3))) \(unit)" }
            value /= 1024
        }
        return "\(trimmed(rounded(value, significant: 3))) TiB"
    }

    /// A rate or count shortened by its thousands: `950`, `15.3 k`, `1.2 M`.
    public static func short(_ value: Double) -> String {
        for (unit, suffix) in [(1e9, " G"), (1e6, " M"), (1e3, " k")] where abs(value) >= unit {
            return trimmed(rounded(value / unit, significant: 3)) + suffix
        }
        return trimmed(rounded(value, significant: 3))
    }

    /// A number to `digits` significant digits. `trimmed` writes it without a rest, and `Double(_:)` reads the same
    /// number from that text again.
    public static func rounded(_ value: Double, significant digits: Int) -> Double {
        guard value.isFinite, value != 0 else { return value }
        let decimals = digits - 1 - Int(log10(abs(value)).rounded(.down))
        // A number so small that its scale is none is no measurement.
        guard decimals <= 300 else { return 0 }
        // Dividing an integer by an exact power of ten gives the double nearest to the decimal number.
        let scale = pow(10, Double(abs(decimals)))
        return decimals >= 0 ? (value * scale).rounded() / scale : (value / scale).rounded() * scale
    }

    /// The shortest text that reads as the same number, without a needless `.0`.
    public static func trimmed(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
