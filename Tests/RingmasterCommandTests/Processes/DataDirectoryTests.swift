// `ringmaster verify`, and starting a coordinator, on real data directories: whole, in use, somebody else's and damaged.

import Foundation
import Ringmaster
import Testing

@testable import RingmasterCommand

@Suite(.serialized, .timeLimit(.minutes(3)))
struct DataDirectoryTests {
    private let folder: TestFolder
    private let endpoint: String
    private var path: String { "\(folder.path)/log" }

    init() throws {
        folder = try TestFolder()
        endpoint = "tcp://127.0.0.1:\(try FreePort.find(on: "127.0.0.1", preferred: nil))"
    }

    private func startCoordinator() throws -> Program {
        try Program(["coordinator", "--listen", endpoint, "--data", path, "--cluster-id", "7"])
    }

    private func end(_ program: Program) async {
        kill(program.pid, SIGTERM)
        #expect(await program.waitForEnd().status == 0)
        program.end()
    }

    private func run(_ arguments: String...) async throws -> Program.Result {
        let program = try Program(arguments + ["--cluster", endpoint])
        defer { program.end() }
        let result = await program.waitForEnd()
        #expect(result.status == 0, "\(result.errors)")
        return result
    }

    /// A directory with a snapshot, and entries before and behind it in several files; gives the leader's last words.
    private func fill() async throws -> [String: Any] {
        let coordinator = try startCoordinator()
        let worker = try Program(["worker", "--cluster", endpoint, "--name", "w"])
        for key in 0..<5 { _ = try await run("submit", "add", "key-\(key)", "1") }
        _ = try await run("snapshot")
        #expect(await eventually { names().contains { $0.hasPrefix("snapshot-") && $0.hasSuffix(".meta") } })
        await end(worker)
        worker.end()
        await end(coordinator)
        let again = try startCoordinator()
        let second = try Program(["worker", "--cluster", endpoint, "--name", "w"])
        for key in 0..<5 { _ = try await run("submit", "add", "key-\(key)", "1") }
        await end(second)
        let status = try await run("status", "--json")
        await end(again)
        let object = try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
        return try #require((object?["coordinators"] as? [[String: Any]])?.first)
    }

    private func names() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    private func flip(_ name: String, at offset: Int) throws {
        var bytes = try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
        bytes[offset < 0 ? bytes.count + offset : offset] ^= 0x10
        try bytes.write(to: URL(filePath: "\(path)/\(name)"))
    }

    // MARK: Whole, in use, somebody else's

    @Test
    func aSoundDirectoryIsReadEntryByEntry() async throws {
        let leader = try await fill()
        let result = try await Program.run("verify", path)
        #expect(result.status == 0, "\(result.errors)")
        for (name, key) in [
            ("term", "term"), ("index", "logIndex"), ("jobs", "jobIndex"), ("epoch", "epoch"), ("keys", "keys"),
            ("sessions", "sessions"), ("replica hash", "stateHash"),
        ] {
            let value = try #require(leader[key] as? NSNumber)
            #expect(result.output.contains("; \(name) \(value)"), "\(result.output)")
        }
        #expect(result.output.contains("keys 5;") && result.output.contains("cluster 7; raft id 1;"))
        #expect(!result.output.contains("snapshot 0;"))
        #expect(result.output.hasSuffix("'\(path)' is sound\n"))
    }

    @Test
    func aDirectoryInUseAndOneOfAnotherCoordinatorAreNamed() async throws {
        let coordinator = try startCoordinator()
        #expect(await eventually { coordinator.errors.contains("coordinator listens") })
        let busy = try await Program.run("verify", path)
        #expect(busy.status == 73)
        #expect(busy.errors.contains("\(path) is in use by another process. End that one"))
        await end(coordinator)
        let other = try await Program.run(
            "coordinator",
            "--listen",
            endpoint,
            "--data",
            path,
            "--raft-id",
            "2",
            "--cluster-id",
            "7"
        )
        #expect(other.status == 66)
        #expect(other.errors.contains("is of cluster 7 server 1, not of cluster 7 server 2"))
    }

    // MARK: Damage

    @Test
    func everyDamageIsNamedWithItsFileAndRemedyAndNothingIsChanged() async throws {
        _ = try await fill()
        let names = names()
        let first = try #require(names.first { $0.hasPrefix("0") })
        let last = try #require(names.last { $0.hasPrefix("0") })
        let snapshot = try #require(names.last { $0.hasPrefix("snapshot-") && !$0.hasSuffix(".meta") })
        let metadata = names.filter { $0.hasPrefix("metadata") }
        #expect(first != last)
        let copy = "\(folder.path)/whole"
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        let damages: [(file: String, says: String, damage: () throws -> Void)] = [
            ("/identity", "it is missing", { try remove("identity") }),
            ("/identity", "it is no identity file of this version", { try write("nonsense", to: "identity") }),
            ("/vote", "it is missing or damaged", { try remove("vote") }),
            ("/metadata", "it says term", { for name in metadata { try flip(name, at: 16) } }),
            ("/metadata1", "it has the unknown format", { try flip("metadata1", at: 0) }),
            ("/\(first)", "the batch of entries at byte 8 is damaged or cut", { try flip(first, at: 20) }),
            ("/\(last)", "is damaged or cut", { try flip(last, at: -1) }),
            ("/\(last)", "is damaged or cut", { try shorten(last, by: 8) }),
            ("", "the entries end at", { try remove(last) }),
            ("/\(snapshot)", "its checksum is not that of its content", { try flip(snapshot, at: -5) }),
            ("/\(snapshot).meta", "its checksum is not that of its content", { try flip("\(snapshot).meta", at: -1) }),
        ]
        for (file, says, damage) in damages {
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.copyItem(atPath: copy, toPath: path)
            try damage()
            let before = try image()
            let result = try await Program.run("verify", path)
            #expect(result.status == 1, "\(file): \(result.output)\(result.errors)")
            #expect(result.output.contains("  problem: \(path)\(file)"), "\(file): \(result.output)")
            #expect(result.output.contains(says), "\(file): \(result.output)")
            #expect(result.output.contains("bring the directory back from a copy"), "\(file): \(result.output)")
            #expect(result.errors == "ringmaster: '\(path)' has 1 problem\n")
            #expect(try image() == before, "\(file) was changed")
        }
        // The last one, and a start: it is refused for the same reason.
        let started = try await Program.run("coordinator", "--listen", endpoint, "--data", path, "--cluster-id", "7")
        #expect(started.status == 65)
        #expect(started.errors.contains("the log cannot be used: \(path)/\(snapshot).meta is damaged"))
    }

    @Test
    func upGoesOnWithoutACoordinatorWhoseLogIsDamaged() async throws {
        let arguments = ["up", "--replicas", "3", "--port", "0", "--workers", "1", "--data", folder.path]
        let up = try Program(arguments)
        #expect(await eventually(within: .seconds(30)) { up.output.contains("\nready.") })
        kill(up.pid, SIGTERM)
        #expect(await up.waitForEnd().status == 0)
        up.end()
        try FileManager.default.removeItem(atPath: "\(folder.path)/coordinator-2/vote")
        let again = try Program(arguments)
        defer { again.end() }
        #expect(
            await eventually(within: .seconds(30)) {
                again.output.contains("coordinator coordinator-2 cannot run: its log is damaged")
            }
        )
        let file = try #require(try ClusterFile.read(in: folder.path))
        let cluster = file.coordinatorEndpoints.joined(separator: ",")
        #expect(try await Program.run("submit", "add", "key", "1", "--cluster", cluster).output == "1\n")
        kill(again.pid, SIGTERM)
        #expect(await again.waitForEnd().status == 0)
    }

    private func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }

    private func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
    }

    private func shorten(_ name: String, by count: Int) throws {
        let bytes = try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
        try bytes.dropLast(count).write(to: URL(filePath: "\(path)/\(name)"))
    }

    private func image() throws -> [String: Data] {
        var image: [String: Data] = [:]
        for name in names() { image[name] = try Data(contentsOf: URL(filePath: "\(path)/\(name)")) }
        return image
    }
}
