// A cluster run and steered by the real program.

import Foundation
import Testing

@testable import RingmasterCommand

@Suite(.serialized, .timeLimit(.minutes(2)))
struct ClusterCommandTests {
    @Test
    func aClusterTakesJobsReadsAndOrders() async throws {
        let cluster = try await RunningCluster(workers: 2)
        defer { cluster.end() }
        #expect(try await cluster.run("submit", "add", "visits", "40").output == "40\n")
        #expect(try await cluster.run("submit", "add", "visits", "2").output == "42\n")
        #expect(try await cluster.run("read", "visits").output == "42\n")
        #expect(try await cluster.run("read", "nobody").output == "null\n")
        #expect(try await cluster.run("call", "get", "visits").output == "42\n")
        #expect(try await cluster.run("submit", "append", "name", "Ada").output == "3\n")
        #expect(try await cluster.run("read", "name", "--raw").output == "Ada")
        #expect(try await cluster.run("submit", "set", "cart", #"{"items":[1,2.5,"x",null,true]}"#).status == 0)
        #expect(try await cluster.run("read", "cart").output == #"{"items":[1,2.5,"x",null,true]}"# + "\n")

        let refused = try await cluster.run("submit", "add", "name", "1")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("the key's state is no integer: text"))
        #expect(try await cluster.run("submit", "frob", "name").status == 1)

        let table = try await cluster.run("status")
        #expect(table.status == 0)
        #expect(table.output.contains("coordinator-1  leader"))
        #expect(table.output.contains("2048"))
        let status = try await cluster.run("status", "--json")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any])
        #expect(object["leader"] as? String == cluster.endpoint)
        #expect((object["workers"] as? [Any])?.count == 2)

        let snapshot = try await cluster.run("snapshot")
        #expect(snapshot.status == 0 && snapshot.output.contains("snapshots at index"))
        let top = try await cluster.run("top", "--count", "2", "--interval", "0.2")
        #expect(top.status == 0)
        #expect(top.output.split(separator: "\n").count == 2)
        #expect(top.output.contains("read_p99="))
    }

    @Test
    func resizeAndLeaveChangeTheRingAndKeepTheState() async throws {
        let cluster = try await RunningCluster(workers: 1)
        defer { cluster.end() }
        for key in 0..<5 { #expect(try await cluster.run("submit", "add", "key-\(key)", "\(key)").status == 0) }
        let grown = try await cluster.run("resize", "3", "--data", cluster.folder.path)
        #expect(grown.output == "w2 has joined\nw3 has joined\n3 workers\n")
        #expect(try cluster.file.workers.map(\.name) == ["w1", "w2", "w3"])
        #expect(try await cluster.run("leave", "w1").output == "w1 has left\n")
        #expect(try await eventuallyFile(cluster, has: ["w2", "w3"]))
        #expect(!(try await cluster.run("status").output.contains("w1 ")))
        let gone = try await cluster.run("leave", "w1")
        #expect(gone.status == 1)
        #expect(gone.errors.contains("the cluster has no worker 'w1'"))
        let shrunk = try await cluster.run("resize", "1", "--data", cluster.folder.path)
        #expect(shrunk.output == "w3 has left\n1 workers\n")
        for key in 0..<5 { #expect(try await cluster.run("read", "key-\(key)").output == "\(key)\n") }
        let tooMany = try await cluster.run("resize", "65", "--data", cluster.folder.path)
        #expect(tooMany.status == 64)
        #expect(tooMany.errors.contains("65 workers are not possible on one machine: 0 to 64"))
    }

    private func eventuallyFile(_ cluster: RunningCluster, has names: [String]) async throws -> Bool {
        try await eventually { try cluster.file.workers.map(\.name) == names }
    }

    @Test
    func aKilledWorkerIsStartedAgainAndItsKeysAnswerMeanwhile() async throws {
        let cluster = try await RunningCluster(workers: 2)
        defer { cluster.end() }
        for key in 0..<8 { #expect(try await cluster.run("submit", "add", "key-\(key)", "1").output == "1\n") }
        let pid = try cluster.pid(of: "w1")
        kill(pid, SIGKILL)
        let begun = ContinuousClock.now
        for key in 0..<8 { #expect(try await cluster.run("submit", "add", "key-\(key)", "1").output == "2\n") }
        #expect(ContinuousClock.now - begun < .seconds(10))
        #expect(await eventually { cluster.up.output.contains("worker w1 (pid \(pid)) was ended by signal 9") })
        #expect(await eventually { cluster.up.output.contains("worker w1 runs again") })
        for key in 0..<8 { #expect(try await cluster.run("submit", "add", "key-\(key)", "1").output == "3\n") }
    }

    @Test
    func termEndsTheWholeClusterInOrderAndItsPlaceIsKept() async throws {
        let cluster = try await RunningCluster(workers: 2)
        let pids = try ["coordinator-1", "w1", "w2"].map(cluster.pid(of:))
        let file = try cluster.file
        kill(cluster.up.pid, SIGTERM)
        let result = await cluster.up.waitForEnd()
        #expect(result.status == 0)
        #expect(result.output.hasSuffix("ended\n"))
        #expect(!result.output.contains("ended at once"))
        for pid in pids { #expect(kill(pid, 0) == -1, "process \(pid) lives") }
        cluster.up.end()
        // Run again, without a word on ports or workers, it is where it was.
        let again = try Program(["up", "--data", cluster.folder.path])
        defer { again.end() }
        #expect(await eventually(within: .seconds(30)) { again.output.contains("\nready.") })
        #expect(try cluster.file == file)
        let second = try await Program.run("up", "--data", cluster.folder.path)
        #expect(second.status == 73)
        #expect(second.errors.contains("another `ringmaster up` runs the cluster in '\(cluster.folder.path)'"))
        kill(again.pid, SIGINT)
        #expect(await again.waitForEnd().status == 0)
    }

    @Test
    func childrenDoNotOutliveAKilledSupervisor() async throws {
        let cluster = try await RunningCluster(workers: 1)
        let pids = try ["coordinator-1", "w1"].map(cluster.pid(of:))
        cluster.up.end()
        for pid in pids { #expect(await eventually { kill(pid, 0) == -1 }, "process \(pid) lives") }
    }
}
