// Where a process is on the run's network, as the library's settings have it.

import Ringmaster

extension NodePlace {
    var listening: Endpoint? {
        get throws { try listensAt.map { try Endpoint($0) } }
    }

    /// The run's own network is private also where it is not loopback's.
    var security: Security { isBeyondLoopback ? .insecure : .none }
}

extension CoordinatorConfiguration {
    mutating func take(_ place: NodePlace) throws {
        advertisedEndpoint = try place.advertises.map { try Endpoint($0) }
        publisherEndpoint = try place.publishesAt.map { try Endpoint($0) }
        advertisedPublisherEndpoint = try place.advertisesPublisher.map { try Endpoint($0) }
        serverSecurity = place.security
        clientSecurity = { [security = place.security] _ in security }
    }
}

extension WorkerConfiguration {
    mutating func take(_ place: NodePlace) throws {
        endpoint = try place.listening ?? endpoint
        advertisedEndpoint = try place.advertises.map { try Endpoint($0) }
        serverSecurity = place.security
        clientSecurity = { [security = place.security] _ in security }
    }
}
