// Each fault of disks, clocks and CPUs alone, on real processes: it is seen to work, and everything acknowledged is there.

import Foundation
import Glibc
import Testing

@testable import ChaosKit

@Suite(.serialized, .timeLimit(.minutes(5)))
final class MachineFaultTests {
    private let folder =
        FileManager.default.temporaryDirectory.path(percentEncoded: false) + "machine-\(UUID().uuidString)"

    deinit {
        for path in [folder, folder + ".json"] { try? FileManager.default.removeItem(atPath: path) }
    }

    /// Plays the faults one after the other, from half a second on, every second and a half.
    private func play(_ orders: [FaultOrder]) throws -> (status: Int32, output: String, history: String) {
        var settings = RunSettings()
        settings.workers = 2
        settings.clients = 1
        settings.keys = 20
        settings.load.perSecond = 200
        settings.durationNs = Int64(orders.count) * 1_500_000_000 + 500_000_000
        let steps = orders.enumerated().map { place, order in
            Schedule.Step(atNs: Int64(place) * 1_500_000_000 + 500_000_000, .fault(order))
        }
        try Schedule(seed: 1, settings: settings, steps: steps).json().write(to: URL(filePath: folder + ".json"))
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "chaos")
        process.arguments = ["run", "--quiet", "--schedule", folder + ".json", "--out", folder, "--format", "json"]
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let history = (try? String(contentsOfFile: folder + "/history.jsonl", encoding: .utf8)) ?? ""
        return (process.terminationStatus, String(decoding: data, as: UTF8.self), history)
    }

    private func order(_ id: Int64, _ kind: FaultKind, _ target: String, lastsMs: Int64) -> FaultOrder {
        FaultOrder(id: id, kind: kind, target: .named(target), lastsNs: lastsMs * 1_000_000)
    }

    private func expectVerified(
        _ orders: [FaultOrder],
        _ run: (status: Int32, output: String, history: String)
    ) {
        #expect(run.status == 0, "\(run.output)")
        for order in orders {
            guard case .named(let name) = order.target else { continue }
            let begin = #""kind":"\#(order.kind.rawValue)","target":"\#(name)","verified":true"#
            #expect(run.history.contains(begin), "\(order.kind.rawValue) of \(name)\n\(run.output)")
        }
    }

    @Test
    func whatIsAcknowledgedOutlastsDisksThatAreSlowOrFail() throws {
        var slow = order(1, .diskSlow, "c1", lastsMs: 500)
        slow.disk = DiskShape(delayNs: 30_000_000)
        let orders = [slow, order(2, .diskFailing, "c2", lastsMs: 300)]
        expectVerified(orders, try play(orders))
    }

    @Test
    func whatIsAcknowledgedOutlastsTornWritesAndALostDirectory() throws {
        var torn = order(1, .tornTail, "c3", lastsMs: 100)
        torn.disk = DiskShape(tornShare: 0.5)
        let orders = [torn, order(2, .lostData, "c1", lastsMs: 100)]
        let run = try play(orders)
        expectVerified(orders, run)
        // The one that came in its place has an id that nobody had.
        #expect(run.history.contains("[4, 2, 3]") || run.history.contains("[2, 3, 4]"))
    }

    @Test
    func whatIsAcknowledgedOutlastsWrongClocksAndStarvation() throws {
        var jump = order(1, .clockJump, "c1", lastsMs: 500)
        jump.clock = ClockShape(jumpNs: -3_600_000_000_000)
        var drift = order(2, .clockDrift, "w1", lastsMs: 500)
        drift.clock = ClockShape(ratePpm: 50_000)
        var starve = order(3, .cpuStarve, "w2", lastsMs: 500)
        starve.cpu = CPUShape(spinners: 2)
        let orders = [jump, drift, starve]
        expectVerified(orders, try play(orders))
    }

    @Test
    func aWorkerThatStartsWithItsClockSetBackIsTakenInAgain() throws {
        var jump = order(1, .clockJump, "w1", lastsMs: 2000)
        jump.clock = ClockShape(jumpNs: 3_600_000_000_000)
        // One life begins while the clock is ahead, the next once it has been set back.
        let orders = [jump, order(2, .kill, "w1", lastsMs: 100), order(3, .kill, "w1", lastsMs: 100)]
        expectVerified(orders, try play(orders))
    }

    @Test(.enabled(if: MachineNeeds.lack(for: [.diskFull]) == nil, "needs root, loop devices and mkfs.ext4"))
    func whatIsAcknowledgedOutlastsAFullDisk() throws {
        let orders = [order(1, .diskFull, "c1", lastsMs: 700)]
        expectVerified(orders, try play(orders))
        let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8)
        #expect(!mounts.contains(folder))
    }
}
