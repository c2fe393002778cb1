// The orders for each process of a run, by its name: the same ports and directories in every life.

import Ringmaster
import RingmasterCommand

/// What does not change during a run.
struct NodeOrders: Sendable {
    static let host = "127.0.0.1"
    /// Lives of one client: each appends values of its own.
    private static let valuesPerLife: Int64 = 10_000_000
    private static let livesMax: Int64 = 10_000

    let settings: RunSettings
    let seed: UInt64
    let folder: RunFolder
    /// The beginning of the run, on the monotonic clock.
    let startNs: Int64
    /// When the load begins, from there.
    var loadBeginsNs: Int64
    let coordinatorEndpoints: [String]
    /// Whether processes are made to find other disks and clocks than there are.
    private let misleads: Bool
    private let hasVolumes: Bool
    /// Coordinators that lost their data and are new ones since: their raft ids, by number.
    private var newRaftIDs: [Int: UInt64] = [:]

    init(
        _ settings: RunSettings,
        seed: UInt64,
        folder: RunFolder,
        startNs: Int64,
        kinds: Set<FaultKind> = [],
        coordinatorEndpoints: [String]
    ) {
        self.settings = settings
        self.seed = seed
        self.folder = folder
        self.startNs = startNs
        loadBeginsNs = 0
        misleads = !kinds.isDisjoint(with: FaultKind.misleading)
        hasVolumes = kinds.contains(.diskFull)
        self.coordinatorEndpoints = coordinatorEndpoints
    }

    /// Ports for that many coordinators, none twice.
    /// - Throws: `RunError.cannotStart` where none is free.
    static func freePorts(_ count: Int) throws(RunError) -> [UInt16] {
        guard let ports = FreePort.take(count, on: host) else {
            throw .cannotStart(node: "c1", reason: "\(count) free ports cannot be had on \(host)")
        }
        return ports
    }

    /// Where a coordinator's log is.
    func dataDirectory(_ name: NodeName) -> String {
        hasVolumes ? "\(Volume.path(of: name, in: folder))/log" : "\(folder.dataPath)/\(name)"
    }

    func ordersPath(_ name: NodeName) -> String? { misleads ? "\(folder.ordersPath)/\(name)" : nil }

    func raftID(_ name: NodeName) -> UInt64 { newRaftIDs[name.number] ?? UInt64(name.number) }

    /// Makes a coordinator a new one, whose raft id nobody had before.
    mutating func renew(_ name: NodeName) {
        let highest = newRaftIDs.values.max() ?? UInt64(coordinatorEndpoints.count)
        newRaftIDs[name.number] = highest + 1
    }

    func notesPath(_ name: NodeName, life: Int) -> String { "\(folder.notesPath)/\(name).\(life)" }

    func order(_ name: NodeName, life: Int, at place: NodePlace, keysToRead: Int?) -> NodeOrder {
        switch name.role {
        case .coordinator:
            .coordinator(
                CoordinatorOrder(
                    name: "\(name)",
                    raftID: raftID(name),
                    place: place,
                    peers: coordinatorEndpoints,
                    dataDirectory: settings.replicas == 0 ? nil : dataDirectory(name),
                    clusterID: seed & .max >> 1 | 1,
                    slots: settings.slots,
                    resize: settings.resize,
                    isJoining: newRaftIDs[name.number] != nil,
                    ordersPath: ordersPath(name)
                )
            )
        case .worker:
            .worker(
                WorkerOrder(
                    name: "\(name)",
                    place: place,
                    coordinators: coordinatorEndpoints,
                    ordersPath: ordersPath(name)
                )
            )
        case .client:
            .client(
                ClientOrder(
                    name: "\(name)",
                    number: name.number,
                    place: place,
                    coordinators: coordinatorEndpoints,
                    notesPath: notesPath(name, life: life),
                    startNs: startNs,
                    loadBeginsNs: loadBeginsNs,
                    firstValue: (Int64(name.number) * Self.livesMax + Int64(life)) * Self.valuesPerLife,
                    seed: seed,
                    settings: settings,
                    keysToRead: keysToRead
                )
            )
        }
    }
}
