// A run's cluster behind the fault proxy: every process listens at a loopback address of its own, and is reached by way of
// the proxy at another port of it.

import Glibc

/// All of 127.0.0.0/8 is this host's, without any privileges: 127.A.B.n is process n of the run whose pid gives A and B. So
/// runs at the same time do not meet, and an address in a log says whose it is.
struct ProxyNetwork: ClusterNetwork {
    private let own = FaultProxy()
    private let coordinators: Int
    private let base: UInt32

    // Of the proxy, and of the node behind it. A worker has a port of its own in every life.
    private static let port: UInt16 = 7400
    private static let publisherPort: UInt16 = 7401
    private static let workerPort = 20_000
    private static let hiddenOffset: UInt16 = 10_000

    /// - Throws: `RunError.cannotStart` where the proxy cannot listen.
    init(coordinators: Int) throws(RunError) {
        self.coordinators = coordinators
        let number = UInt32(getpid())
        base = 127 << 24 | (1 + (number >> 8) % 250) << 16 | (number & 0xff) << 8
        for name in (1...coordinators).map({ NodeName(.coordinator, $0) }) {
            for port in [Self.port, Self.publisherPort] {
                let place = place(name, port)
                try own.open(name, at: place, target: hidden(place), isLasting: true)
            }
        }
    }

    var coordinatorEndpoints: [String] {
        (1...coordinators).map { place(NodeName(.coordinator, $0), Self.port).description }
    }

    var proxy: FaultProxy? { own }

    private func place(_ name: NodeName, _ port: UInt16) -> SocketPlace {
        SocketPlace(address: base + name.hostNumber, port: port)
    }

    /// Where a process listens that is reached there.
    private func hidden(_ place: SocketPlace) -> SocketPlace {
        SocketPlace(address: place.address, port: place.port + Self.hiddenOffset)
    }

    func place(for name: NodeName, life: Int) throws(RunError) -> NodePlace {
        var result = NodePlace()
        switch name.role {
        case .client: break
        case .coordinator:
            let (place, publisher) = (place(name, Self.port), place(name, Self.publisherPort))
            (result.listensAt, result.advertises) = (hidden(place).description, place.description)
            (result.publishesAt, result.advertisesPublisher) = (hidden(publisher).description, publisher.description)
        case .worker:
            let place = place(name, UInt16(Self.workerPort + life % Int(Self.hiddenOffset)))
            try own.open(name, at: place, target: hidden(place), isLasting: false)
            (result.listensAt, result.advertises) = (hidden(place).description, place.description)
        }
        return result
    }

    func began(_ pid: pid_t, as name: NodeName) { own.know(pid, as: name) }
    func ended(_ pid: pid_t) { own.forget(pid) }
    func impose(_ rule: LinkRule) async { await own.impose(rule) }
    func lift(_ id: Int64) async -> LinkCounts { await own.lift(id) }

    func probeLine(from sender: NodeName, to receiver: NodeName, rule: Int64) async -> ProbeLine? {
        guard let (one, other) = await own.probeLine(from: sender, to: receiver, rule: rule) else { return nil }
        return ProbeLine(stream: one, other)
    }

    func close() async { await own.close() }
}

extension NodeName {
    /// The last byte of its address, on networks where each process has one.
    var hostNumber: UInt32 {
        switch role {
        case .coordinator: UInt32(number)
        case .worker: UInt32(20 + number)
        case .client: UInt32(100 + number)
        }
    }
}
