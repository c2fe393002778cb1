// The options of a socket, with their reasons.

import CShim
import RingmasterProtocol

/// Options common to the sockets of clients, servers, publishers and subscribers. See zmq_setsockopt(3).
public struct SocketSettings: Sendable {
    /// Messages queued to one peer before sending waits; and from one peer before its TCP window closes. A message can
    /// carry hundreds of frames.
    public var highWaterMark = 16_384
    /// How long unsent messages outlive `close`.
    public var linger: Duration = .milliseconds(200)
    /// A ZMTP PING is sent after this much silence...
    public var heartbeatInterval: Duration = .seconds(1)
    /// ...and the peer counts as vanished if nothing has come for this long: a peer whose host was unplugged does not
    /// close its connection.
    public var heartbeatTimeout: Duration = .seconds(3)
    /// First wait before a connection is tried again; doubled up to `reconnectIntervalMax`.
    public var reconnectInterval: Duration = .milliseconds(10)
    public var reconnectIntervalMax: Duration = .seconds(1)
    /// A connection attempt that is not accepted in this time, or has not completed its handshake in as much again, is
    /// given up and tried anew.
    public var handshakeInterval: Duration = .seconds(5)
    /// Larger messages close the connection they came on, before memory is taken for them.
    public var messageBytesMax = Limits.messageBytesMax

    public init() {}

    func apply(to socket: LoopSocket) throws(TransportError) {
        try socket.set(ZMQ_SNDHWM, highWaterMark)
        try socket.set(ZMQ_RCVHWM, highWaterMark)
        try socket.set(ZMQ_LINGER, linger.wholeMilliseconds)
        try socket.set(ZMQ_HEARTBEAT_IVL, heartbeatInterval.wholeMilliseconds)
        try socket.set(ZMQ_HEARTBEAT_TIMEOUT, heartbeatTimeout.wholeMilliseconds)
        try socket.set(ZMQ_HEARTBEAT_TTL, heartbeatTimeout.wholeMilliseconds)
        try socket.set(ZMQ_RECONNECT_IVL, reconnectInterval.wholeMilliseconds)
        try socket.set(ZMQ_RECONNECT_IVL_MAX, reconnectIntervalMax.wholeMilliseconds)
        try socket.set(ZMQ_HANDSHAKE_IVL, handshakeInterval.wholeMilliseconds)
        try socket.set(ZMQ_CONNECT_TIMEOUT, handshakeInterval.wholeMilliseconds)
        try socket.setMaximumMessageBytes(messageBytesMax)
    }
}

extension Duration {
    /// Whole milliseconds, rounded up.
    var wholeMilliseconds: Int {
        let ns = nanosecondsClamped
        return Int(ns / 1_000_000) + (ns % 1_000_000 > 0 ? 1 : 0)
    }
}
