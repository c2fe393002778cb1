// What a user writes for the calls on Redis: requests are taken from a list, as many as there are, and answered on the list that
// each names: 1 byte of its name's length, the name, 8 bytes of the request's id, the payload.

import CHiredis

enum RedisEchoService {
    static let requests = "requests"
    static let batchMax = 512

    static func run(_ connection: RedisConnection) throws {
        // begin calls
        while true {
            let batch = try connection.request(["BLMPOP", "0", "1", requests, "LEFT", "COUNT", "\(batchMax)"])
            let values = batch.pointee.element[1]!.pointee
            var client: UnsafeRawBufferPointer?
            var commands = 0
            for index in 0..<values.elements {
                let request = RedisConnection.bytes(values.element[index]!)
                let name = UnsafeRawBufferPointer(rebasing: request[1..<(1 + Int(request[0]))])
                if client == nil || !client!.elementsEqual(name) || connection.isLarge {
                    if client != nil { connection.endCommand() }
                    if connection.isLarge { try connection.flush() }
                    connection.beginCommand("RPUSH", name)
                    client = name
                    commands += 1
                }
                connection.add(UnsafeRawBufferPointer(rebasing: request[(1 + name.count)...]))
            }
            connection.endCommand()
            for _ in 0..<commands { freeReplyObject(try connection.reply()) }
            freeReplyObject(batch)
        }
        // end calls
    }
}
