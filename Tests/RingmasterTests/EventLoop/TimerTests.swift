// That timers fire in order, once, and when they are due, under a clock that the test moves.

import RingmasterProtocol
import Testing

@testable import Ringmaster

struct TimerTests {
    private let clock = VirtualClock()
    private let loop: EventLoop

    init() {
        loop = EventLoop.stepped { [clock] in clock.now }
    }

    private func at(_ milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: Int64(milliseconds) * 1_000_000)
    }

    @Test func timersFireInTheOrderOfTheirDeadlines() {
        var fired: [Int] = []
        for deadline in [30, 10, 50, 20, 40] {
            loop.arm(loop.timer { fired.append(deadline) }, at: at(deadline))
        }
        loop.step()
        #expect(fired.isEmpty)
        clock.advance(by: .milliseconds(20))
        loop.step()
        #expect(fired == [10, 20])
        clock.advance(by: .milliseconds(100))
        loop.step()
        #expect(fired == [10, 20, 30, 40, 50])
    }

    @Test func aTimerArmedAgainFiresOnceAtItsNewDeadline() {
        var fired: [String] = []
        let sooner = loop.timer { fired.append("sooner") }
        let later = loop.timer { fired.append("later") }
        loop.arm(sooner, at: at(50))
        loop.arm(later, at: at(10))
        loop.arm(sooner, at: at(5))
        loop.arm(later, at: at(60))
        clock.advance(by: .milliseconds(20))
        loop.step()
        #expect(fired == ["sooner"])
        clock.advance(by: .milliseconds(100))
        loop.step()
        loop.step()
        #expect(fired == ["sooner", "later"])
    }

    @Test func aDisarmedTimerDoesNotFire() {
        var fired = 0
        let timer = loop.timer { fired += 1 }
        loop.arm(timer, at: at(1))
        loop.disarm(timer)
        loop.disarm(timer)
        #expect(!timer.isArmed)
        clock.advance(by: .milliseconds(10))
        loop.step()
        #expect(fired == 0)
        loop.arm(timer, at: at(11))
        clock.advance(by: .milliseconds(10))
        loop.step()
        #expect(fired == 1)
    }

    @Test func aTimerMayDisarmAnotherThatIsDueWithIt() {
        var fired = 0
        let second = loop.timer { fired += 1 }
        loop.arm(loop.timer { [loop] in loop.disarm(second) }, at: at(1))
        loop.arm(second, at: at(2))
        clock.advance(by: .milliseconds(5))
        loop.step()
        #expect(fired == 0)
    }

    @Test func aTimerThatArmsItselfForThisMomentDoesNotStopTheLoop() {
        var fired = 0
        var others = 0
        var timer: LoopTimer?
        timer = loop.timer { [loop] in
            fired += 1
            loop.arm(timer!, at: loop.now)
        }
        loop.arm(timer!, at: at(0))
        loop.arm(loop.timer { others += 1 }, at: at(0))
        loop.step()
        #expect(others == 1)
        loop.step()
        #expect((2...4).contains(fired))
        loop.disarm(timer!)
        timer = nil
    }

    /// Random arming, re-arming and disarming against a dictionary.
    @Test(arguments: 0..<10) func theHeapFiresWhatADictionaryOfDeadlinesWould(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var fired: [Int] = []
        let timers = (0..<40).map { id in loop.timer { fired.append(id) } }
        var model: [Int: MonotonicTime] = [:]
        for _ in 0..<2000 {
            let id = Int.random(in: 0..<40, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0...3:
                let ns = clock.now.nanoseconds + .random(in: 0...50_000, using: &generator)
                model[id] = MonotonicTime(nanoseconds: ns)
                loop.arm(timers[id], at: model[id]!)
            case 4:
                model[id] = nil
                loop.disarm(timers[id])
            default:
                clock.advance(by: .nanoseconds(Int64.random(in: 0...30_000, using: &generator)))
                let due = model.filter { $0.value <= clock.now }.keys
                fired = []
                loop.step()
                #expect(fired.count == due.count && Set(fired) == Set(due))
                let deadlines = fired.map { model[$0]! }
                #expect(deadlines == deadlines.sorted())
                for id in due { model[id] = nil }
            }
        }
    }
}
