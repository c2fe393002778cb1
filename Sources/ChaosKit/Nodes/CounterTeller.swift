// What a process of a run counts, told when it has grown.

/// Tells totals once they have changed since they were told last.
struct CounterTeller {
    private var told: [RunCounter: Int] = [:]

    mutating func tell(_ totals: [RunCounter: Int]) {
        guard totals != told, told.isEmpty == false || totals.values.contains(where: { $0 > 0 }) else { return }
        told = totals
        NodeReport.say(.counters(Dictionary(uniqueKeysWithValues: totals.map { ($0.key.rawValue, $0.value) })))
    }
}
