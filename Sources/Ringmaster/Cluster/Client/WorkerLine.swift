// The client's line to one life of a worker.

import RingmasterProtocol

/// A connection to a worker. Confined to the loop's thread.
final class WorkerLine {
    let identity: WorkerIdentity
    let core: ClientCore

    init(
        to record: MemberRecord,
        security: @Sendable (Endpoint) -> Security,
        context: MessagingContext,
        loop: EventLoop
    ) throws(TransportError) {
        identity = record.identity
        let endpoint = try Endpoint(record.endpoint)
        var settings = RPCClientConfiguration()
        settings.failsWhenDisconnected = true
        settings.gathersWhileUnanswered = true
        settings.inFlightMax = Limits.inFlightMax
        settings.security = security(endpoint)
        settings.socket.linger = .zero
        core = try ClientCore(endpoint: endpoint, configuration: settings, context: context, loop: loop)
    }
}
