// That a deadline never fires early, fires once, and fires at its tick, whatever happens to the others meanwhile.

import RingmasterProtocol
import Testing

@testable import Ringmaster

struct DeadlineWheelTests {
    private func ms(_ value: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: value * 1_000_000) }

    @Test func aDeadlineFiresAtTheFirstTickNotBeforeIt() {
        var wheel = DeadlineWheel(capacity: 4, now: ms(0))
        wheel.set(2, to: MonotonicTime(nanoseconds: 4_000_001))
        var fired: [Int] = []
        wheel.advance(to: MonotonicTime(nanoseconds: 4_999_999)) { fired.append($1) }
        #expect(fired.isEmpty)
        wheel.advance(to: ms(5)) { fired.append($1) }
        #expect(fired == [2])
        wheel.advance(to: ms(5000)) { fired.append($1) }
        #expect(fired == [2])
        #expect(wheel.earliestBound == nil)
    }

    @Test func aDeadlineInThePastFiresAtTheNextTick() {
        var wheel = DeadlineWheel(capacity: 1, now: ms(100))
        wheel.set(0, to: ms(3))
        #expect(wheel.earliestBound == ms(101))
        var fired = 0
        wheel.advance(to: ms(101)) { _, _ in fired += 1 }
        #expect(fired == 1)
    }

    @Test func aDeadlineFarAheadOutlivesManyTurnsOfTheWheel() {
        var wheel = DeadlineWheel(capacity: 2, now: ms(0))
        wheel.set(0, to: ms(10_000))
        wheel.set(1, to: .distantFuture)
        var fired: [Int] = []
        for now in 1..<10_000 { wheel.advance(to: ms(Int64(now))) { fired.append($1) } }
        #expect(fired.isEmpty)
        wheel.advance(to: ms(10_000)) { fired.append($1) }
        #expect(fired == [0])
        #expect(wheel.count == 1)
    }

    @Test func aLongPauseFiresEverythingDueAndNothingElse() {
        var wheel = DeadlineWheel(capacity: 3000, now: ms(0))
        for slot in 0..<3000 { wheel.set(slot, to: ms(Int64(slot) + 1)) }
        var fired: Set<Int> = []
        wheel.advance(to: ms(2500)) { fired.insert($1) }
        #expect(fired == Set(0..<2500))
    }

    @Test func aCallbackMayClearAndMoveOthersThatAreDueToo() {
        var wheel = DeadlineWheel(capacity: 8, now: ms(0))
        for slot in 0..<8 { wheel.set(slot, to: ms(5)) }
        var fired: [Int] = []
        wheel.advance(to: ms(6)) { wheel, slot in
            fired.append(slot)
            guard fired.count == 1 else { return }
            wheel.clear((slot + 1) % 8)
            wheel.set((slot + 2) % 8, to: .distantFuture)
            wheel.set(slot, to: MonotonicTime(nanoseconds: 0))
        }
        #expect(fired.count == 6)
        #expect(wheel.count == 2)
        let first = fired[0]
        wheel.advance(to: ms(7)) { fired.append($1) }
        #expect(fired.count == 7 && fired.last == first, "an expired slot set again in its callback fires again later")
    }

    @Test func aDeadlineStaysWithItsSlotWhenTheWheelGrows() {
        var wheel = DeadlineWheel(capacity: 8, now: ms(0))
        for slot in 0..<6 { wheel.set(slot, to: ms(Int64(10 + slot % 3))) }
        wheel.grow(to: 16) { $0 * 2 + 1 }
        #expect(wheel.count == 6)
        wheel.clear(3)
        wheel.set(15, to: ms(2000))
        var fired: [Int64: Set<Int>] = [:]
        for now in Int64(1)...2000 { wheel.advance(to: ms(now)) { fired[now, default: []].insert($1) } }
        #expect(fired == [10: [1, 7], 11: [9], 12: [5, 11], 2000: [15]])
    }

    /// Random sets, moves, clears and advances against a dictionary.
    @Test(arguments: 0..<20) func theWheelDoesWhatADictionaryOfDeadlinesDoes(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let capacity = Int.random(in: 1...300, using: &generator)
        var nowNs: Int64 = .random(in: 0...5_000_000_000, using: &generator)
        var wheel = DeadlineWheel(capacity: capacity, now: MonotonicTime(nanoseconds: nowNs))
        /// The tick at which each slot is due.
        var model: [Int: Int64] = [:]

        func set(_ slot: Int, on wheel: inout DeadlineWheel, after passed: Int64) {
            let reach: Int64 = [2_000_000, 100_000_000, 4_000_000_000].randomElement(using: &generator)!
            let deadline = nowNs + .random(in: -2_000_000...reach, using: &generator)
            wheel.set(slot, to: MonotonicTime(nanoseconds: deadline))
            model[slot] = max((max(0, deadline) + 999_999) / 1_000_000, passed + 1)
        }

        for _ in 0..<4000 {
            let slot = Int.random(in: 0..<capacity, using: &generator)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<6: set(slot, on: &wheel, after: nowNs / 1_000_000)
            case 6:
                wheel.clear(slot)
                model[slot] = nil
            default:
                let reach: Int64 = [500_000, 20_000_000, 3_000_000_000].randomElement(using: &generator)!
                nowNs += .random(in: 0...reach, using: &generator)
                let passed = nowNs / 1_000_000
                let due = Set(model.filter { $0.value <= passed }.keys)
                var touched: Set<Int> = []
                var fired: Set<Int> = []
                wheel.advance(to: MonotonicTime(nanoseconds: nowNs)) { wheel, slot in
                    #expect(fired.insert(slot).inserted, "slot \(slot) fired twice in one advance")
                    #expect(model[slot].map { $0 <= passed } == true, "slot \(slot) fired early or unset")
                    model[slot] = nil
                    let other = Int.random(in: 0..<capacity, using: &generator)
                    switch Int.random(in: 0..<8, using: &generator) {
                    case 0:
                        wheel.clear(other)
                        model[other] = nil
                        touched.insert(other)
                    case 1:
                        set(other, on: &wheel, after: passed)
                        touched.insert(other)
                    default: break
                    }
                }
                #expect(due.subtracting(touched).isSubset(of: fired), "a due slot did not fire")
            }
            #expect(wheel.count == model.count)
            #expect((wheel.earliestBound == nil) == model.isEmpty)
        }
    }
}
