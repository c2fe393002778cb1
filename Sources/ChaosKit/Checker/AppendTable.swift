// Every append of the history, found by its key and value.

/// What is known of one append.
struct AppendRecord {
    let key: NameID
    let value: Int64
    let invokedNs: Int64
    let invokeLine: Int
    var outcome = Outcome.open
    /// When it was over; the end of time unless it is acknowledged, as one of unknown outcome may happen at any time.
    var acknowledgedNs = Int64.max
    /// The line of its completion; 0 while it has none.
    var completionLine = 0
    /// What its `ok` gave.
    var position: Int64 = -1

    enum Outcome: UInt8 {
        /// No completion so far, or `info`.
        case open
        case acknowledged, failed
    }

    var isAcknowledged: Bool { outcome == .acknowledged }
}

/// The appends in the order of their invocations' lines, with an open-addressed hash table over key and value.
///
/// The memory that a checker needs for each append is a record and two slots: 64 bytes and 8 to 16.
struct AppendTable {
    private(set) var records: [AppendRecord] = []
    /// The number of a record plus one, or 0; a power of two of them, at least twice as many as there are records.
    private var slots: [UInt32] = Array(repeating: 0, count: 1024)

    /// Adds an append.
    /// - Returns: Its place; nil if the value was appended to the key before.
    mutating func add(_ record: AppendRecord) -> Int? {
        precondition(records.count < Int(UInt32.max) - 1, "a history of more than four billion appends")
        if (records.count + 1) * 2 > slots.count { grow() }
        let slot = slot(record.key, record.value)
        guard slots[slot] == 0 else { return nil }
        records.append(record)
        slots[slot] = UInt32(records.count)
        return records.count - 1
    }

    /// The place of an append; nil if it was never invoked.
    func place(key: NameID, value: Int64) -> Int? {
        let entry = slots[slot(key, value)]
        return entry == 0 ? nil : Int(entry - 1)
    }

    /// Notes an append's completion.
    mutating func complete(_ place: Int, _ change: (inout AppendRecord) -> Void) {
        change(&records[place])
    }

    /// Where the append is, or would be put.
    @inline(__always) private func slot(_ key: NameID, _ value: Int64) -> Int {
        var slot = Self.hash(key, value) & (slots.count - 1)
        while slots[slot] != 0 {
            let place = Int(slots[slot] - 1)
            if records[place].value == value, records[place].key == key { break }
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for (place, record) in records.enumerated() {
            slots[slot(record.key, record.value)] = UInt32(place + 1)
        }
    }

    /// The finalizer of SplitMix64 (Steele, Lea, Flood, 2014).
    @inline(__always) private static func hash(_ key: NameID, _ value: Int64) -> Int {
        var mixed = UInt64(bitPattern: value) &+ UInt64(key.rawValue) &* 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int(truncatingIfNeeded: (mixed ^ mixed >> 31) & 0x7fff_ffff)
    }
}
