// A ZeroMQ peer written out by hand (ZMTP 3.0, NULL mechanism: https://rfc.zeromq.org/spec/23), over a Unix socket:
// what it sends and gets are the very bytes on the wire, and it can be as wrong as a test wants.

import Glibc

/// One side of a connection, confined to the thread that uses it. Every wait has a limit.
final class ZMTPPeer {
    struct Failure: Error {
        var doing: String
        var code: Int32
    }

    private let descriptor: Int32

    /// Connects to the socket at `path` as a DEALER, and shakes hands.
    init(connectingTo path: String) throws {
        descriptor = try Self.open()
        let status = withAddress(path) { connect(descriptor, $0, $1) }
        guard status == 0 else { throw Failure(doing: "connecting", code: errno) }
        try shakeHands(as: "DEALER")
    }

    /// Takes one connection from a listener, as a ROUTER, and shakes hands.
    init(accepting listener: Listener) throws {
        try waitUntilReadable(listener.descriptor, milliseconds: 20_000)
        descriptor = accept(listener.descriptor, nil, nil)
        guard descriptor >= 0 else { throw Failure(doing: "accepting", code: errno) }
        try shakeHands(as: "ROUTER")
    }

    deinit {
        close(descriptor)
    }

    /// A Unix socket that listens.
    final class Listener {
        fileprivate let descriptor: Int32

        init(at path: String) throws {
            descriptor = try ZMTPPeer.open()
            let status = withAddress(path) { bind(descriptor, $0, $1) }
            guard status == 0, listen(descriptor, 1) == 0 else { throw Failure(doing: "listening", code: errno) }
        }

        deinit {
            close(descriptor)
        }
    }

    /// Sends a message of one part.
    func send(_ body: [UInt8]) throws {
        if body.count < 256 {
            try put([0x00, UInt8(body.count)] + body)
        } else {
            try put([0x02] + withUnsafeBytes(of: UInt64(body.count).bigEndian) { Array($0) } + body)
        }
    }

    /// The next message, of one part. Throws ETIMEDOUT if none comes.
    func receive() throws -> [UInt8] {
        let flags = try take(1)[0]
        guard flags & 0x05 == 0 else { throw Failure(doing: "receiving a lone part", code: EPROTO) }
        return try take(takeLength(isLong: flags & 0x02 != 0))
    }

    /// Whether something can be received within this time.
    func isReadable(withinMilliseconds limit: Int32) -> Bool {
        (try? waitUntilReadable(descriptor, milliseconds: limit)) != nil
    }

    private func shakeHands(as socketType: String) throws {
        var greeting = [0xff, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x7f, 3, 0] + Array("NULL".utf8)
        greeting += [UInt8](repeating: 0, count: 64 - greeting.count)
        try put(greeting)
        _ = try take(64)
        let ready = property("Socket-Type", socketType) + property("Identity", "")
        let body = [5] + Array("READY".utf8) + ready
        try put([0x04, UInt8(body.count)] + body)
        let flags = try take(1)[0]
        guard flags & 0x04 != 0 else { throw Failure(doing: "shaking hands", code: EPROTO) }
        _ = try take(takeLength(isLong: flags & 0x02 != 0))
    }

    private func property(_ name: String, _ value: String) -> [UInt8] {
        [UInt8(name.utf8.count)] + Array(name.utf8) + [0, 0, 0, UInt8(value.utf8.count)] + Array(value.utf8)
    }

    private func takeLength(isLong: Bool) throws -> Int {
        try take(isLong ? 8 : 1).reduce(0) { $0 << 8 | Int($1) }
    }

    private func put(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(doing: "sending", code: errno) }
            rest = rest.dropFirst(count)
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            try waitUntilReadable(descriptor, milliseconds: 20_000)
            var piece = [UInt8](repeating: 0, count: count - bytes.count)
            let got = recv(descriptor, &piece, piece.count, 0)
            guard got > 0 else { throw Failure(doing: "receiving", code: got == 0 ? ECONNRESET : errno) }
            bytes += piece.prefix(got)
        }
        return bytes
    }

    fileprivate static func open() throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(doing: "opening a socket", code: errno) }
        return descriptor
    }
}

private func waitUntilReadable(_ descriptor: Int32, milliseconds: Int32) throws {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    var count = poll(&request, 1, milliseconds)
    while count < 0 && errno == EINTR { count = poll(&request, 1, milliseconds) }
    guard count == 1 else { throw ZMTPPeer.Failure(doing: "waiting", code: count == 0 ? ETIMEDOUT : errno) }
}

private func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    precondition(bytes.count < MemoryLayout.size(ofValue: address.sun_path), "the path \(path) is too long")
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}
