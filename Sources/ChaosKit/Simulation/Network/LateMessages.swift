// Messages of former connections in a simulation that come late.

/// What a machine has sent to ROUTERs, to come once more after its connections are gone. The kernel goes on sending what a process
/// has handed it, though that has long given the connection up and sent the same again over another. libzmq hands such messages on under
/// a name of its own making, as the peer's name is the new connection's.
struct LateMessages {
    private(set) var messages: [(message: VirtualMessage, to: VirtualSocket)] = []

    /// From the release on.
    static let delayMaxNs: Int64 = 2_000_000_000
    private static let messagesMax = 64

    mutating func keep(_ message: VirtualMessage, to server: VirtualSocket) {
        guard server.isRouter, messages.count < Self.messagesMax else { return }
        messages.append((message, server))
    }
}
