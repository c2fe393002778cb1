// A coordinator, worker or client of a simulation, through all of its lives.

import Logging
import Ringmaster
import RingmasterProtocol

/// What stands behind a name; at any time at most one life of it runs.
final class SimulatedNode {
    let name: NodeName
    @exclusivity(unchecked) var life = 0
    /// Of the life that runs; nil while none does.
    @exclusivity(unchecked) var host: VirtualHost?
    @exclusivity(unchecked) var coordinator: SimulatedCoordinator?
    /// Of a coordinator that keeps its log, through all lives.
    var disk: SimulatedDisk?
    @exclusivity(unchecked) var worker: SimulatedWorker?
    @exclusivity(unchecked) var client: SimulatedClient?
    /// Whether it is to run once everything is healed.
    var isWanted = true
    @exclusivity(unchecked) var isLeaving = false
    /// The highest epoch that its present life was seen at.
    @exclusivity(unchecked) var epochSeen: UInt64?

    /// Of a worker: the slots that were last found to be as they are to be.
    @exclusivity(unchecked) var slotsChecked: SimulationInvariants.SlotsChecked?

    init(_ name: NodeName) {
        self.name = name
    }

    /// The address of its machine: on loopback, as no keys are needed there.
    var machine: String {
        let net =
            switch name.role {
            case .coordinator: 1
            case .worker: 2
            case .client: 3
            }
        return "127.\(net).\(name.number / 250).\(name.number % 250 + 1)"
    }

    var isRunning: Bool { host?.isAlive ?? false }

    /// Takes the objects of a life down that is dead, or is to end.
    func takeDown() {
        guard let host else { return }
        worker?.close()
        client?.drop()
        coordinator?.close {}
        host.drain()
        worker = nil
        client = nil
        coordinator = nil
        self.host = nil
        epochSeen = nil
        slotsChecked = nil
    }
}

/// Hands what a node logs to the simulation.
struct SimulationLog: LogHandler, @unchecked Sendable {
    // @unchecked: one thread.
    let take: (String, Logger.Metadata) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(_ take: @escaping (String, Logger.Metadata) -> Void) {
        self.take = take
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        take("\(event.message)", event.metadata ?? [:])
    }
}
