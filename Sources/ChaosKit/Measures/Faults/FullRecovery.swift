// When the throughput was back to what it had been before a fault.

enum FullRecovery {
    /// From the fault's beginning to the beginning of the first bin that is back, in whole bins; 0 where none fell short. Bins
    /// of 100 ms are counted from the fault's beginning here. O(bins * log operations).
    static func measure(_ beginNs: Int64, _ record: RunRecord) -> Measured<Int64> {
        let binNs = Throughput.binNs
        let binsBefore = min(Int64(MeasureLimits.binsBefore), (beginNs - record.load.beginNs) / binNs)
        guard binsBefore > 0 else { return .missing("there was no load before it") }
        let operations = record.operations
        let okBefore = operations.okCount(in: TimeSpan(beginNs - binsBefore * binNs, beginNs))
        guard okBefore > 0 else { return .missing("nothing was acknowledged before it") }
        let before = Double(okBefore) / Double(binsBefore)

        /// Of what a stretch would have had to acknowledge to be back, whether it did.
        func isBack(_ first: Int64, _ count: Int64) -> Bool {
            let span = TimeSpan(beginNs + first * binNs, beginNs + (first + count) * binNs)
            var due = before * Double(count)
            // Where the load does not wait for replies, no more can be asked of a bin than was asked in it.
            if record.isOpenLoop { due = min(due, Double(operations.startCount(in: span))) }
            return Double(operations.okCount(in: span)) >= MeasureLimits.shareBack * due
        }

        let binsAfter = (record.load.endNs - beginNs) / binNs
        let binsMax = min(binsAfter, MeasureLimits.recoveryNs / binNs)
        for bin in 0..<max(0, binsMax) {
            if isBack(bin, 1), isBack(bin, min(Int64(MeasureLimits.binsBack), binsAfter - bin)) {
                return .value(bin * binNs)
            }
        }
        return .missing("the throughput was not back before the load ended, or within 60 s")
    }
}
