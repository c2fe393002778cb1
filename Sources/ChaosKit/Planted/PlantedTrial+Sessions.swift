// Situations around sessions: jobs that are sent again.

import Ringmaster

extension PlantedTrial {
    /// Of a client's jobs each keeps its own reply.
    func theFirstOfTwoJobsIsSentAgain() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1, isDurable: false)
        let (endpoint, key) = try await keyOfFirstWorker(of: cluster)
        let session = try await cluster.openSession()
        let first = try await StubbornClient(endpoint, notes: notes, name: "first")
        let second = try await StubbornClient(endpoint, notes: notes, name: "second")
        let (one, other) = (notes.freshValue(), notes.freshValue())
        await first.append(one, to: key, session: session, sequence: 1, attempts: 2) {
            await second.append(other, to: key, session: session, sequence: 2, acked: 1)
        }
        await appendAndReadAll(operations)
        await client.close()
    }

    /// A job of a session that is over is refused.
    func aSessionEndsBetweenTwoAttempts() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1, isDurable: false)
        let (endpoint, key) = try await keyOfFirstWorker(of: cluster)
        let session = try await cluster.openSession()
        let late = try await StubbornClient(endpoint, notes: notes, name: "late")
        await late.append(notes.freshValue(), to: key, session: session, sequence: 1, attempts: 2) {
            try? await cluster.closeSession(session)
        }
        await appendAndReadAll(operations)
        await client.close()
    }

    /// Sessions come and go on all replicas alike.
    func sessionsComeAndGo() async throws {
        let (cluster, client, operations) = try await begin()
        for _ in 0..<3 { try await cluster.closeSession(try await cluster.openSession()) }
        for status in await cluster.quiescent() { notes.add(status) }
        await appendAndReadAll(operations)
        for status in await cluster.quiescent() { notes.add(status) }
        await client.close()
    }

    /// The endpoint of w1, and a key that it owns.
    private func keyOfFirstWorker(of cluster: TrialCluster) async throws -> (endpoint: Endpoint, key: String) {
        guard let key = try await cluster.view().view.keys(keys, of: "w1").first else {
            throw TrialError.didNotHappen("a key of w1")
        }
        return (try await cluster.endpoint(ofWorker: "w1"), key)
    }
}
