// Flask behind gunicorn: HTTP requests on connections that are kept. Jobs are rows in SQLite, which the user's code writes.

import CCurl
import Foundation

struct Flask: Alternative {
    let name = "flask"
    /// Each process of gunicorn has so many threads, as connections that are kept need.
    private static let threads = 4
    /// One for each thread: more would wait for a thread as well, in the kernel instead of the client.
    fileprivate static let connections = workers * threads
    /// Twice the processors and one more, as gunicorn's documentation recommends.
    private static let workers = 2 * 2 + 1
    private static let service = Alternatives.sources.appending(path: "Flask").path(percentEncoded: false)

    private static let options = [
        "--worker-class", "gthread", "--workers", "\(workers)", "--threads", "\(threads)", "--keep-alive", "75",
    ]

    func find() throws -> Description {
        let gunicorn = try Alternatives.program("gunicorn", for: name)
        let python = try Alternatives.program("python3", for: name)
        let flask = Alternatives.output(of: [
            python, "-c", "import flask, sqlite3; print(f'Flask {flask.__version__}, SQLite {sqlite3.sqlite_version}')",
        ])
        guard !flask.isEmpty else { throw AlternativeError.missing(what: "python3-flask", alternative: name) }
        let server = Alternatives.output(of: [gunicorn, "--version"]).replacing("(version ", with: "").replacing(
            ")",
            with: ""
        )
        let options = Self.options.joined(separator: " ")
        return Description(
            version: "\(flask), \(server), libcurl \(String(cString: compare_http_version()))",
            settings: [
                .calls: "\(options); \(Self.connections) connections",
                .jobs: "\(options); \(Self.connections) connections; SQLite: journal_mode=WAL, synchronous=FULL",
            ]
        )
    }

    func promise(_ work: Work) -> Promise? {
        switch work {
        case .calls:
            Promise(
                .atMostOnce,
                isSynced: false,
                replicas: 0,
                "a request is sent again only where a kept connection was dead"
            )
        case .jobs:
            Promise(
                .exactlyOnceByUserCode,
                isSynced: true,
                replicas: 1,
                "the service keeps the idempotency key of each client's last job of a key; without that, at least once"
            )
        }
    }

    func userSources(_ work: Work) -> [String] { ["Flask/service.py"] }

    func start(_ instance: Instance) throws {
        let port = try instance.takePort("http")
        let gunicorn = try Alternatives.program("gunicorn", for: name)
        let server = try instance.start(
            "worker",
            [gunicorn, "--bind", "127.0.0.1:\(port)", "--pythonpath", Self.service, "--log-level", "warning"]
                + Self.options + ["service:app"],
            environment: [
                "KEEPS_ALL_VALUES": instance.address.keepsAllValues ? "yes" : "no", "PYTHONDONTWRITEBYTECODE": "1",
            ]
        )
        try server.waitUntilListening(on: port)
    }

    func serve(role: String, at address: Address, ready: () -> Void) {}

    func line(_ order: LineOrder) throws -> any ClientLine { try FlaskLine(order) }
}

private final class FlaskLine: PolledLine {
    private static let timeoutMs: Int64 = 20_000
    private let http: OpaquePointer
    private let work: Work
    private let client: String

    init(_ order: LineOrder) throws {
        let connections = UInt32(min(order.inFlightMax, Flask.connections))
        guard let http = compare_http_open(UInt16(order.address.port("http")), connections, Self.timeoutMs) else {
            throw AlternativeError.failed("libcurl: no memory for a client")
        }
        self.http = http
        work = order.address.work
        client = order.client
    }

    deinit { compare_http_close(http) }

    func send(_ request: Request) throws {
        let status =
            switch work {
            case .calls: compare_http_send(http, request.id, "/echo", nil, request.payload, request.payload.count)
            case .jobs:
                compare_http_send(
                    http,
                    request.id,
                    "/append/" + String(decoding: request.key, as: UTF8.self),
                    "Idempotency-Key: \(client)/\(request.id)",
                    request.payload,
                    request.payload.count
                )
            }
        guard status == 0 else { throw AlternativeError.failed("libcurl: no memory for a request") }
    }

    func flush() {}

    func receive(until deadlineNs: Int64?, _ take: (Completion) -> Void) {
        var reply = compare_http_reply()
        var waitNs = deadlineNs.map { max(0, $0 - Clock.nowNs) } ?? -1
        while compare_http_receive(http, waitNs, &reply) != 0 {
            take(Completion(reply.id, outcome(reply)))
            waitNs = 0
        }
    }

    func close() async {}

    private func outcome(_ reply: compare_http_reply) -> Completion.Outcome {
        guard reply.status == 200 else {
            let reason = reply.error.map { String(cString: $0) } ?? "HTTP \(reply.status)"
            return .failed("flask: \(reason)")
        }
        guard work == .jobs else { return .replied(bytes: reply.size) }
        let text = String(decoding: UnsafeRawBufferPointer(start: reply.bytes, count: reply.size), as: UTF8.self)
        return Int(text).map { .appended(position: $0) } ?? .failed("flask: no position in its answer")
    }
}
