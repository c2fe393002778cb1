// Whether a process that no longer answers is dead, or only unreachable: the kernel of its host knows.

import Glibc

/// Asks the host of an endpoint whether anybody listens there.
///
/// A worker listens on its endpoint for all of its life. A refused connection is therefore proof that it is dead: its
/// host is up and nobody is bound to the port or path. Anything else (a time-out, an unreachable network) proves nothing,
/// and the worker's lease has to run out first.
enum DeathProbe {
    private static let probesMax = 5
    private static let probePauseUs: UInt32 = 500

    /// Asks a few times in a row: a process that is being killed closes its descriptors one after the other, and its listening
    /// one may be the last.
    static func isRefusedAtLast(_ endpoint: Endpoint) -> Bool {
        for _ in 0..<probesMax {
            if isRefused(endpoint) { return true }
            usleep(probePauseUs)
        }
        return false
    }

    /// Waits at most `timeoutMs`. Blocks the calling thread: not for a loop's.
    static func isRefused(_ endpoint: Endpoint, timeoutMs: Int32 = 100) -> Bool {
        switch endpoint.transport {
        case .inproc: return false
        case .ipc:
            do { try endpoint.checkIPCPathIsFree() } catch { return false }
            return true
        case .tcp: return tcpIsRefused(endpoint, timeoutMs)
        }
    }

    private static func tcpIsRefused(_ endpoint: Endpoint, _ timeoutMs: Int32) -> Bool {
        let rest = endpoint.text.dropFirst("tcp://".count)
        guard let colon = rest.lastIndex(of: ":") else { return false }
        let host = String(rest[..<colon].filter { $0 != "[" && $0 != "]" })
        let port = String(rest[rest.index(after: colon)...])
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, port, &hints, &found) == 0, let found else { return false }
        defer { freeaddrinfo(found) }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(found.pointee.ai_family, kind, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        if connect(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 { return false }
        guard errno == EINPROGRESS else { return errno == ECONNREFUSED }
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard Glibc.poll(&poll, 1, timeoutMs) == 1 else { return false }
        var status: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &status, &length)
        return status == ECONNREFUSED
    }
}
