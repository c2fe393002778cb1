// `chaos run` with faults of the network, as a process: all of them are seen, and the cluster keeps its promises.

import Foundation
import Testing

@testable import ChaosKit

@Suite(.serialized, .timeLimit(.minutes(3)))
final class NetworkRunTests {
    private let folder = FileManager.default.temporaryDirectory.path(percentEncoded: false) + "run-\(UUID().uuidString)"

    deinit {
        for path in [folder, folder + ".json"] { try? FileManager.default.removeItem(atPath: path) }
    }

    /// Plays faults one after the other on a small cluster, and gives the run's status, its output and its history.
    private func play(_ orders: [FaultOrder], on network: NetworkMode) throws -> (Int32, String, String) {
        var settings = RunSettings()
        settings.durationNs = Int64(orders.count) * 800_000_000 + 400_000_000
        settings.workers = 2
        settings.clients = 1
        settings.keys = 20
        settings.load.perSecond = 100
        settings.faults = []
        settings.resizeEveryNs = 0
        settings.network = network
        let steps = orders.enumerated().map { place, order in
            Schedule.Step(atNs: 200_000_000 + Int64(place) * 800_000_000, .fault(order))
        }
        try Schedule(seed: 1, settings: settings, steps: steps).json().write(to: URL(filePath: folder + ".json"))
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "chaos")
        process.arguments = ["run", "--quiet", "--format", "csv", "--schedule", folder + ".json", "--out", folder]
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let history = try? String(contentsOfFile: folder + "/history.jsonl", encoding: .utf8)
        return (process.terminationStatus, String(decoding: data, as: UTF8.self), history ?? "")
    }

    private func order(_ id: Int64, _ kind: FaultKind, _ target: String) -> FaultOrder {
        FaultOrder(id: id, kind: kind, target: .named(target), lastsNs: 500_000_000, network: NetworkShape())
    }

    private func expectSeen(_ orders: [FaultOrder], _ history: String) {
        for order in orders {
            guard case .named(let target) = order.target else { continue }
            let line = #""kind":"\#(order.kind.rawValue)","target":"\#(target)","verified":true"#
            #expect(history.contains(line), "no \(line)")
        }
    }

    @Test
    func aClusterBehindTheProxyKeepsItsPromisesUnderEveryFaultOfConnections() throws {
        let orders = [
            order(1, .delay, "w1"), order(2, .partition, "c1,w2"), order(3, .oneWay, "c2"), order(4, .halfOpen, "c3"),
            order(5, .reset, "w1"), order(6, .lateResend, "client-1"),
        ]
        let (status, output, history) = try play(orders, on: .proxy)
        #expect(status == 0, "\(output)")
        expectSeen(orders, history)
    }

    @Test(
        .enabled(if: geteuid() == 0 && access("/dev/net/tun", R_OK | W_OK) == 0, "namespaces need root and TUN devices")
    )
    func aClusterInNamespacesKeepsItsPromisesUnderFaultsOfPackets() throws {
        let orders = [
            order(1, .loss, "w1"), order(2, .reorder, "c1"), order(3, .duplicate, "w2"), order(4, .partition, "c2"),
            order(5, .delay, "client-1"),
        ]
        let (status, output, history) = try play(orders, on: .namespaces)
        #expect(status == 0, "\(output)")
        expectSeen(orders, history)
    }
}
