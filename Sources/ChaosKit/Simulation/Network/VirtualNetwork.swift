// The network of a simulation: who listens where, how long messages take, which links are cut, and when ends notice.
//
// Links are between machines, which outlive the processes on them, and have two directions. A connection keeps its order. What is
// lost on a link is sent again by TCP: it shows as delay, and holds up what is behind it. A cut link holds everything up;
// where that lasts, the ends give the connection up, as libzmq's heartbeats do, and what was under way is lost.

/// One thread, as everything here.
final class VirtualNetwork {
    /// Of the processes on machines, for the trace.
    var names: [String: String] = [:]

    /// Sees each message that leaves a socket, and each that comes to one (true); nil: nobody looks.
    @exclusivity(unchecked) var observer: ((VirtualMessage, Bool) -> Void)?

    let time: VirtualTime
    let trace: SimulationTrace
    @exclusivity(unchecked) var random: RandomSource
    private var listeners: [String: VirtualSocket] = [:]
    private var nextPort = 30_000
    private var connections: [VirtualConnection] = []
    private var connectionsMade = 0
    @exclusivity(unchecked) private var links = LinkWeather()
    @exclusivity(unchecked) private var late: [String: LateMessages] = [:]
    @exclusivity(unchecked) private(set) var messagesDelivered = 0
    private(set) var messagesLost = 0
    /// Told of each message that is delivered, outside of all turns.
    @exclusivity(unchecked) var delivered: (VirtualMessage, VirtualConnection, _ toServer: Bool) -> Void = { _, _, _ in
    }

    /// Between two machines, and within one.
    private static let delayNs: ClosedRange<Int64> = 20_000...120_000
    private static let resendAfterNs: Int64 = 200_000_000
    /// libzmq's heartbeats: a peer that is silent for 3 s is given up.
    private static let patienceNs: ClosedRange<Int64> = 3_000_000_000...4_000_000_000
    private static let synResendNs: Int64 = 1_000_000_000

    init(time: VirtualTime, trace: SimulationTrace, random: RandomSource) {
        self.time = time
        self.trace = trace
        self.random = random
    }

    private func name(_ machine: String) -> String { names[machine] ?? machine }

    private func draw(_ range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &random)
    }

    // MARK: Weather

    private func weather(_ link: Link) -> Weather { links.weather(of: link) }

    /// Has a fault act on links from now on.
    /// - Returns: the number by which it is lifted.
    func impose(_ scope: LinkWeather.Scope, _ weather: Weather) -> Int {
        let former = connections.map(cutLinks)
        let number = links.impose(scope, weather)
        for (connection, former) in zip(connections, former) {
            for link in cutLinks(of: connection) where !former.contains(link) { expectSilence(connection, link) }
        }
        return number
    }

    func lift(_ number: Int) {
        let former = connections.map(cutLinks)
        links.lift(number)
        for (connection, former) in zip(connections, former) {
            for link in former where !weather(link).isCut { resume(connection, link) }
        }
    }

    /// What a rule in force delayed or held up.
    func struck(_ number: Int) -> Int { links.struck(number) }

    func isCut(from: String, to: String) -> Bool { weather(Link(from: from, to: to)).isCut }

    private func cutLinks(of connection: VirtualConnection) -> [Link] {
        [connection.linkToServer, connection.linkToClient].filter { weather($0).isCut }
    }

    /// Gives a connection up that the cut of a link has kept silent for too long.
    private func expectSilence(_ connection: VirtualConnection, _ link: Link) {
        time.after(draw(Self.patienceNs)) { [self] in
            guard !connection.isOver, weather(link).isCut else { return }
            breakOff(connection)
        }
    }

    /// Has what a cut held up go on, in front of what comes behind it meanwhile.
    private func resume(_ connection: VirtualConnection, _ link: Link) {
        let toServer = link == connection.linkToServer
        guard hasStalled(connection, toServer) else { return }
        time.after(draw(Self.delayNs)) { [self] in
            guard !connection.isOver, !weather(link).isCut else { return }
            let waiting = toServer ? connection.toServer.stalled : connection.toClient.stalled
            if toServer { connection.toServer.stalled = [] } else { connection.toClient.stalled = [] }
            for message in waiting { deliver(message, over: connection, toServer: toServer) }
        }
    }

    // MARK: Endpoints

    /// - Returns: the endpoint with its port; nil where it is taken.
    func bind(_ socket: VirtualSocket, to endpoint: String) -> String? {
        var endpoint = endpoint
        if endpoint.hasSuffix(":*") {
            nextPort += 1
            endpoint = endpoint.dropLast() + "\(nextPort)"
        }
        guard listeners[endpoint] == nil else { return nil }
        listeners[endpoint] = socket
        return endpoint
    }

    /// The machine of an endpoint: what stands before the port.
    static func machine(of endpoint: String) -> String {
        let rest = endpoint.dropFirst("tcp://".count)
        return String(rest[..<(rest.lastIndex(of: ":") ?? rest.endIndex)])
    }

    /// Asks whether nobody listens there, as a connection attempt from that machine would tell.
    func probe(_ endpoint: String, from machine: String, then: @escaping (Bool) -> Void) {
        let target = Self.machine(of: endpoint)
        time.after(2 * draw(Self.delayNs)) { [self] in
            let isReached = !isCut(from: machine, to: target) && !isCut(from: target, to: machine)
            guard isReached else {
                // The probe waits for an answer that does not come.
                return time.after(500_000_000) { then(false) }
            }
            then(listeners[endpoint] == nil)
        }
    }

    // MARK: Connections

    func beginConnecting(_ socket: VirtualSocket) {
        time.after(3 * draw(Self.delayNs)) { [self] in establish(socket) }
    }

    func retry(_ socket: VirtualSocket, afterNs: Int64) {
        time.after(afterNs) { [self] in
            if !socket.isClosed, socket.connection == nil { beginConnecting(socket) }
        }
    }

    private func establish(_ client: VirtualSocket) {
        guard !client.isClosed, client.host.isAlive, client.connection == nil else { return }
        let (here, there) = (client.host.machine, Self.machine(of: client.target))
        guard !isCut(from: here, to: there), !isCut(from: there, to: here) else {
            for link in [Link(from: here, to: there), Link(from: there, to: here)] { links.struck(link, by: \.isCut) }
            return retry(client, afterNs: Self.synResendNs)
        }
        guard let server = listeners[client.target] else { return client.refused() }
        // The handshake is libzmq's, whose threads stand still in a process that is stopped.
        guard !server.host.isPaused, !client.host.isPaused else { return retry(client, afterNs: Self.synResendNs / 10) }
        connectionsMade += 1
        let connection = VirtualConnection(number: connectionsMade, client: client, server: server)
        connections.append(connection)
        trace.note(
            time.nowNs,
            1,
            UInt64(connection.number),
            line: "\(name(here)) connects to \(name(there)) #\(connection.number)"
        )
        server.accepted(connection)
        client.connected(connection)
    }

    // MARK: Messages

    func send(_ message: VirtualMessage, over connection: VirtualConnection, toServer: Bool) {
        guard !connection.isOver else { return }
        let sender = toServer ? connection.client.host : connection.server.host
        // Stopped in the middle of a turn: what the turn sends from there on leaves when it goes on.
        if sender.isPaused {
            return sender.holdBack { [self] in send(message, over: connection, toServer: toServer) }
        }
        if toServer, !late.isEmpty { late[sender.machine]?.keep(message, to: connection.server) }
        observer?(message, false)
        carry(message, over: connection, toServer: toServer)
    }

    /// - Parameter message: nil: the end of the connection.
    private func carry(_ message: VirtualMessage?, over connection: VirtualConnection, toServer: Bool) {
        var delay = draw(Self.delayNs)
        if !links.isFair { delay += hindrance(toServer ? connection.linkToServer : connection.linkToClient) }
        let last = toServer ? connection.toServer.lastArrivalNs : connection.toClient.lastArrivalNs
        let arrival = max(last, time.nowNs + delay)
        if toServer { connection.toServer.lastArrivalNs = arrival } else { connection.toClient.lastArrivalNs = arrival }
        time.at(arrival) { [self] in deliver(message, over: connection, toServer: toServer) }
    }

    /// What the weather adds to a message's delay.
    private func hindrance(_ link: Link) -> Int64 {
        let weather = weather(link)
        var delay = weather.extraDelayNs
        if weather.extraDelayNs > 0 { links.struck(link) { $0.extraDelayNs > 0 } }
        if weather.jitterNs > 0 { delay += draw(0...weather.jitterNs) }
        if weather.lossShare > 0, random.fraction() < weather.lossShare {
            links.struck(link) { $0.lossShare > 0 }
            delay += Self.resendAfterNs
        }
        return delay
    }

    private func deliver(_ message: VirtualMessage?, over connection: VirtualConnection, toServer: Bool) {
        guard !connection.isOver else { return messagesLost += 1 }
        let link = toServer ? connection.linkToServer : connection.linkToClient
        if !links.isFair && weather(link).isCut || hasStalled(connection, toServer) {
            links.struck(link, by: \.isCut)
            if toServer {
                connection.toServer.stalled.append(message)
            } else {
                connection.toClient.stalled.append(message)
            }
            return
        }
        guard let message else { return breakOff(connection) }
        let receiver = toServer ? connection.server : connection.client
        guard receiver.host.isAlive, !receiver.isClosed else { return messagesLost += 1 }
        messagesDelivered += 1
        var hash: UInt64 = 0
        for part in message { hash = hash &* 31 &+ SimulationTrace.hash(part.bytes) }
        trace.note(
            time.nowNs,
            2,
            UInt64(connection.number),
            hash,
            line:
                "\(name(link.from)) -> \(name(link.to)) #\(connection.number) \(message.map(\.bytes.count)) \(String(hash, radix: 16))"
        )
        observer?(message, true)
        delivered(message, connection, toServer)
        receiver.take(message, from: connection)
    }

    private func hasStalled(_ connection: VirtualConnection, _ toServer: Bool) -> Bool {
        toServer ? !connection.toServer.stalled.isEmpty : !connection.toClient.stalled.isEmpty
    }

    // MARK: Ends

    /// Both ends notice, now. A process that is stopped sees it when it goes on.
    private func breakOff(_ connection: VirtualConnection) {
        guard !connection.isOver else { return }
        cut(connection)
        trace.note(time.nowNs, 3, UInt64(connection.number), line: "connection \(connection.number) is over")
        for end in [connection.client, connection.server] where end.host.isAlive { end.lost(connection) }
    }

    /// Breaks every connection of a machine; what is under way is lost, and both ends notice.
    /// - Returns: how many there were.
    func breakConnections(of machine: String) -> Int {
        let broken = connections.filter { $0.client.host.machine == machine || $0.server.host.machine == machine }
        broken.forEach(breakOff)
        return broken.count
    }

    /// Keeps, from now on, what a machine sends to those that it is connected to.
    func keepLate(from machine: String) {
        late[machine] = LateMessages()
    }

    func hasKeptLate(from machine: String) -> Bool { !(late[machine]?.messages.isEmpty ?? true) }

    func keepsLate(from machine: String) -> Bool { late[machine] != nil }

    /// Lets what was kept come once more, some time from now.
    func releaseLate(from machine: String) {
        guard let kept = late.removeValue(forKey: machine) else { return }
        for (message, server) in kept.messages {
            let identity = [0] + (0..<4).map { _ in UInt8(truncatingIfNeeded: random.next() >> 24) }
            time.after(draw(0...LateMessages.delayMaxNs)) { [self] in
                let link = Link(from: machine, to: server.host.machine)
                guard server.host.isAlive, !server.isClosed, !weather(link).isCut else { return messagesLost += 1 }
                trace.note(time.nowNs, 9, line: "\(name(machine)) -> \(name(link.to)) late, of a former connection")
                server.takeLate(message, identity)
            }
        }
    }

    /// Nothing more is carried.
    func cut(_ connection: VirtualConnection) {
        connection.isOver = true
        connections.removeAll { $0 === connection }
    }

    /// A socket was closed, or its process is dead: the other ends learn it behind what was sent before.
    func closed(_ socket: VirtualSocket) {
        if listeners[socket.boundEndpoint] === socket { listeners[socket.boundEndpoint] = nil }
        let ending = socket.connections + (socket.connection.map { [$0] } ?? [])
        for connection in ending where !connection.isOver {
            carry(nil, over: connection, toServer: connection.client === socket)
        }
    }

    /// A process stands still for so long: peers give it up as libzmq's heartbeats tell.
    func stoodStill(_ host: VirtualHost) {
        for connection in connections where connection.client.host === host || connection.server.host === host {
            time.after(draw(Self.patienceNs)) { [self] in
                if host.isAlive, host.isPaused, !connection.isOver { breakOff(connection) }
            }
        }
    }

    /// Lets go of everything: what is under way never comes. For the end of a simulation.
    func clear() {
        (listeners, connections, late) = ([:], [], [:])
        (observer, delivered) = (nil, { _, _, _ in })
    }
}
