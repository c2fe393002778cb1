// What a user writes for the calls on NATS: a subscription of a queue group that answers each message.

import CNats

enum NATSEchoService {
    static func start(_ connections: NATSPair) throws {
        // begin calls
        var subscription: OpaquePointer?
        try natsCheck(
            natsConnection_QueueSubscribe(
                &subscription,
                connections.atOnce.pointer,
                "echo",
                "workers",
                { _, subscription, message, connections in
                    var waiting: Int32 = 0
                    natsSubscription_GetPending(subscription, &waiting, nil)
                    let connections = Unmanaged<NATSPair>.fromOpaque(connections!).takeUnretainedValue()
                    natsConnection_Publish(
                        connections.connection(hasMore: waiting > 0).pointer,
                        natsMsg_GetReply(message),
                        natsMsg_GetData(message),
                        natsMsg_GetDataLength(message)
                    )
                    natsMsg_Destroy(message)
                    if waiting == 0 { connections.flush() }
                },
                Unmanaged.passRetained(connections).toOpaque()
            )
        )
        // end calls
        try natsCheck(natsSubscription_SetPendingLimits(subscription, -1, -1))
        try natsCheck(natsConnection_Flush(connections.atOnce.pointer))
    }
}
