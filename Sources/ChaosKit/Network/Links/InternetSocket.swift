// IPv4 sockets, as the proxy and the probes use them.

import CShimNetwork
import Glibc

/// An address and a port.
struct SocketPlace: Equatable, Sendable, CustomStringConvertible {
    /// In host order.
    var address: UInt32
    var port: UInt16

    init(address: UInt32, port: UInt16) {
        self.address = address
        self.port = port
    }

    init(_ name: sockaddr_in) {
        self.init(address: UInt32(bigEndian: name.sin_addr.s_addr), port: UInt16(bigEndian: name.sin_port))
    }

    var host: String { (0..<4).map { "\(address >> (24 - 8 * $0) & 0xff)" }.joined(separator: ".") }
    var description: String { "tcp://\(host):\(port)" }

    fileprivate func withName<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = address.bigEndian
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}

/// What a descriptor of a socket can do; nothing waits. Failures are `errno`'s.
enum InternetSocket {
    static let loopback: UInt32 = 0x7f00_0001

    static func open(_ kind: __socket_type = SOCK_STREAM) -> Int32 {
        socket(AF_INET, Int32(kind.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    static func bind(_ descriptor: Int32, to place: SocketPlace) -> Bool {
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        return place.withName { Glibc.bind(descriptor, $0, $1) } == 0
    }

    /// A socket that listens; nil where it cannot.
    static func listen(at place: SocketPlace) -> Int32? {
        let descriptor = open()
        guard descriptor >= 0, bind(descriptor, to: place), Glibc.listen(descriptor, 128) == 0 else {
            if descriptor >= 0 { close(descriptor) }
            return nil
        }
        return descriptor
    }

    /// A connection within this machine, which stands at once or never; nil and `errno` where it does not.
    static func connect(to place: SocketPlace, within limitMs: Int32) -> Int32? {
        let descriptor = open()
        guard descriptor >= 0 else { return nil }
        if place.withName({ Glibc.connect(descriptor, $0, $1) }) == 0 { return descriptor }
        var reason = errno
        if reason == EINPROGRESS {
            reason = wait(descriptor, POLLOUT, limitMs) ? lastError(descriptor) : ETIMEDOUT
            if reason == 0 { return descriptor }
        }
        close(descriptor)
        errno = reason
        return nil
    }

    static func accept(_ listener: Int32) -> (descriptor: Int32, from: SocketPlace)? {
        var place = SocketPlace(address: 0, port: 0)
        let descriptor = rm_accept(listener, &place.address, &place.port)
        return descriptor < 0 ? nil : (descriptor, place)
    }

    static func place(of descriptor: Int32) -> SocketPlace {
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return SocketPlace(name)
    }

    static func sendTo(_ descriptor: Int32, _ bytes: [UInt8], _ place: SocketPlace) -> Bool {
        place.withName { sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, $1) } == bytes.count
    }

    static func sendsAtOnce(_ descriptor: Int32) {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Has its closing be a reset rather than an end.
    static func resetsWhenClosed(_ descriptor: Int32) {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }

    static func lastError(_ descriptor: Int32) -> Int32 {
        var status: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &status, &length)
        return status
    }

    /// Waits for one of `events` (POLL... bits). Blocks the thread.
    static func wait(_ descriptor: Int32, _ events: Int32, _ limitMs: Int32) -> Bool {
        var poll = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return Glibc.poll(&poll, 1, limitMs) == 1
    }

    /// Both ends of a TCP connection over loopback.
    static func pair() -> (Int32, Int32)? {
        guard let listener = listen(at: SocketPlace(address: loopback, port: 0)) else { return nil }
        defer { close(listener) }
        guard let one = connect(to: place(of: listener), within: 1000) else { return nil }
        let own = place(of: one)
        // Somebody else may have found the port.
        while wait(listener, POLLIN, 1000), let other = accept(listener) {
            if other.from == own { return (one, other.descriptor) }
            close(other.descriptor)
        }
        close(one)
        return nil
    }
}
