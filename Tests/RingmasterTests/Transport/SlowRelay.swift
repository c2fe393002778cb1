// A network on which connections take long to come about, or pass nothing on for a while.

import Glibc
import Synchronization
import Testing

@testable import Ringmaster

/// Listens on a port of its own and passes each connection on to another port, once it is so and so old. Its threads end
/// with the connections.
final class SlowRelay: Sendable {
    let endpoint: Endpoint
    private let listener: Int32
    private let held = Held()

    /// - Parameters:
    ///   - server: A tcp endpoint on loopback.
    ///   - delay: How long a connection is kept waiting before its first byte is passed on.
    init(to server: Endpoint, delay: Duration = .zero) throws {
        let target = try #require(UInt16(server.text.split(separator: ":").last ?? ""))
        let listener = tcpSocket()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var address = loopbackAddress(port: 0)
        let isListening = withSocketAddress(&address) { pointer in
            bind(listener, pointer, length) == 0 && listen(listener, 16) == 0
                && getsockname(listener, pointer, &length) == 0
        }
        try #require(isListening)
        self.listener = listener
        endpoint = try Endpoint("tcp://127.0.0.1:\(UInt16(bigEndian: address.sin_port))")
        let held = held
        let delayUs = UInt32(delay.nanosecondsClamped / 1000)
        startThread {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { break }
                startThread {
                    usleep(delayUs)
                    relay(client, toPort: target, held: held)
                }
            }
            close(listener)
        }
    }

    /// Takes nothing more from either side until `resume`: what a sender has on its way stays with it, but for the
    /// kernel's buffers.
    func hold() { held.isSet.store(true, ordering: .releasing) }

    func resume() { held.isSet.store(false, ordering: .releasing) }

    /// Accepts no more connections.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
    }
}

private final class Held: Sendable {
    let isSet = Atomic(false)
}

/// Copies bytes both ways until either side closes, but none while `held`.
private func relay(_ client: Int32, toPort port: UInt16, held: Held) {
    let server = tcpSocket()
    // A receive buffer of a set size does not grow, so that what a held relay leaves with the sender is known.
    var bufferBytes: Int32 = 65_536
    setsockopt(server, SOL_SOCKET, SO_RCVBUF, &bufferBytes, socklen_t(MemoryLayout<Int32>.size))
    defer {
        close(client)
        close(server)
    }
    var address = loopbackAddress(port: port)
    let status = withSocketAddress(&address) { connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    guard status == 0 else { return }
    var sides = [
        pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: server, events: Int16(POLLIN), revents: 0),
    ]
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while poll(&sides, 2, -1) >= 0 {
        if held.isSet.load(ordering: .acquiring) {
            usleep(1000)
            continue
        }
        for side in 0..<2 where sides[side].revents != 0 {
            let count = recv(sides[side].fd, &bytes, bytes.count, 0)
            guard count > 0 else { return }
            var sent = 0
            while sent < count {
                let step = bytes.withUnsafeBytes {
                    send(sides[1 - side].fd, $0.baseAddress! + sent, count - sent, Int32(MSG_NOSIGNAL))
                }
                guard step > 0 else { return }
                sent += step
            }
        }
    }
}

private func tcpSocket() -> Int32 {
    socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
}

private func loopbackAddress(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}

private func withSocketAddress<Result>(
    _ address: inout sockaddr_in,
    _ body: (UnsafeMutablePointer<sockaddr>) -> Result
) -> Result {
    withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) }
    }
}
