// How fast one server commits on this machine's disk; run with RINGMASTER_MEASURE=1.

import Glibc
import Testing

@testable import Ringmaster

@Suite(.serialized, .enabled(if: getenv("RINGMASTER_MEASURE") != nil)) struct RaftLogMeasurement {
    @Test func commitsAsecondWithOneServerSynchronized() throws {
        let cluster = LogClusterFixture()
        let server = try cluster.start(1, of: 1)
        #expect(cluster.run { server.isLeader })
        let entry = [UInt8](repeating: 1, count: 200)
        var id: UInt64 = 0
        func measure(_ name: String, inFlight: Int, rounds: Int) throws {
            let begin = MonotonicTime.now
            for _ in 0..<rounds {
                for _ in 0..<inFlight {
                    try server.log.propose(entry, id: id)
                    id += 1
                }
                #expect(cluster.run { server.ended.count == Int(id) })
                server.entries.removeAll(keepingCapacity: true)
            }
            let seconds = MonotonicTime.now.since(begin) / .seconds(1)
            print("n=1, 200 bytes, fsync: \(name): \(Int(Double(inFlight * rounds) / seconds)) entries/s")
        }
        try measure("sequential", inFlight: 1, rounds: 10_000)
        try measure("16 in flight", inFlight: 16, rounds: 4_000)
        try measure("256 in flight", inFlight: 256, rounds: 400)
        try measure("4096 in flight", inFlight: 4096, rounds: 60)
    }
}
