// What `up` makes of its wishes and of what is there.

import Testing

@testable import RingmasterCommand

struct ClusterPlanTests {
    private func plan(_ wish: ClusterWish, over present: ClusterFile? = nil) throws -> ClusterFile {
        try wish.plan(over: present, in: "DIR", clusterID: 7) { preferred throws(CommandFailure) in
            UInt16(preferred ?? 1)
        }
    }

    @Test
    func theStandardIsOneDurableCoordinatorAndTwoWorkers() throws {
        let file = try plan(ClusterWish())
        #expect(file.replicas == 1)
        #expect(file.coordinatorEndpoints == ["tcp://127.0.0.1:7400"])
        #expect(file.workers == [.init(name: "w1", port: 7410), .init(name: "w2", port: 7411)])
    }

    @Test
    func replicasAndCoordinatorsFollowEachOther() throws {
        #expect(try plan(ClusterWish(replicas: 3)).coordinators.map(\.port) == [7400, 7401, 7402])
        #expect(try plan(ClusterWish(coordinators: 5)).replicas == 5)
        #expect(try plan(ClusterWish(replicas: 0)).coordinators.count == 1)
    }

    @Test(arguments: [
        (ClusterWish(coordinators: 1, replicas: 3), "give --coordinators 3, or --replicas 1"),
        (ClusterWish(coordinators: 3, replicas: 0), "give --coordinators 1, or --replicas 3"),
        (ClusterWish(coordinators: 2), "--coordinators 2 is not possible: run 1, 3 or 5"),
    ])
    func wishesThatContradictEachOtherAreExplained(wish: ClusterWish, says: String) {
        let error = #expect(throws: CommandFailure.self) { try plan(wish) }
        #expect(error?.status == .usage)
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    }

    @Test
    func aClusterThatIsThereKeepsNamesAndPorts() throws {
        let file = try plan(ClusterWish(workers: 3, port: 9000))
        #expect(try plan(ClusterWish(), over: file) == file)
        #expect(try plan(ClusterWish(port: 0), over: file) == file)
        #expect(try plan(ClusterWish(workers: 1), over: file).workers.map(\.name) == ["w1"])
        var holed = file
        holed.workers.remove(at: 1)
        let filled = try plan(ClusterWish(workers: 3), over: holed)
        #expect(filled.workers.map(\.name) == ["w1", "w3", "w2"])
        #expect(Set(filled.workers.map(\.port)).count == 3)
        let error = #expect(throws: CommandFailure.self) { try plan(ClusterWish(coordinators: 3), over: file) }
        #expect(error?.message.contains("which has 1; leave it out, or choose another --data") == true)
    }

    @Test
    func childrenGetWhatIsTheirs() throws {
        let file = try plan(ClusterWish(workers: 1, replicas: 3))
        let plan = ChildPlan(directory: "DIR", shared: ["--key=k"], metricsPort: 9000)
        let coordinator = plan.coordinator(file.coordinators[1], of: file).joined(separator: " ")
        #expect(coordinator.contains("--raft-id 2 --listen tcp://127.0.0.1:7401"))
        #expect(coordinator.contains("--peer 3=tcp://127.0.0.1:7402 --data DIR/coordinator-2 --metrics 9001 --key=k"))
        let worker = plan.worker(file.workers[0], of: file).joined(separator: " ")
        #expect(worker.contains("--name w1 --listen tcp://127.0.0.1:7410"))
        #expect(worker.hasSuffix("--metrics 9010 --key=k"))
    }
}
