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
        guard !text.utf8.contains(0) else { throw .invalidEndpoint(text, reason: "it has a NUL in it") }
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
        // libzmq takes SOURCE;TARGET as well; which of the two decides whether traffic leaves the host is not evident.
        guard !rest.contains(";") else { throw .invalidEndpoint(text, reason: "it names a source address") }
        let port = rest[rest.index(after: colon)...]
        guard port == "*" || (UInt16(port) != nil && port.utf8.allSatisfy { (0x30...0x39).contains($0) }) else {
            throw .invalidEndpoint(text, reason: "'\(port)' is no port (0 to 65535, or *)")
        }
    }

    /// Whether its traffic can leave this machine. A host name other than `localhost` counts as leaving.
    public var leavesThisHost: Bool {
        guard transport == .tcp, host != "localhost", host != "[::1]" else { return false }
        return ipv4Address.map { $0 >> 24 != 127 } ?? true
    }

    /// Whether it is to be resolved and bound as IPv6, which includes IPv4. Not for addresses that are plainly IPv4:
    /// libzmq would report them in their mapped form; nor for `localhost`, which would become ::1 for one side only.
    var usesIPv6: Bool {
        transport == .tcp && host != "localhost" && ipv4Address == nil
    }

    /// What stands before the port; IPv6 addresses with their brackets.
    private var host: Substring {
        let rest = text.dropFirst("tcp://".count)
        return rest[..<(rest.lastIndex(of: ":") ?? rest.endIndex)]
    }

    private var ipv4Address: UInt32? {
        var address = in_addr()
        return inet_pton(AF_INET, String(host), &address) == 1 ? UInt32(bigEndian: address.s_addr) : nil
    }

    public var description: String { text }

    /// The path of an ipc endpoint in the file system; nil for others and for abstract names.
    var ipcPath: String? {
        guard transport == .ipc else { return nil }
        let path = text.dropFirst("ipc://".count)
        return path.hasPrefix("@") || path == "*" ? nil : String(path)
    }

    /// Throws where another process listens on this ipc path, or where the path is something else than a socket: libzmq
    /// would unlink it unasked. Another process may still take the path between this look and the bind.
    func checkIPCPathIsFree() throws(TransportError) {
        guard let path = ipcPath else { return }
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .pathOccupied(text) }
        // Without waiting: to a listener whose backlog is full, connect would block.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw TransportError(code: -errno, doing: "looking at \(text)") }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(Self.ipcPathBytesMax)) }
        let accepted = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard accepted != 0 else { throw .addressInUse(text) }
        switch errno {
        case ECONNREFUSED, ENOENT: return
        case EACCES, EPERM: throw .permissionDenied(text)
        default: throw .addressInUse(text)
        }
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
