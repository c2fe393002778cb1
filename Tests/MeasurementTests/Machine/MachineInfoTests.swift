import Foundation
import Testing

@testable import Measurement

@Suite("Machine information")
struct MachineInfoTests {
    @Test func whatIsWrittenReadsBackTheSame() throws {
        let machine = MachineInfo.current(
            date: Date(timeIntervalSince1970: 0),
            command: "bench",
            versions: ["libzmq": "4.3.4", "Swift": "6.3"]
        )
        #expect(machine.date == "1970-01-01T00:00:00Z")
        #expect(machine.cpuCount >= 1)
        #expect(machine.memoryBytes > 0)
        #expect(machine.kernel?.isEmpty == false)
        let json = try machine.json()
        #expect(try JSONDecoder().decode(MachineInfo.self, from: json) == machine)
        let text = String(decoding: json, as: UTF8.self)
        #expect(text.contains("\n  \"cpuCount\" : "))
    }

    @Test func aDirectoryWithoutARepositoryHasNoCommit() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "no-repository-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let machine = MachineInfo.current(repository: directory)
        #expect(machine.commit == nil)
        #expect(machine.isDirty == nil)
    }

    @Test func changesThatAreNotCommittedAreSaid() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "repository-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "file")
        try Data("one".utf8).write(to: file)
        try git(["init", "-q"], in: directory)
        try git(["add", "file"], in: directory)
        try git(["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"], in: directory)
        let clean = MachineInfo.current(repository: directory)
        #expect(clean.commit?.count == 40)
        #expect(clean.isDirty == false)
        try Data("two".utf8).write(to: file)
        #expect(MachineInfo.current(repository: directory).isDirty == true)
    }

    private func git(_ arguments: [String], in directory: URL) throws {
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        git.arguments = ["git", "-C", directory.path(percentEncoded: false)] + arguments
        try git.run()
        git.waitUntilExit()
        try #require(git.terminationStatus == 0)
    }
}
