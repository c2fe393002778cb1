// A client of workers that speak HTTP/1.1: a pool of connections that are kept, one request on each at a time. A request that got no
// answer, as its connection was lost or its time was over, is sent again on another.

import Glibc

final class HTTPServiceClient: ServiceClient {
    static let connectionsMax = 64
    /// How long an attempt may take. A connection that is lost says so at once: this is for a worker that does not move.
    private static let attemptNs: Int64 = 5_000_000_000
    /// How long nobody is asked after a connection was refused.
    private static let restNs: Int64 = 20_000_000

    private struct Connection {
        let descriptor: Int32
        var operation: ServiceOperation?
        var sentNs: Int64 = 0
        var received: [UInt8] = []
    }

    private let port: Int
    private let request: (ServiceOperation) -> [UInt8]
    private var connections: [Connection] = []
    /// From `firstWaiting` on.
    private var waiting: [ServiceOperation] = []
    private var firstWaiting = 0
    private var forgotten: Set<UInt64> = []
    private var nextConnectNs: Int64 = 0
    private(set) var resendCount = 0

    init(port: Int, request: @escaping (ServiceOperation) -> [UInt8]) {
        self.port = port
        self.request = request
    }

    deinit { for connection in connections { close(connection.descriptor) } }

    static func get(_ path: String) -> [UInt8] {
        Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    }

    static func post(_ path: String, _ body: String, headers: String = "") -> [UInt8] {
        Array(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
                .utf8
        )
    }

    func send(_ operation: ServiceOperation) { waiting.append(operation) }

    func forget(_ id: UInt64) { forgotten.insert(id) }

    func reconnect() {}

    func flush() {
        while firstWaiting < waiting.count {
            if forgotten.remove(waiting[firstWaiting].id) != nil {
                firstWaiting += 1
                continue
            }
            guard let place = freePlace() else { break }
            begin(waiting[firstWaiting], place)
            firstWaiting += 1
        }
        if firstWaiting > 1024 || firstWaiting == waiting.count {
            waiting.removeFirst(firstWaiting)
            firstWaiting = 0
        }
    }

    func receive(until deadlineNs: Int64, _ take: (ServiceCompletion) -> Void) {
        Clock.waitReadable(anyOf: connections.map(\.descriptor), until: deadlineNs)
        let now = Clock.nowNs
        var place = 0
        while place < connections.count {
            let isLost = !read(place, take)
            let isLate = connections[place].operation != nil && now - connections[place].sentNs > Self.attemptNs
            if isLost || isLate { drop(place) } else { place += 1 }
        }
    }

    /// A connection that nothing is asked on; nil where there is none now.
    private func freePlace() -> Int? {
        if let place = connections.firstIndex(where: { $0.operation == nil }) { return place }
        guard connections.count < Self.connectionsMax, Clock.nowNs >= nextConnectNs else { return nil }
        guard let descriptor = connectNow() else {
            nextConnectNs = Clock.nowNs + Self.restNs
            return nil
        }
        connections.append(Connection(descriptor: descriptor))
        return connections.count - 1
    }

    private func connectNow() -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var isOn: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private func begin(_ operation: ServiceOperation, _ place: Int) {
        connections[place].operation = operation
        connections[place].sentNs = Clock.nowNs
        let bytes = request(operation)
        // It fits into the socket's buffer; where the connection is lost, reading says so.
        _ = bytes.withUnsafeBytes {
            Glibc.send(connections[place].descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    private func drop(_ place: Int) {
        let connection = connections.remove(at: place)
        close(connection.descriptor)
        guard let operation = connection.operation else { return }
        if forgotten.remove(operation.id) != nil { return }
        waiting.append(operation)
        resendCount += 1
    }

    /// Takes what has come on a connection.
    /// - Returns: Whether it can be used further.
    private func read(_ place: Int, _ take: (ServiceCompletion) -> Void) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connections[place].descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            guard count > 0 else { return false }
            connections[place].received += chunk[..<count]
            guard let response = HTTPResponse(connections[place].received) else { continue }
            connections[place].received = []
            // An answer to nothing says that the connection is about to be closed, as any but 200 may.
            guard let operation = connections[place].operation, response.status == 200 else { return false }
            connections[place].operation = nil
            if forgotten.remove(operation.id) == nil { take(completion(operation, response.body)) }
            if response.closes { return false }
        }
    }

    private func completion(_ operation: ServiceOperation, _ body: [UInt8]) -> ServiceCompletion {
        guard operation.value != nil else { return ServiceCompletion(operation.id, .list(body)) }
        guard let position = Int64(String(decoding: body, as: UTF8.self)) else {
            return ServiceCompletion(operation.id, .unknown)
        }
        return ServiceCompletion(operation.id, .appended(position: position))
    }
}

/// A response with a Content-Length (RFC 9112).
struct HTTPResponse {
    let status: Int
    let body: [UInt8]
    /// Whether the server closes the connection after it.
    let closes: Bool

    /// nil where it has not come whole.
    init?(_ bytes: [UInt8]) {
        guard let headEnd = Self.headEnd(bytes) else { return nil }
        let lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        let fields = lines.dropFirst().map { $0.lowercased().split(separator: ":", maxSplits: 1) }
        func field(_ name: String) -> String? {
            fields.first { $0.first.map(String.init) == name }?.last.map { String($0.drop { $0 == " " }) }
        }
        let length = field("content-length").flatMap { Int($0) } ?? 0
        guard bytes.count >= headEnd + 4 + length else { return nil }
        status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        body = Array(bytes[(headEnd + 4)..<(headEnd + 4 + length)])
        closes = field("connection") == "close"
    }

    /// Where the empty line begins that ends the head.
    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        var place = 0
        while place + 3 < bytes.count {
            if bytes[place] == 13, bytes[place + 1] == 10, bytes[place + 2] == 13, bytes[place + 3] == 10 {
                return place
            }
            place += 1
        }
        return nil
    }
}
