// How long a coordinator takes part: until it is closed, also where nobody holds it.

import RingmasterProtocol
import Testing

@testable import Ringmaster

struct CoordinatorLifeTests {
    private func startOneThatNobodyHolds() async throws -> Endpoint {
        try await Coordinator(CoordinatorConfiguration(endpoint: "tcp://127.0.0.1:*"), logger: ClusterFixture.quiet)
            .endpoint
    }

    @Test func aCoordinatorGoesOnThoughNobodyHoldsIt() async throws {
        let endpoint = try await startOneThatNobodyHolds()
        // Its timers run meanwhile.
        try await Task.sleep(for: ClusterLimits.introductionInterval * 2)
        let client = try await RPCClient(endpoint)
        let hello = try Hello.decode(await client.call(ClusterMethods.hello, payload: []))
        #expect(hello.isLeader)
        await client.close()
    }
}

extension Hello {
    fileprivate static func decode(_ bytes: [UInt8]) throws -> Hello {
        try bytes.withUnsafeBytes { try decode($0) }
    }
}
