// A process takes as many descriptors as it is allowed.

import Glibc
import Testing

@testable import RingmasterCommand

@Suite(.serialized) struct OpenFileLimitTests {
    @Test func theSoftLimitBecomesTheHardOne() {
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var before = rlimit()
        #expect(getrlimit(kind, &before) == 0)
        var low = before
        low.rlim_cur = before.rlim_max - 1
        #expect(setrlimit(kind, &low) == 0)
        defer { _ = setrlimit(kind, &before) }
        OpenFileLimit.raise()
        var after = rlimit()
        #expect(getrlimit(kind, &after) == 0)
        #expect(after.rlim_cur == before.rlim_max)
    }
}
