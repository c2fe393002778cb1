// What a user writes for the service on Ringmaster.

import Ringmaster

enum RingmasterService {
    static func calls() -> RPCService {
        // begin calls
        var service = RPCService()
        service.handleRaw("echo") { request, reply in reply.send(request) }
        // end calls
        return service
    }

    static func addJobs(to worker: Worker, keepsAllValues: Bool) {
        // begin jobs
        worker.handleRaw("append") { state, value, _ in
            let old = state.bytes ?? []
            let position = old.isEmpty ? 0 : old.prefix(8).withUnsafeBytes { $0.loadUnaligned(as: Int64.self) } + 1
            let reply = withUnsafeBytes(of: position) { [UInt8]($0) }
            state.bytes = reply + (keepsAllValues ? old.dropFirst(8) : []) + value
            return reply
        }
        // end jobs
    }
}
