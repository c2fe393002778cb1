// A worker that is given up while it leaves: whoever waits for its release is told.

import RingmasterProtocol
import Testing

@testable import Ringmaster

struct LeaverDeathTests {
    /// A worker that lives on and asks for nothing, until its lease has run out.
    @Test func aLeaverThatIsGivenUpIsAnswered() async throws {
        let cluster = try await ClusterFixture()
        let staying = cluster.startWorker("staying")
        try await cluster.waitForMembers(["staying"])
        // It answers nothing of what it is told to do, and nobody refuses its connections.
        let silent = try await RPCServer(RPCService(), at: "tcp://127.0.0.1:*")
        let line = try await RPCClient(cluster.coordinator.endpoint)
        let record = MemberRecord(
            member: Member("silent"),
            incarnation: Incarnation(rawValue: 7),
            endpoint: silent.endpoint.text
        )
        _ = try await line.call("member.join", payload: JoinRequest.encode(record))
        var name = MessagePackWriter()
        name.write("silent")
        let limit = CallOptions(timeout: .seconds(10))
        let error = await #expect(throws: RPCError.self) {
            try await line.call("member.leave", payload: name.bytes, options: limit)
        }
        guard case .remote(let answer) = error else {
            Issue.record("the leaver was told \(String(describing: error))")
            return
        }
        #expect(answer.code == .notMember)
        await line.close()
        await silent.shutDown(grace: .zero)
        staying.run.cancel()
    }
}
