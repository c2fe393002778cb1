// Where a socket listens or connects to: a checked ZeroMQ endpoint.

import CShim
import Glibc

/// `tcp://HOST:PORT`, `ipc://PATH` or `inproc://NAME`. A port of `*` or 0 lets the system choose one when bound.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// The transports that are supported.
    public enum Transport: String, Sendable {
        case tcp, ipc, inproc
    }

    public let text: String
    public let transport: Transport

    /// Length of a Unix socket's path at the most, without its NUL: `sun_path` less one.
    static let ipcPathBytesMax = 107

    public init(_ text: String) throws(TransportError) {
        guard let separator = text.firstRange(of: "://") else {
            throw .invalidEndpoint(text, reason: "it has no transport")
        }
        guard let transport = Transport(rawValue: String(text[..<separator.lowerBound])) else {
            throw .invalidEndpoint(text, reason: "its transport is none of tcp, ipc and inproc")
        }
        let rest = text[separator.upperBound...]
        guard !rest.isEmpty else { throw .invalidEndpoint(text, reason: "nothing follows the transport") }
        switch transport {
        case .tcp: try Self.checkPort(of: rest, in: text)
        case .ipc:
            guard rest.utf8.count <= Self.ipcPathBytesMax else {
                throw .invalidEndpoint(text, reason: "its path is longer than \(Self.ipcPathBytesMax) bytes")
            }
        case .inproc: break
        }
        self.text = text
        self.transport = transport
    }

    private static func checkPort(of rest: Substring, in text: String) throws(TransportError) {
        guard let colon = rest.lastIndex(of: ":"), colon != rest.startIndex else {
            throw .invalidEndpoint(text, reason: "it has no HOST:PORT")
        }
        let port = rest[rest.index(after: colon)...]
        guard port == "*" || UInt16(port) != nil else {
            throw .invalidEndpoint(text, reason: "'\(port)' is no port (0 to 65535, or *)")
        }
    }

    /// Whether its traffic can leave this machine. A host name other than `localhost` counts as leaving.
    public var leavesThisHost: Bool {
        guard transport == .tcp else { return false }
        let host = text.dropFirst("tcp://".count).prefix { $0 != ":" || text.hasPrefix("tcp://[") }
        if text.hasPrefix("tcp://[::1]:") || host == "localhost" { return false }
        var address = in_addr()
        guard inet_pton(AF_INET, String(host), &address) == 1 else { return true }
        return UInt32(bigEndian: address.s_addr) >> 24 != 127
    }

    public var description: String { text }

    /// The path of an ipc endpoint in the file system; nil for others and for abstract names.
    var ipcPath: String? {
        guard transport == .ipc else { return nil }
        let path = text.dropFirst("ipc://".count)
        return path.hasPrefix("@") || path == "*" ? nil : String(path)
    }

    /// Throws where another process listens on this ipc path, or where the path is something else than a socket: libzmq
    /// would unlink it unasked.
    func checkIPCPathIsFree() throws(TransportError) {
        guard let path = ipcPath else { return }
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .addressInUse(text) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(Self.ipcPathBytesMax)) }
        let accepted = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if accepted == 0 { throw .addressInUse(text) }
    }
}

extension Endpoint: ExpressibleByStringLiteral {
    /// An endpoint written in source. Text that is none is a mistake of the program.
    public init(stringLiteral text: String) {
        do {
            try self.init(text)
        } catch {
            preconditionFailure(error.description)
        }
    }
}
