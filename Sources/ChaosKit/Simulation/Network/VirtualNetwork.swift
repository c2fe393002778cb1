// The network of a simulation: who listens where, how long messages take, which links are cut, and when ends notice.
//
// Links are between machines, which outlive the processes on them, and have two directions. A connection keeps its order. What is
// lost on a link is sent again by TCP: it shows as delay, and holds up what is behind it. A cut link holds everything up;
// where that lasts, the ends give the connection up, as libzmq's heartbeats do, and what was under way is lost.

/// One thread, as everything here.
final class VirtualNetwork {
    /// What a link does beyond its ordinary delay.
    struct Weather: Equatable {
        var isCut = false
        /// Of messages: the share that TCP has to send again.
        var lossShare = 0.0
        var extraDelayNs: Int64 = 0
        /// Up to so much more, each message for itself.
        var jitterNs: Int64 = 0
    }

    struct Link: Hashable {
        let from: String
        let to: String
    }

    /// Of the processes on machines, for the trace.
    var names: [String: String] = [:]

    let time: VirtualTime
    let trace: SimulationTrace
    var random: RandomSource
    private var listeners: [String: VirtualSocket] = [:]
    private var nextPort = 30_000
    private var connections: [VirtualConnection] = []
    private var connectionsMade = 0
    private var weather: [Link: Weather] = [:]
    private(set) var messagesDelivered = 0
    private(set) var messagesLost = 0
    /// Messages and connection attempts that some link's weather delayed or held up.
    private(set) var struck = 0

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

    func weather(_ link: Link) -> Weather {
        // Most of the time there is none, and looking costs two names' hashes.
        weather.isEmpty ? Weather() : weather[link] ?? Weather()
    }

    /// Changes what a link does from now on.
    func set(_ link: Link, _ new: Weather) {
        let former = weather(link)
        weather[link] = new == Weather() ? nil : new
        if former.isCut, !new.isCut { resume(link) }
        if !former.isCut, new.isCut {
            for connection in connections where uses(connection, link) { expectSilence(connection, link) }
        }
    }

    func isCut(from: String, to: String) -> Bool { weather(Link(from: from, to: to)).isCut }

    private func uses(_ connection: VirtualConnection, _ link: Link) -> Bool {
        let (client, server) = (connection.client.host.machine, connection.server.host.machine)
        return client == link.from && server == link.to || client == link.to && server == link.from
    }

    /// Gives a connection up that the cut of a link has kept silent for too long.
    private func expectSilence(_ connection: VirtualConnection, _ link: Link) {
        time.after(draw(Self.patienceNs)) { [self] in
            guard !connection.isOver, weather(link).isCut else { return }
            breakOff(connection)
        }
    }

    private func resume(_ link: Link) {
        for connection in connections where uses(connection, link) {
            let toServer = connection.client.host.machine == link.from
            let waiting = toServer ? connection.toServer.stalled : connection.toClient.stalled
            if toServer { connection.toServer.stalled = [] } else { connection.toClient.stalled = [] }
            for message in waiting { carry(message, over: connection, toServer: toServer) }
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
            struck += 1
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
        carry(message, over: connection, toServer: toServer)
    }

    /// - Parameter message: nil: the end of the connection.
    private func carry(_ message: VirtualMessage?, over connection: VirtualConnection, toServer: Bool) {
        let (client, server) = (connection.client.host.machine, connection.server.host.machine)
        let link = toServer ? Link(from: client, to: server) : Link(from: server, to: client)
        let weather = weather(link)
        var delay = draw(Self.delayNs) + weather.extraDelayNs
        if weather.extraDelayNs > 0 { struck += 1 }
        if weather.jitterNs > 0 { delay += draw(0...weather.jitterNs) }
        if weather.lossShare > 0, random.fraction() < weather.lossShare {
            struck += 1
            delay += Self.resendAfterNs
        }
        let last = toServer ? connection.toServer.lastArrivalNs : connection.toClient.lastArrivalNs
        let arrival = max(last, time.nowNs + delay)
        if toServer { connection.toServer.lastArrivalNs = arrival } else { connection.toClient.lastArrivalNs = arrival }
        time.at(arrival) { [self] in deliver(message, over: connection, toServer: toServer, link) }
    }

    private func deliver(_ message: VirtualMessage?, over connection: VirtualConnection, toServer: Bool, _ link: Link) {
        guard !connection.isOver else { return messagesLost += 1 }
        if weather(link).isCut || hasStalled(connection, toServer) {
            struck += 1
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
        let hash = message.reduce(UInt64(0)) { $0 &* 31 &+ SimulationTrace.hash($1.bytes) }
        trace.note(
            time.nowNs,
            2,
            UInt64(connection.number),
            hash,
            line:
                "\(name(link.from)) -> \(name(link.to)) #\(connection.number) \(message.map(\.bytes.count)) \(String(hash, radix: 16))"
        )
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
}
