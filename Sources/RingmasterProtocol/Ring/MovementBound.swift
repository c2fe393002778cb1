// The least number of slots that any plan has to move. It shares no code with the plan, so that each can be held
// against the other: RingPlan asserts that it meets this bound, and the benchmark prints both.

extension RingPlan {
    /// The least number of slots that change owner in any lawful change from a view to new members. O(members).
    ///
    /// Lawful shares are as in `Apportionment`: each quota q rounded down or up, the sum being the ring. Whatever the
    /// shares t, a member that holds h slots has to give up max(0, h - t) of them, and every slot of nobody and of a
    /// departed member has to be taken over; nothing else need move. With everybody rounded down, members give up
    /// the sum of max(0, h - floor(q)). Rounding a member up saves one of these moves if its quota has a fraction
    /// and h > floor(q), else none; and as many members are rounded up as there are slots over. Hence
    ///
    ///     least = slots of nobody and of the departed
    ///           + sum of max(0, h - floor(q))
    ///           - min(slots over, members with a fraction and h > floor(q))
    ///
    /// Without new members the slots that have an owner lose it, and nothing else changes.
    ///
    /// - Parameter members: In the order of their names, each once.
    static func leastPossibleMoves(from old: RingView, to members: [Member]) -> Int {
        guard !members.isEmpty else { return old.slotCounts.reduce(0, +) }
        let weightTotal = members.reduce(0) { $0 + $1.weight }
        var inOtherHands = old.size.slotCount
        var slotsOver = old.size.slotCount
        var givenUp = 0
        var savings = 0
        for member in members {
            let held = old.slotCount(of: member.id)
            let (floor, fraction) = (old.size.slotCount * member.weight).quotientAndRemainder(dividingBy: weightTotal)
            inOtherHands -= held
            slotsOver -= floor
            givenUp += max(0, held - floor)
            if fraction > 0, held > floor { savings += 1 }
        }
        return inOtherHands + givenUp - min(slotsOver, savings)
    }
}
