// The order in which a worker's deltas reach whoever leads, across changes of leader.

import RingmasterProtocol
import Testing

@testable import Ringmaster

@Suite(.timeLimit(.minutes(1)))
struct DeltaStreamTests {
    /// A leader that answers no deltas before it is told to, and then that it leads no more. It notes the sequences that it was sent.
    ///
    /// @unchecked Sendable: confined to the thread of the test, which steps the loop.
    private final class Leader: @unchecked Sendable {
        var isLeading = false
        var kept: [DeferredReply] = []
        var sequences: [UInt64] = []
        /// Of those who asked for a job: somebody to reply to.
        var callers: [ReplyAddress] = []
        var server: ServerCore!
        /// All there are, which no change of leader changes.
        var coordinators: [Hello.Coordinator] = []

        func start(on rpc: SteppedRPC, raftID: UInt64) throws {
            var service = RPCService()
            service.handleDeferred(ClusterMethods.hello) { [unowned self] _, reply in
                let hello = Hello(
                    clusterID: 1,
                    name: "c\(raftID)",
                    raftID: raftID,
                    isLeader: isLeading,
                    leaderEndpoint: "",
                    publisherEndpoint: "",
                    coordinators: coordinators
                )
                reply.send(hello.encoded())
            }
            service.handleDeferred(ClusterMethods.heartbeat) { _, reply in reply.fail(.notLeader, "") }
            service.handleDeferred(ClusterMethods.deltas) { [unowned self] bytes, reply in
                let batch = try? DeltaBatch(decoding: bytes)
                batch?.forEach { sequences.append($0.sequence) }
                kept.append(reply)
            }
            service.handleAddressed(ClusterMethods.submit) { [unowned self] _, address in callers.append(address) }
            server = try rpc.server(service)
        }
    }

    /// What is under way with a leader that was lost goes to the next one before anything younger, though the lost one has not
    /// said yet what became of it: a younger delta stands on the state of an older one.
    @Test
    func whatIsUnderWayGoesToTheNextLeaderBeforeAnythingYounger() throws {
        let rpc = SteppedRPC()
        let leaders = [Leader(), Leader()]
        for (place, leader) in leaders.enumerated() { try leader.start(on: rpc, raftID: UInt64(place + 1)) }
        let coordinators = leaders.enumerated().map { place, leader in
            Hello.Coordinator(raftID: UInt64(place + 1), endpoint: leader.server.endpoint.text)
        }
        for leader in leaders { leader.coordinators = coordinators }
        leaders[0].isLeading = true
        let (finder, stream) = try worker(of: leaders, on: rpc)
        finder.start()
        rpc.step("a leader") { finder.hasLeader }
        let client = try twoCallers(of: leaders[0], on: rpc)
        var jobs = Jobs()
        stream.add(jobs.next(for: leaders[0].callers[0]))
        rpc.step("the first delta") { leaders[0].sequences == [1] }
        // It leads no more, and says so to the worker's heartbeat alone.
        leaders[0].isLeading = false
        leaders[1].isLeading = true
        finder.call(ClusterMethods.heartbeat, []) { _ in }
        rpc.step("the loss of the leader") { !finder.hasLeader }
        rpc.step("the next leader") { finder.leaderEndpoint == leaders[1].server.endpoint.text }
        stream.add(jobs.next(for: leaders[0].callers[1]))
        rpc.step("both deltas") { leaders[1].sequences.count >= 2 }
        #expect(leaders[1].sequences == [1, 2])
        stream.close()
        finder.close()
        client.close()
        for leader in leaders {
            leader.kept = []
            leader.callers = []
            leader.server.close()
        }
    }

    /// An answer says nothing as long as that of an older batch is missing: a connection that broke and came back may have lost
    /// the older one, and the worker reads the younger one before it hears of the break.
    @Test
    func anAnswerThatOvertookAnOlderOneDoesNotCount() throws {
        let rpc = SteppedRPC()
        let leader = Leader()
        try leader.start(on: rpc, raftID: 1)
        leader.coordinators = [Hello.Coordinator(raftID: 1, endpoint: leader.server.endpoint.text)]
        leader.isLeading = true
        let (finder, stream) = try worker(of: [leader], on: rpc)
        var ended: [UInt64] = []
        stream.ended = { job, refusal in
            #expect(refusal == nil)
            ended.append(job.sequence)
        }
        finder.start()
        rpc.step("a leader") { finder.hasLeader }
        let client = try twoCallers(of: leader, on: rpc)
        var jobs = Jobs()
        for (number, caller) in leader.callers.enumerated() {
            stream.add(jobs.next(for: caller))
            rpc.step("delta \(number + 1)") { leader.kept.count == number + 1 }
        }
        func answer(_ place: Int, lastJob: UInt64) {
            leader.kept[place].send(DeltaOutcomes(count: 1, lastJob: JobID(lastJob), refusals: []).encoded())
        }
        answer(1, lastJob: 2)
        for _ in 0..<20 { rpc.pass(ClusterLimits.leaderSearchInterval) }
        rpc.step("both deltas once more") { leader.sequences.count >= 4 }
        #expect(ended == [])
        #expect(leader.sequences == [1, 2, 1, 2])
        answer(2, lastJob: 1)
        answer(3, lastJob: 2)
        rpc.step("both ends") { ended.count == 2 }
        #expect(ended == [1, 2])
        stream.close()
        finder.close()
        client.close()
        leader.kept = []
        leader.callers = []
        leader.server.close()
    }

    /// What a worker sends its deltas with.
    private func worker(of leaders: [Leader], on rpc: SteppedRPC) throws -> (LeaderFinder, DeltaStream) {
        let finder = try LeaderFinder(
            endpoints: leaders.map(\.server.endpoint),
            security: { _ in .none },
            context: .shared,
            loop: rpc.loop
        )
        let identity = WorkerIdentity(id: "w1", incarnation: Incarnation(rawValue: 1))
        let stream = DeltaStream(identity: identity, leader: finder, loop: rpc.loop)
        finder.found = { stream.leaderFound() }
        return (finder, stream)
    }

    /// Two jobs have somebody to reply to.
    private func twoCallers(of leader: Leader, on rpc: SteppedRPC) throws -> ClientCore {
        let client = try rpc.client(of: leader.server.endpoint)
        for _ in 1...2 { client.call(ClusterMethods.submit, [], CallOptions(timeout: nil)) { _ in } }
        rpc.step("callers") { leader.callers.count == 2 }
        return client
    }

    /// Jobs of one key that have run, in their order.
    private struct Jobs {
        private var keys = KeyTable(size: .standard)
        private var sequence: UInt64 = 0

        mutating func next(for caller: ReplyAddress) -> WorkerJob {
            sequence += 1
            let key: [UInt8] = [7]
            let job = key.withUnsafeBytes { bytes in
                let hash = KeyHash(of: bytes)
                let request = JobRequest(
                    client: ClientID(rawValue: 1),
                    sequence: sequence,
                    acked: 1,
                    method: UnsafeRawBufferPointer(start: nil, count: 0),
                    key: bytes,
                    argument: UnsafeRawBufferPointer(start: nil, count: 0),
                    attempt: 1
                )
                let job = WorkerJob(caller, request, handler: .raw { _, _, _ in [] }, slot: keys.slot(of: hash))
                job.work = keys.work(on: keys.key(bytes, hash))
                return job
            }
            job.base = sequence - 1
            return job
        }
    }
}
