// A connection between two sockets of a simulation: like TCP, it keeps the order of what it carries, and may break.

/// From a socket that connects (DEALER, SUB) to one that listens (ROUTER, XPUB).
final class VirtualConnection {
    let number: Int
    let client: VirtualSocket
    let server: VirtualSocket
    /// Between the machines of its ends.
    let linkToServer: VirtualNetwork.Link
    let linkToClient: VirtualNetwork.Link
    /// Of the client, by which a ROUTER knows it.
    let identity: [UInt8]
    /// The same, as the part that a ROUTER puts before each message.
    let identityPart: VirtualPacket
    /// What the client of an XPUB has asked for.
    private(set) var prefixes: [[UInt8]] = []
    /// Messages and ends under way, by direction.
    @exclusivity(unchecked) var toServer = Direction()
    @exclusivity(unchecked) var toClient = Direction()
    /// Whether nothing more is carried.
    @exclusivity(unchecked) var isOver = false

    struct Direction {
        /// When what was sent last arrives: nothing later overtakes it.
        var lastArrivalNs: Int64 = 0
        /// What could not be delivered, as the link is cut: it goes on when that is healed.
        var stalled: [VirtualMessage?] = []
    }

    init(number: Int, client: VirtualSocket, server: VirtualSocket) {
        self.number = number
        self.client = client
        self.server = server
        identity = client.connectionIdentity
        identityPart = VirtualPacket.copy(of: identity)
        linkToServer = VirtualNetwork.Link(from: client.host.machine, to: server.host.machine)
        linkToClient = VirtualNetwork.Link(from: server.host.machine, to: client.host.machine)
    }

    func isSubscribed(to topic: VirtualPacket) -> Bool {
        prefixes.contains { topic.bytes.starts(with: $0) }
    }

    /// - Returns: whether it is to be told of.
    func takeSubscription(_ packet: VirtualPacket) -> Bool {
        guard packet.bytes.first == 1 else { return false }
        prefixes.append(Array(packet.bytes.dropFirst()))
        return true
    }
}
