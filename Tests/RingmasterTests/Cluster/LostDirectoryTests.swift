// A coordinator that lost its directory has forgotten what it voted for and acknowledged: under its id it takes no part.

import Glibc
import Testing

@testable import Ringmaster

@Suite(.timeLimit(.minutes(2)))
struct LostDirectoryTests {
    private let folder = TemporaryFolder()
    private let ports = FreePort.take(3)!

    private func start(_ id: Int) async throws -> Coordinator {
        var configuration = CoordinatorConfiguration(
            name: try CoordinatorID(validating: "c\(id)"),
            raftID: UInt64(id),
            endpoint: try Endpoint("tcp://127.0.0.1:\(ports[id - 1])"),
            peers: try (1...3).map {
                .init(raftID: UInt64($0), endpoint: try Endpoint("tcp://127.0.0.1:\(ports[$0 - 1])"))
            },
            dataDirectory: folder.file("log-\(id)")
        )
        // Wider than in production: other tests share the CPUs.
        configuration.electionTimeout = .milliseconds(150)
        configuration.raftHeartbeat = .milliseconds(20)
        return try await Coordinator(configuration, logger: ClusterFixture.quiet)
    }

    private func wait(_ what: String, _ condition: () async -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while await !condition() {
            try #require(ContinuousClock.now < end, "waited too long: \(what)")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// What a coordinator keeps of the others' directories.
    private func marks(of id: Int) -> String {
        guard let file = try? LogFile(ifThere: folder.file("log-\(id)/peers")) else { return "" }
        return String(decoding: file.bytes, as: UTF8.self)
    }

    private func forget(_ id: Int) {
        for name in DataDirectory.names(in: folder.file("log-\(id)")) { unlink(folder.file("log-\(id)/\(name)")) }
        #expect(rmdir(folder.file("log-\(id)")) == 0)
    }

    @Test
    func whatACoordinatorForgotIsNotLostThroughItsVote() async throws {
        var coordinators: [Int: Coordinator] = [:]
        for id in 1...3 { coordinators[id] = try await start(id) }
        let endpoints = (1...3).map { coordinators[$0]!.endpoint }
        try await wait("all have applied the same") {
            var indices: [UInt64] = []
            for coordinator in coordinators.values { indices.append(await coordinator.status.appliedIndex) }
            return indices[0] > 1 && Set(indices).count == 1
        }
        var leader: Int?
        try await wait("one leads") {
            for (id, coordinator) in coordinators where await coordinator.status.role == "leader" { leader = id }
            return leader != nil
        }
        // Nothing of the log passes between the two that follow: one meets the other only as it introduces itself.
        let knowingID = leader!
        let others = (1...3).filter { $0 != knowingID }
        let (forgetfulID, behindID) = (others[0], others[1])
        try await wait("one follower has met the other") { self.marks(of: behindID).contains("server \(forgetfulID) ") }
        // One lacks what the two others acknowledge from here on.
        await coordinators[behindID]!.close()
        let client = try await Client(ClientConfiguration(coordinators: endpoints))
        try await wait("a session is on the disk of both") {
            let statuses = (await coordinators[forgetfulID]!.status, await coordinators[knowingID]!.status)
            return statuses.0.sessions == 1 && statuses.1.sessions == 1
        }
        await coordinators[forgetfulID]!.close()
        await coordinators[knowingID]!.close()
        forget(forgetfulID)

        // Of the emptied one and the one behind neither has it: they must not lead.
        let forgetful = try await start(forgetfulID)
        let behind = try await start(behindID)
        try await wait("the emptied one takes no part") { await forgetful.status.role.hasPrefix("unavailable") }
        let role = await forgetful.status.role
        #expect(role.contains("ringmaster coordinators remove \(forgetfulID)") && role.contains("--joining"), "\(role)")
        #expect(await behind.status.role != "leader")

        // With the one who has it, they are a majority again.
        let knowing = try await start(knowingID)
        try await wait("the one who knows leads") { await knowing.status.role == "leader" }
        try await wait("the one behind has it too") { await behind.status.sessions == 1 }
        for coordinator in [forgetful, behind, knowing] { await coordinator.close() }
        await client.close()
    }

    /// An introduction is an envelope without a message.
    @Test(arguments: [[], [7], Array(repeating: 9, count: 300)] as [[UInt8]])
    func anEnvelopeCarriesAnyMessageOrNone(message: [UInt8]) throws {
        let bytes = RaftEnvelope.encode(message, from: 3, mark: 5, at: "tcp://127.0.0.1:7400")
        try bytes.withUnsafeBytes { bytes in
            let envelope = try #require(RaftEnvelope(bytes))
            #expect(envelope.sender == 3 && envelope.mark == 5 && envelope.endpoint == "tcp://127.0.0.1:7400")
            #expect(Array(envelope.message) == message)
        }
    }

    /// One that was cut anywhere in its head is none.
    @Test func aPieceOfAnEnvelopeIsNone() {
        let bytes = RaftEnvelope.encode([], from: 3, mark: 5, at: "tcp://127.0.0.1:7400")
        for count in 0..<bytes.count {
            bytes.withUnsafeBytes { #expect(RaftEnvelope(UnsafeRawBufferPointer(rebasing: $0[..<count])) == nil) }
        }
    }

    @Test
    func aCoordinatorThatWasMetInItsDirectoryIsKnownByItForEver() throws {
        let path = folder.file("peers-of-one")
        mkdir(path, 0o700)
        var peers = try PeerDirectories(directory: path)
        #expect([7, 7, 8].map { peers.recognise(2, mark: $0) } == [.known, .known, .strange])
        var again = try PeerDirectories(directory: path)
        #expect([8, 7].map { again.recognise(2, mark: $0) } == [.strange, .known])
        #expect(again.recognise(3, mark: 8) == .known)
        #expect(unlink("\(path)/peers") == 0 && rmdir(path) == 0)
    }

    /// A disk without room for the mark says nothing against the server.
    @Test func aServerWhoseMarkCannotBeKeptIsNoStranger() throws {
        let directory = folder.file("full")
        mkdir(directory, 0o700)
        var peers = try PeerDirectories(directory: directory)
        // Where its file is to be there is a folder.
        mkdir("\(directory)/peers", 0o700)
        #expect(peers.recognise(4, mark: 7) == .notKept)
        rmdir("\(directory)/peers")
        #expect(peers.recognise(4, mark: 9) == .known)
        #expect(peers.recognise(4, mark: 7) == .strange)
    }
}
