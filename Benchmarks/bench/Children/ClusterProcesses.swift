// The processes of a cluster as the parent holds them.

import BenchResults
import Foundation
import Ringmaster

/// A coordinator in a process of its own.
final class CoordinatorProcess {
    let order: CoordinatorOrder
    private let child: ChildProcess

    init(_ order: CoordinatorOrder) throws {
        self.order = order
        child = try ChildProcess("coordinator-child", order: order, what: "coordinator \(order.raftID)")
    }

    /// Waits until it listens.
    func waitUntilReady() throws { _ = try child.receive() }

    func status() throws -> CoordinatorStatus { try child.ask("status") }
    func account() throws -> ProcessAccount { try child.ask("account") }
    /// What it has logged since it was asked last.
    func events() throws -> [CoordinatorEvent] { try child.ask("events") }
    /// Begins a snapshot.
    func takeSnapshot() throws { let _: Int64 = try child.ask("snapshot") }

    /// Begins to count the proposals that its log has under way; `watched` ends it.
    func watch() throws {
        try child.send("watch\n")
        _ = try child.receive()
    }

    func watched() throws -> ProposalWatch { try child.ask("watched") }

    var pid: Int32 { child.pid }
    func beginEnd() { child.beginEnd() }
    func end() { child.end() }
    func kill() { child.kill() }
}

/// A worker in a process of its own.
final class WorkerProcess {
    let order: WorkerOrder
    private let child: ChildProcess

    init(_ order: WorkerOrder) throws {
        self.order = order
        child = try ChildProcess("worker-child", order: order, what: "worker \(order.name)")
    }

    var name: String { order.name }

    /// Has it begin to join; the coordinator knows when it has.
    func join() throws {
        try child.send("join\n")
        _ = try child.receive()
    }

    /// Has it hand its slots over; returns when it has.
    func leave() throws {
        try child.send("leave\n")
        _ = try child.receive()
    }

    func account() throws -> ProcessAccount { try child.ask("account") }

    func beginEnd() { child.beginEnd() }
    func end() { child.end() }
    func kill() { child.kill() }
}

/// Clients of a cluster in a process of their own.
final class ClusterClientProcess {
    private let child: ChildProcess

    init(_ order: ClusterClientOrder) throws {
        child = try ChildProcess("cluster-client-child", order: order, what: "the cluster's client")
        guard try child.receive() == "ready" else { throw ChildError("the cluster's client is not ready") }
    }

    /// Runs a load to its end; throws where a job failed.
    func run(_ order: ClusterLoadOrder) throws -> LoadReport {
        try begin(order)
        return try report()
    }

    /// Begins a load; `report` waits for its end.
    func begin(_ order: ClusterLoadOrder) throws {
        try child.send(String(decoding: JSONEncoder().encode(order), as: UTF8.self) + "\n")
    }

    func report() throws -> LoadReport {
        let report = try JSONDecoder().decode(LoadReport.self, from: Data(child.receive().utf8))
        guard report.errors == 0 else {
            throw ChildError("\(report.errors) jobs failed (\(report.firstError ?? "wrong replies"))")
        }
        return report
    }

    func beginPings(keys: Int, perSecond: Double, payloadBytes: Int) throws {
        try begin(
            ClusterLoadOrder(pattern: .beginPings, payloadBytes: payloadBytes, keys: keys, perSecond: perSecond)
        )
        _ = try child.receive()
    }

    /// Ends the pings; throws where one failed.
    func endPings() throws -> PingReport {
        try begin(ClusterLoadOrder(pattern: .endPings))
        let report = try JSONDecoder().decode(PingReport.self, from: Data(child.receive().utf8))
        guard report.failures == 0 else {
            throw ChildError("\(report.failures) jobs failed (\(report.firstError ?? "no error text"))")
        }
        return report
    }

    func beginEnd() { child.beginEnd() }
    func end() { child.end() }
}

extension ChildProcess {
    /// Sends a line and reads the answer.
    fileprivate func ask<Answer: Decodable>(_ question: String) throws -> Answer {
        try send(question + "\n")
        return try JSONDecoder().decode(Answer.self, from: Data(receive().utf8))
    }
}
