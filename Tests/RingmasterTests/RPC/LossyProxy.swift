// A network between a client and a server that loses what a test wants lost.

import CShim
import RingmasterProtocol
import Testing

@testable import Ringmaster

/// Passes requests on to a server, and replies back, except for the first few replies. It runs as a task.
final class LossyProxy: Sendable {
    let endpoint: Endpoint
    private let task: Task<Void, Never>

    /// - Parameter dropping: How many replies are lost.
    init(to server: Endpoint, dropping: Int) async throws {
        let front = try RawSocket.server()
        let back = try RawSocket.client(of: server)
        endpoint = front.endpoint
        task = Task {
            var left = dropping
            var client: [UInt8] = []
            while !Task.isCancelled {
                for message in front.socket.receiveNow() {
                    client = message[0]
                    back.send(message[1])
                }
                for message in back.receiveNow() {
                    if left > 0 { left -= 1 } else { front.socket.send(client, message[0]) }
                }
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    func stop() async {
        task.cancel()
        await task.value
    }
}
