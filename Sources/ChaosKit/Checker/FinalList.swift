// What a key's list was in the end, and where each append stands in it.

/// The place of every append in its key's final list; -1 for one that is in none.
struct Places {
    private var places: [Int32]

    init(appendCount: Int) {
        places = Array(repeating: -1, count: appendCount)
    }

    subscript(_ append: Int) -> Int {
        get { Int(places[append]) }
        set { places[append] = Int32(truncatingIfNeeded: newValue) }
    }
}

/// The final list of a key: the longest list read that begins with the list of the last read. O(its length) to make.
struct FinalList {
    /// Which of the trace's orders it is.
    let order: Int
    let values: [Int64]
    /// The append of each value; nil where there was none.
    let appends: [Int?]
    /// The values that are in the list before, with the place where they are first.
    let repeated: [(place: Int, first: Int)]
    /// By length, of the reads whose list is a beginning of this one: the one over first, and the one begun last.
    let firstOver: [ReadMark]
    let lastBegun: [ReadMark]
    /// Of the reads whose list has the value at a place: the one that was over first.
    let firstSeen: [ReadMark]

    init(_ trace: KeyTrace, _ key: NameID, _ table: AppendTable, _ places: inout Places) {
        order = Self.order(of: trace)
        let chosen = trace.orders[order]
        values = chosen.values
        (firstOver, lastBegun) = Self.marks(trace, order)
        firstSeen = Self.firstSeen(firstOver)
        appends = values.map { table.place(key: key, value: $0) }
        var repeated: [(place: Int, first: Int)] = []
        for (place, append) in appends.enumerated() {
            guard let append else { continue }
            if places[append] < 0 {
                places[append] = place
            } else {
                repeated.append((place, places[append]))
                // Of two places, the append has the one that its `ok` gave.
                if table.records[append].position == Int64(place) { places[append] = place }
            }
        }
        self.repeated = repeated
    }

    private static func order(of trace: KeyTrace) -> Int {
        guard let last = trace.lastRead, trace.orders.count > 1 else { return 0 }
        let list = Array(trace.orders[last.order].values.prefix(last.length))
        let longer = trace.orders.indices.filter { trace.orders[$0].commonLength(list) == last.length }
        return longer.max { trace.orders[$0].values.count < trace.orders[$1].values.count } ?? last.order
    }

    /// The reads of this order, and those of others as far as these begin alike.
    private static func marks(_ trace: KeyTrace, _ order: Int) -> (firstOver: [ReadMark], lastBegun: [ReadMark]) {
        var (firstOver, lastBegun) = (trace.orders[order].firstOver, trace.orders[order].lastBegun)
        for other in trace.orders.indices where other != order {
            let common = trace.orders[other].commonLength(trace.orders[order].values)
            for length in 0...common {
                let (over, begun) = (trace.orders[other].firstOver[length], trace.orders[other].lastBegun[length])
                if over.isSome, over.timeNs < firstOver[length].timeNs { firstOver[length] = over }
                if begun.isSome, begun.timeNs > lastBegun[length].timeNs { lastBegun[length] = begun }
            }
        }
        return (firstOver, lastBegun)
    }

    /// For each place, the first over of the reads that are longer than the place.
    static func firstSeen(_ firstOver: [ReadMark]) -> [ReadMark] {
        var seen = Array(firstOver.dropFirst())
        for place in seen.indices.dropLast().reversed() where seen[place + 1].timeNs < seen[place].timeNs {
            seen[place] = seen[place + 1]
        }
        return seen
    }
}
