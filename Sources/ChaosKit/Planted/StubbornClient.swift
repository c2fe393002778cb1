// A client that keeps to one worker, whatever view there is: what a late or confused client may do, and no promise may rest
// on its not doing it.

import Ringmaster

/// Speaks to one worker directly, as docs/CLUSTER.md says. What it asks and is told goes into the history.
final class StubbornClient: Sendable {
    let worker: RPCClient
    private let notes: TrialNotes
    private let name: HistoryName

    init(_ endpoint: Endpoint, notes: TrialNotes, name: String) async throws {
        worker = try await RPCClient(endpoint)
        self.notes = notes
        self.name = .text(name)
    }

    /// Reads a key. - Returns: Whether it was answered.
    @discardableResult
    func read(_ key: String, timeout: Duration = .milliseconds(500)) async -> Bool {
        notes.add(.read(.invoke, by: name, key: .text(key)))
        var writer = MessagePackWriter()
        writer.writeArrayHeader(count: 3)
        writer.write("")
        writer.writeBinary(Array(key.utf8))
        writer.writeBinary([])
        guard
            let reply = try? await worker.call(
                "job.read",
                payload: writer.bytes,
                options: CallOptions(timeout: timeout)
            ),
            let state = Self.state(reply)
        else {
            notes.add(.read(.fail, by: name, key: .text(key)))
            return false
        }
        notes.add(.read(.ok, by: name, key: .text(key), list: TrialList.values(state)))
        return true
    }

    /// The state in `[version, state or nil]`.
    private static func state(_ reply: [UInt8]) -> [UInt8]?? {
        reply.withUnsafeBytes { bytes in
            var reader = MessagePackReader(bytes)
            guard (try? reader.readArrayHeader()) != nil, (try? reader.readUnsigned()) != nil else { return nil }
            if reader.readNilIfNext() { return .some(nil) }
            return (try? reader.readBinary()).map { Array($0) }
        }
    }

    /// Appends, in so many attempts, of which only the last one's reply arrives. A refusal of the only one because of the
    /// session is final: the job can never be applied.
    /// - Parameters:
    ///   - acked: Below which sequence the client wants no reply any more; nil: the job's own.
    ///   - between: What happens between two attempts.
    func append(
        _ value: Int64,
        to key: String,
        session: UInt64,
        sequence: UInt64,
        acked: UInt64? = nil,
        attempts: UInt64 = 1,
        between: () async -> Void = {}
    ) async {
        notes.add(.append(.invoke, by: name, key: .text(key), value: value))
        let job = Job(value: value, key: key, session: session, sequence: sequence, acked: acked ?? sequence)
        do throws(RPCError) {
            for attempt in 1..<attempts {
                _ = try await submit(job, attempt: attempt)
                await between()
            }
            let reply = try await submit(job, attempt: attempts)
            guard reply.first == 0 else {
                return notes.add(.append(.fail, by: name, key: .text(key), value: value))
            }
            let position = TrialList.position(Array(reply.dropFirst()))
            notes.add(.append(.ok, by: name, key: .text(key), value: value, position: position))
        } catch .remote(let error) where error.code == .sessionExpired && attempts == 1 {
            notes.add(.append(.fail, by: name, key: .text(key), value: value))
        } catch {
            notes.add(.append(.info, by: name, key: .text(key), value: value))
        }
    }

    private struct Job {
        let value: Int64
        let key: String
        let session: UInt64
        let sequence: UInt64
        let acked: UInt64
    }

    /// The message is that of docs/CLUSTER.md.
    private func submit(_ job: Job, attempt: UInt64) async throws(RPCError) -> [UInt8] {
        var writer = MessagePackWriter()
        writer.writeArrayHeader(count: 7)
        writer.write(job.session)
        writer.write(job.sequence)
        writer.write(job.acked)
        writer.write("append")
        writer.writeBinary(Array(job.key.utf8))
        writer.writeBinary(TrialList.argument(job.value))
        writer.write(attempt)
        return try await worker.call("job.submit", payload: writer.bytes, options: CallOptions(timeout: .seconds(3)))
    }
}

extension TrialCluster {
    /// Opens a session in the log.
    func openSession() async throws -> UInt64 {
        var writer = MessagePackWriter()
        writer.write(UInt64.random(in: 0 ... .max))
        return try Self.number(try await callLeader("session.open", writer.bytes))
    }

    func closeSession(_ session: UInt64) async throws {
        var writer = MessagePackWriter()
        writer.write(session)
        _ = try await callLeader("session.close", writer.bytes)
    }

    /// The view in force, as the leader has it.
    func view() async throws -> (view: ClusterView, bytes: [UInt8]) {
        let bytes = try await callLeader("cluster.view", [])
        return (try ClusterView(decoding: bytes), bytes)
    }

    private static func number(_ bytes: [UInt8]) throws -> UInt64 {
        try bytes.withUnsafeBytes { bytes in
            var reader = MessagePackReader(bytes)
            return try reader.readUnsigned()
        }
    }
}

extension ClusterView {
    /// The keys that a worker owns.
    func keys(_ keys: [String], of worker: String) -> [String] {
        keys.filter { owner(of: ring.size.slot(of: KeyHash(of: $0)))?.member.id.name == worker }
    }
}
