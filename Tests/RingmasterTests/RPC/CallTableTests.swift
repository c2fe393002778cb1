// That a table of calls grows with what is in flight, and that no call notices.

import RingmasterProtocol
import Testing

@testable import Ringmaster

struct CallTableTests {
    private func claim(_ count: Int, from table: inout CallTable) -> [UInt32] {
        (0..<count).map { _ in
            if table.isCrowded { table.grow() }
            return table.claim().pointee.msgid
        }
    }

    @Test func aTableOfManyCallsBeginsSmall() {
        let table = CallTable(limit: Limits.inFlightMax)
        let capacity = table.capacity
        #expect(capacity <= 1024)
    }

    @Test(arguments: [1, 2, 100, 4096, Limits.inFlightMax]) func aTableTakesAsManyCallsAsItsLimitSays(limit: Int) {
        // Msgids run over their end on the way.
        var table = CallTable(limit: limit, firstID: .max - 50)
        let msgids = claim(limit, from: &table)
        let (isFull, capacity) = (table.isFull, table.capacity)
        #expect(isFull)
        #expect(capacity < 4 * max(limit, 2))
        #expect(Set(msgids).count == limit)
        let lost = msgids.filter { table.find($0)?.pointee.msgid != $0 }
        #expect(lost.isEmpty)
    }

    @Test func aCallKeepsWhatItHasWhenTheTableGrows() {
        var table = CallTable(limit: 4096, firstID: 7)
        let msgids = claim(table.capacity / 2, from: &table)
        for msgid in msgids { table.find(msgid)?.pointee.tag = UInt64(msgid) * 3 }
        // Gaps, so that slots are taken out of turn.
        for msgid in msgids where msgid % 3 == 0 { table.find(msgid).map { table.free($0) } }
        let kept = msgids.filter { $0 % 3 != 0 }
        let foretold = Dictionary(
            uniqueKeysWithValues: kept.map { msgid in
                (msgid, table.indexAfterGrowth(table.find(msgid).map { table.index(of: $0) } ?? -1))
            }
        )
        table.grow()
        let inFlight = table.msgids
        #expect(inFlight.count == kept.count)
        #expect(Set(inFlight) == Set(kept))
        for msgid in kept {
            let call = table.find(msgid)
            let index = call.map { table.index(of: $0) }
            #expect(call?.pointee.tag == UInt64(msgid) * 3)
            #expect(index == foretold[msgid])
        }
    }
}
