// A client as a process of a run: it puts load on the cluster, or reads all keys at the end.

import Ringmaster
import Synchronization

extension Node {
    static func runClient(_ order: ClientOrder) async throws {
        let isStopping = StopFlag()
        let stop = Task.detached {
            await waitForStop()
            isStopping.value.store(true, ordering: .relaxed)
        }
        NodeReport.say(.ready)
        // A client that comes up while the cluster has no quorum goes on trying: that is what the load is there to see.
        var client: Client?
        while client == nil, !isStopping.value.load(ordering: .relaxed) {
            client = try? await Client(order.clientConfiguration)
        }
        guard let client else { return }
        let load = try ClientLoad(order, client: client)
        if let keys = order.keysToRead {
            await load.read(keys: 0..<keys)
        } else {
            let ending = Task.detached {
                await stop.value
                await load.stop()
            }
            await load.run()
            ending.cancel()
        }
        await client.close()
    }
}

/// Whether the process was told to end.
private final class StopFlag: Sendable {
    let value = Atomic(false)
}
