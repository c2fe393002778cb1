// What a user writes for the calls on NATS: a subscription of a queue group that answers each message.

import CNats

enum NATSEchoService {
    static func start(_ connection: NATSConnection) throws {
        // begin calls
        var subscription: OpaquePointer?
        try natsCheck(
            natsConnection_QueueSubscribe(
                &subscription,
                connection.pointer,
                "echo",
                "workers",
                { connection, _, message, _ in
                    natsConnection_Publish(
                        connection,
                        natsMsg_GetReply(message),
                        natsMsg_GetData(message),
                        natsMsg_GetDataLength(message)
                    )
                    natsMsg_Destroy(message)
                },
                nil
            )
        )
        // end calls
        try natsCheck(natsSubscription_SetPendingLimits(subscription, -1, -1))
        try natsCheck(natsConnection_Flush(connection.pointer))
    }
}
