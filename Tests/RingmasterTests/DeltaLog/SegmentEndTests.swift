// That the end of a segment of the log does not hold up what comes after it, with the libraft that is installed here.

import CShimDeltaLog
import Testing

struct SegmentEndTests {
    @Test func theEndOfASegmentHoldsNobodyUp() {
        #expect(rm_raft_ends_segments_aside() == 1)
        // Each log asks for it anew.
        #expect(rm_raft_ends_segments_aside() == 1)
    }
}
