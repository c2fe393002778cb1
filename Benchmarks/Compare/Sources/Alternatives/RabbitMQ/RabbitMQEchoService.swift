// What a user writes for the calls on RabbitMQ: a consumer that publishes each body to the queue that it names.

import CRabbitMQ

enum RabbitMQEchoService {
    static let queue = "echo"

    static func run(_ channel: RabbitMQChannel, ready: () -> Void) throws {
        // begin calls
        try channel.declare(queue, isQuorum: false)
        try channel.consume(queue, acknowledges: false)
        ready()
        while true {
            guard var request = try channel.delivery(within: nil) else { continue }
            let properties = request.message.properties
            try channel.publish(
                to: properties.reply_to,
                correlation: properties.correlation_id,
                request.message.body
            )
            amqp_destroy_envelope(&request)
        }
        // end calls
    }
}
