// A responder for Prometheus: HTTP/1.0, one request a connection, GET /metrics and nothing else.

import Foundation
import Glibc
import Ringmaster

/// Where metrics are served.
struct MetricsAddress: Equatable, Sendable, CustomStringConvertible {
    let host: String
    let port: UInt16

    /// `PORT`, on loopback, or `ADDRESS:PORT` with an IPv4 address.
    init?(text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var address = in_addr()
        guard parts.count <= 2, let last = parts.last, let port = UInt16(last), last.allSatisfy(\.isNumber) else {
            return nil
        }
        if parts.count == 2, inet_pton(AF_INET, parts[0], &address) != 1 { return nil }
        host = parts.count == 2 ? parts[0] : "127.0.0.1"
        self.port = port
    }

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    var description: String { "\(host):\(port)" }
}

/// Answers one request after the other, on a thread of its own, until the process ends.
final class MetricsServer: Sendable {
    /// A request line and the headers that a scraper sends.
    private static let requestBytesMax = 8 << 10
    /// What a peer may take to send its request, and then to read the answer.
    private static let peerTimeoutSeconds = 2
    /// What the text may take: its process is busy or stuck beyond that.
    private static let textTimeoutSeconds = 2
    private static let backlog: Int32 = 16

    /// Where it listens, with the port that the system chose if it was 0.
    let address: MetricsAddress
    private let text: @Sendable () async -> String

    /// - Throws: `CommandFailure` where the port cannot be listened on.
    init(at address: MetricsAddress, text: @escaping @Sendable () async -> String) throws(CommandFailure) {
        self.text = text
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = address.port.bigEndian
        inet_pton(AF_INET, address.host, &name.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard bind(descriptor, pointer, length) == 0, listen(descriptor, Self.backlog) == 0 else {
                    return errno
                }
                return getsockname(descriptor, pointer, &length) == 0 ? 0 : errno
            }
        }
        guard status == 0 else {
            close(descriptor)
            throw CommandFailure(
                .cannotCreate,
                "--metrics \(address) cannot be listened on: \(String(cString: strerror(status))). Choose another port"
            )
        }
        self.address = MetricsAddress(host: address.host, port: UInt16(bigEndian: name.sin_port))
        startThread { [self] in
            while true {
                let peer = accept(descriptor, nil, nil)
                if peer >= 0 {
                    serve(peer)
                    close(peer)
                } else if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM {
                    // Nothing to be had until somebody gives something back.
                    usleep(100_000)
                }
            }
        }
    }

    private func serve(_ peer: Int32) {
        var limit = timeval(tv_sec: Self.peerTimeoutSeconds, tv_usec: 0)
        setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let response = HTTPResponse.answer(to: readRequest(peer)) { renderedText() }
        var rest = Array(response.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
        shutdown(peer, Int32(SHUT_WR))
    }

    /// The request up to the empty line; nil where it is too large, or does not come in time.
    private func readRequest(_ peer: Int32) -> String? {
        let deadline = ContinuousClock.now + .seconds(Self.peerTimeoutSeconds)
        var request: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1024)
        while request.count <= Self.requestBytesMax, ContinuousClock.now < deadline {
            let count = recv(peer, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            request += chunk[..<count]
            let text = String(decoding: request, as: UTF8.self)
            if text.contains("\r\n\r\n") || text.contains("\n\n") { return text }
        }
        return nil
    }

    private func renderedText() -> String? {
        let box = Guarded<String?>(nil)
        let done = DispatchSemaphore(value: 0)
        let text = text
        Task.detached {
            let rendered = await text()
            box.withLock { $0 = rendered }
            done.signal()
        }
        guard done.wait(timeout: .now() + .seconds(Self.textTimeoutSeconds)) == .success else { return nil }
        return box.withLock { $0 }
    }
}

/// What an HTTP request gets.
enum HTTPResponse {
    /// - Parameter text: The metrics; nil where they could not be had in time.
    static func answer(to request: String?, text: () -> String?) -> String {
        let words = request?.prefix { !$0.isNewline }.split(separator: " ") ?? []
        guard words.count == 3, words[2].hasPrefix("HTTP/") else { return response("400 Bad Request", "not HTTP\n") }
        guard words[0] == "GET" else { return response("405 Method Not Allowed", "only GET\n", "Allow: GET\r\n") }
        guard words[1].prefix(while: { $0 != "?" }) == "/metrics" else {
            return response("404 Not Found", "only /metrics\n")
        }
        guard let text = text() else { return response("503 Service Unavailable", "the process is busy\n") }
        return response("200 OK", text)
    }

    private static func response(_ status: String, _ body: String, _ more: String = "") -> String {
        "HTTP/1.0 \(status)\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\(more)Connection: close\r\n\r\n\(body)"
    }
}
