// What the run tells a process that it starts: one argument, as JSON.

import CShimNetwork
import Foundation
import Ringmaster

/// Which part a process plays, and all that it needs for it.
public enum NodeOrder: Codable, Sendable {
    case coordinator(CoordinatorOrder)
    case worker(WorkerOrder)
    case client(ClientOrder)
    case spinner(SpinnerOrder)

    public init(argument: String) throws {
        self = try JSONDecoder().decode(NodeOrder.self, from: Data(argument.utf8))
    }

    /// nil: where the run is.
    private var place: NodePlace? {
        switch self {
        case .coordinator(let order): order.place
        case .worker(let order): order.place
        case .client(let order): order.place
        case .spinner: nil
        }
    }

    /// Moves the process to where it is to live. Before any other thread begins, as threads live where they were started.
    /// - Throws: `RunError.cannotStart`.
    public func enterNamespace() throws(RunError) {
        guard let path = place?.namespacePath else { return }
        let status = rm_namespace_enter(path)
        guard status == 0 else { throw NetworkNamespace.failure(status) }
    }

    /// The order as an argument of the command line.
    var argument: String {
        // Made of numbers and strings, none of which can fail to encode.
        (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

public struct CoordinatorOrder: Codable, Sendable {
    var name: String
    var raftID: UInt64
    var place: NodePlace
    /// All coordinators, this one among them, by their numbers from 1.
    var peers: [String]
    /// nil: in memory.
    var dataDirectory: String?
    var clusterID: UInt64
    var slots: Int
    var resize: ResizeKind
    /// It is to be added to the cluster, rather than one of those that founded it.
    var isJoining = false
    /// See `StandingOrders`; nil: nothing is done to its disk or clocks.
    var ordersPath: String?
}

public struct WorkerOrder: Codable, Sendable {
    var name: String
    var place: NodePlace
    var coordinators: [String]
    var ordersPath: String?
}

public struct ClientOrder: Codable, Sendable {
    var name: String
    /// Its number among the clients, from 1.
    var number: Int
    var place: NodePlace
    var coordinators: [String]
    /// Where it notes what it does.
    var notesPath: String
    /// The beginning of the run on the monotonic clock, which all processes of a machine share.
    var startNs: Int64
    /// When the load begins, from there.
    var loadBeginsNs: Int64
    /// Added to the count of its appends: no two lives of clients append the same value.
    var firstValue: Int64
    var seed: UInt64
    var settings: RunSettings
    /// Not to put load on the cluster, but to read this many keys and end.
    var keysToRead: Int?

    var clientConfiguration: ClientConfiguration {
        var configuration = ClientConfiguration(coordinators: coordinators.compactMap { try? Endpoint($0) })
        configuration.security = { [security = place.security] _ in security }
        return configuration
    }
}
