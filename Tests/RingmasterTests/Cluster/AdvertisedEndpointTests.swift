// Processes that listen in one place and are reached in another: behind a proxy, NAT, or on all addresses of a host.

import Ringmaster
import Testing

@Suite(.timeLimit(.minutes(1)))
struct AdvertisedEndpointTests {
    /// All of 127.0.0.0/8 is this host's: what listens on every address is reached under those that it advertises.
    @Test
    func everybodyIsReachedWhereTheyAdvertise() async throws {
        let ports = try #require(FreePort.take(3))
        let endpoints = try ports.enumerated().map { try Endpoint("tcp://127.0.0.\($0 + 11):\($1)") }
        var configuration = CoordinatorConfiguration(endpoint: try Endpoint("tcp://0.0.0.0:\(ports[0])"))
        configuration.serverSecurity = .insecure
        configuration.advertisedEndpoint = endpoints[0]
        configuration.publisherEndpoint = try Endpoint("tcp://0.0.0.0:\(ports[1])")
        configuration.advertisedPublisherEndpoint = endpoints[1]
        let coordinator = try await Coordinator(configuration, logger: ClusterFixture.quiet)
        #expect(await coordinator.status.endpoint == endpoints[0].text)
        #expect(await coordinator.status.leaderEndpoint == endpoints[0].text)

        var settings = WorkerConfiguration(name: "w1", coordinators: [endpoints[0]])
        settings.endpoint = try Endpoint("tcp://0.0.0.0:\(ports[2])")
        settings.serverSecurity = .insecure
        settings.advertisedEndpoint = endpoints[2]
        let worker = Worker(settings, logger: ClusterFixture.quiet)
        worker.handleRaw("append") { state, argument, _ in
            state.bytes = (state.bytes ?? []) + argument
            return state.bytes ?? []
        }
        let run = Task { try await worker.run() }
        // A client finds nobody but by what is advertised.
        let client = try await Client(ClientConfiguration(coordinators: [endpoints[0]]))
        #expect(try await client.submitRaw("append", key: Array("k".utf8), [7]) == [7])
        #expect(await coordinator.status.workers.map(\.endpoint) == [endpoints[2].text])
        await client.close()
        worker.leave()
        try await run.value
        await coordinator.close()
    }
}
