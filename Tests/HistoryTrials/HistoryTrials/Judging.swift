// From events to a verdict, by way of the bytes of a file.

import ChaosKit

public enum Judging {
    /// The lines of a history.
    public static func lines(_ events: [HistoryEvent]) -> [UInt8] {
        var encoder = HistoryEncoder()
        for event in events { encoder.encode(event) }
        return encoder.bytes
    }

    /// What the checker says of it.
    public static func verdict(_ events: [HistoryEvent]) throws(HistoryError) -> Verdict {
        try HistoryChecker.check(HistoryReader(lines(events)))
    }
}
