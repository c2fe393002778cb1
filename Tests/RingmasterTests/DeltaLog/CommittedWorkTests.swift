// That what libraft has committed is carried out whole and in its order.

import Testing

@testable import Ringmaster

struct CommittedWorkTests {
    private func carriedOut(_ work: CommittedWork) -> [String] {
        var steps: [String] = []
        work.forEach { entry, index in
            steps.append("\(index): \(Array(entry))")
        } ended: { id, status in
            steps.append("ended \(id) with \(status)")
        }
        return steps
    }

    @Test func stepsComeOutInTheirOrderWithTheirBytes() {
        var work = CommittedWork()
        [UInt8]([1, 2]).withUnsafeBytes { work.apply($0, index: 4) }
        work.proposalEnded(9, 0)
        work.apply(UnsafeRawBufferPointer(start: nil, count: 0), index: 5)
        work.proposalEnded(10, -3)
        #expect(carriedOut(work) == ["4: [1, 2]", "ended 9 with 0", "5: []", "ended 10 with -3"])
    }

    @Test func whatIsAddedWhileWorkIsCarriedOutStaysForTheNextTime() {
        var work = CommittedWork()
        work.proposalEnded(1, 0)
        let taken = work.take()
        work.proposalEnded(2, 0)
        let first = carriedOut(taken)
        work.reuse(taken)
        #expect(first == ["ended 1 with 0"])
        #expect(carriedOut(work) == ["ended 2 with 0"])
    }
}
