// A run's cluster in network namespaces: each process in one of its own, with an address of its own, and the run's packet
// switch between them.

import CShimNetwork
import Glibc
import Synchronization

/// As netem and a bridge would, but with the run's own switch between the namespaces: it is the same on every kernel that has
/// TUN devices, its counts say exactly what it did to which packet, and nothing is left when the run dies.
///
/// Process n of a run is at 10.77.R.n, the run itself at 10.77.R.254; R is no other run's.
final class NamespaceNetwork: ClusterNetwork {
    private let network = PacketSwitch()
    private let namespaces = Mutex<[NodeName: NetworkNamespace]>([:])
    private let coordinators: Int
    private let base: UInt32

    private static let port = 7400
    /// A worker has a port of its own in every life.
    private static let workerPort = 20_000
    private static let livesMax = 10_000

    /// - Throws: `RunError.cannotStart`, without root too.
    init(coordinators: Int) throws(RunError) {
        self.coordinators = coordinators
        let device = "rm\(getpid())"
        var (base, packets): (UInt32, Int32) = (0, -EADDRINUSE)
        for attempt in 0..<250 where packets == -EADDRINUSE {
            base = 10 << 24 | 77 << 16 | ((UInt32(getpid()) + UInt32(attempt)) % 250) << 8
            if Self.isFree(base + 254) { packets = rm_tun_make(device, base + 254, NetworkNamespace.packetBytesMax) }
        }
        guard packets >= 0 else { throw NetworkNamespace.failure(packets) }
        self.base = base
        network.plug(nil, address: base + 254, packets: packets)
    }

    /// Whether no device of the run's own namespace has the address.
    private static func isFree(_ address: UInt32) -> Bool {
        let socket = InternetSocket.open(SOCK_DGRAM)
        defer { Glibc.close(socket) }
        return !InternetSocket.bind(socket, to: SocketPlace(address: address, port: 0))
    }

    var isBeyondLoopback: Bool { true }

    private func address(of name: NodeName) -> UInt32 { base + name.hostNumber }

    private func endpoint(_ name: NodeName, _ port: Int) -> String {
        SocketPlace(address: address(of: name), port: UInt16(port)).description
    }

    var coordinatorEndpoints: [String] { (1...coordinators).map { endpoint(NodeName(.coordinator, $0), Self.port) } }

    func place(for name: NodeName, life: Int) throws(RunError) -> NodePlace {
        let present = namespaces.withLock { $0[name] }
        let namespace = if let present { present } else { try make(name) }
        var place = NodePlace(namespacePath: namespace.path, isBeyondLoopback: true)
        switch name.role {
        case .client: break
        case .coordinator: place.listensAt = endpoint(name, Self.port)
        case .worker: place.listensAt = endpoint(name, Self.workerPort + life % Self.livesMax)
        }
        return place
    }

    private func make(_ name: NodeName) throws(RunError) -> NetworkNamespace {
        let namespace = try NetworkNamespace(at: address(of: name))
        namespaces.withLock { $0[name] = namespace }
        network.plug(name, address: address(of: name), packets: namespace.packets)
        return namespace
    }

    func began(_ pid: pid_t, as name: NodeName) {}
    func ended(_ pid: pid_t) {}
    func impose(_ rule: LinkRule) async { await network.impose(rule) }
    func lift(_ id: Int64) async -> LinkCounts { await network.lift(id) }

    func probeLine(from sender: NodeName, to receiver: NodeName, rule: Int64) async -> ProbeLine? {
        let ends = namespaces.withLock { ($0[sender], $0[receiver]) }
        guard let own = ends.0?.datagramSocket(at: address(of: sender)),
            let far = ends.1?.datagramSocket(at: address(of: receiver))
        else { return nil }
        let places = (InternetSocket.place(of: own), InternetSocket.place(of: far))
        await network.expectProbe([places.0.port, places.1.port], rule: rule)
        return ProbeLine(datagrams: own, at: places.0, far, at: places.1)
    }

    func close() async {
        await network.close()
        for namespace in namespaces.withLock({ $0 }).values { Glibc.close(namespace.descriptor) }
    }
}
