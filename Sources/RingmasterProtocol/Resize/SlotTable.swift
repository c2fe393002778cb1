// Per slot, what a worker may do with it and how many jobs run on it. SlotGates decides, this counts: both calls of
// the request path, `begin` and `end`, are O(1) and allocate nothing.

/// The slots of one worker.
struct SlotTable: Sendable {
    private(set) var states: [SlotGates.SlotState]
    /// For each slot the jobs that began on it and have not ended.
    private var running: [Int32]
    /// The jobs that run on draining slots.
    private(set) var draining = 0

    /// O(slots).
    init(slotCount: Int) {
        states = Array(repeating: .notOwned, count: slotCount)
        running = Array(repeating: 0, count: slotCount)
    }

    func state(of slot: Slot) -> SlotGates.SlotState {
        states.state(of: slot)
    }

    /// Counts a job in if the slot is served. O(1).
    mutating func begin(_ slot: Slot) -> Bool {
        guard state(of: slot) == .serving else { return false }
        running[slot.index] += 1
        return true
    }

    /// Counts a job out. O(1).
    /// - Returns: Whether it was the last that kept a slot from having drained.
    /// - Precondition: The job was counted in.
    mutating func end(_ slot: Slot) -> Bool {
        precondition(running[slot.index] > 0, "a job ended on slot \(slot), where none runs")
        running[slot.index] -= 1
        guard states[slot.index] == .draining else { return false }
        draining -= 1
        if running[slot.index] == 0 { states[slot.index] = .stopped }
        return draining == 0
    }

    /// Puts a slot into a state. To stop a slot on which jobs run is to drain it. O(1).
    mutating func set(_ slot: Slot, _ state: SlotGates.SlotState) {
        let jobs = Int(running[slot.index])
        if states[slot.index] == .draining { draining -= jobs }
        switch state {
        case .stopped, .draining:
            states[slot.index] = jobs > 0 ? .draining : .stopped
            draining += jobs
        default:
            states[slot.index] = state
        }
    }

    /// Writes all of it. O(slots).
    func write(into code: inout StateCode) {
        for (state, jobs) in zip(states, running) {
            code.write(UInt64(state.rawValue))
            code.write(UInt64(jobs))
        }
        code.write(draining)
    }

    /// The slots in any of the states, ascending. O(slots).
    func slots(in wanted: SlotGates.SlotState...) -> [Slot] {
        let wanted = wanted.reduce(into: UInt8(0)) { $0 |= 1 << $1.rawValue }
        return states.indices.filter { wanted & 1 << states[$0].rawValue != 0 }.map { Slot(UInt32($0)) }
    }
}

extension [SlotGates.SlotState] {
    /// By position; what is behind the last is nobody's. O(1).
    @inlinable package func state(of slot: Slot) -> SlotGates.SlotState {
        slot.index < count ? self[slot.index] : .notOwned
    }
}
