// nng: request and reply, with contexts so that many requests are in flight on one socket. Jobs are not its business.

import CNng

struct Nng: Alternative {
    let name = "nng"
    /// Requests that the service works on at a time: enough that its threads never wait for one to be free.
    private static let contexts: UInt32 = 128

    func find() -> Description {
        Description(
            version: "nng \(String(cString: compare_nng_version()))",
            settings: [
                .calls: "rep0 with \(Self.contexts) contexts, req0 with a context for each in flight; its defaults"
            ]
        )
    }

    func promise(_ work: Work) -> Promise? {
        work == .calls
            ? Promise(
                .atLeastOnce,
                isSynced: false,
                replicas: 0,
                "a request is sent again after 60 s, or when its connection is lost"
            ) : nil
    }

    func userSources(_ work: Work) -> [String] { ["../CNng/echo_service.c"] }

    func start(_ instance: Instance) throws {
        _ = try instance.takePort("worker")
        try instance.startRole("worker")
    }

    func serve(role: String, at address: Address, ready: () -> Void) throws {
        try withoutActuallyEscaping(ready) { ready in
            var ready = ready
            let error = withUnsafeMutablePointer(to: &ready) { ready in
                compare_nng_serve_echo(
                    Self.url(address),
                    Self.contexts,
                    { $0!.assumingMemoryBound(to: (() -> Void).self).pointee() },
                    ready
                )
            }
            throw Self.failure(error)
        }
    }

    func line(_ order: LineOrder) throws -> any ClientLine { try NngLine(order) }

    fileprivate static func url(_ address: Address) -> String { "tcp://127.0.0.1:\(address.port("worker"))" }

    fileprivate static func failure(_ error: Int32) -> AlternativeError {
        .failed("nng: \(String(cString: compare_nng_text(error)))")
    }
}

private final class NngLine: PolledLine {
    private static let timeoutMs: Int32 = 20_000
    private let client: OpaquePointer

    init(_ order: LineOrder) throws {
        var client: OpaquePointer?
        let inFlightMax = UInt32(order.inFlightMax)
        let error = compare_nng_open(&client, Nng.url(order.address), inFlightMax, Self.timeoutMs)
        guard error == 0, let client else { throw Nng.failure(error) }
        self.client = client
    }

    deinit { compare_nng_close(client) }

    func send(_ request: Request) throws {
        let error = compare_nng_send(client, request.id, request.payload, request.payload.count)
        guard error == 0 else { throw Nng.failure(error) }
    }

    func flush() {}

    func receive(until deadlineNs: Int64?, _ take: (Completion) -> Void) {
        var reply = compare_nng_reply()
        var waitNs = deadlineNs.map { max(0, $0 - Clock.nowNs) } ?? -1
        while compare_nng_receive(client, waitNs, &reply) != 0 {
            take(
                Completion(
                    reply.id,
                    reply.error == 0 ? .replied(bytes: reply.size) : .failed(Nng.failure(reply.error).description)
                )
            )
            waitNs = 0
        }
    }

    func close() async {}
}
