// What a user writes for the calls on NATS: a subscription of a queue group that answers each message.

import CNats

enum NATSEchoService {
    static func start(_ connection: NATSConnection, _ replies: NATSReplies) throws {
        // begin calls
        var subscription: OpaquePointer?
        try natsCheck(
            natsConnection_QueueSubscribe(
                &subscription,
                connection.pointer,
                "echo",
                "workers",
                { _, subscription, message, replies in
                    var waiting: Int32 = 0
                    natsSubscription_GetPending(subscription, &waiting, nil)
                    Unmanaged<NATSReplies>.fromOpaque(replies!).takeUnretainedValue().publish(
                        to: natsMsg_GetReply(message),
                        natsMsg_GetData(message),
                        natsMsg_GetDataLength(message),
                        hasMore: waiting > 0
                    )
                    natsMsg_Destroy(message)
                },
                Unmanaged.passRetained(replies).toOpaque()
            )
        )
        // end calls
        try natsCheck(natsSubscription_SetPendingLimits(subscription, -1, -1))
        try natsCheck(natsConnection_Flush(connection.pointer))
    }
}
