// What libraft calls: each of these is entered from `rm_raft_start`, `rm_raft_pump` or `rm_raft_receive`, on the loop's
// thread, but for the encoding of a snapshot.

import CShimDeltaLog
import Glibc

/// A captured state on its way to the disk. libraft holds it from `capture` to `release`.
private final class CapturedSnapshot: Sendable {
    let encode: @Sendable () -> [UInt8]

    init(encode: @escaping @Sendable () -> [UInt8]) {
        self.encode = encode
    }
}

extension RaftLog {
    func open() throws(DeltaLogError) -> OpaquePointer {
        var callbacks = rm_raft_callbacks()
        // Not retained: the log closes libraft before it goes away.
        callbacks.context = Unmanaged.passUnretained(self).toOpaque()
        callbacks.apply = { context, bytes, length, index in
            RaftLog.of(context).apply(UnsafeRawBufferPointer(start: bytes, count: length), index: index)
        }
        callbacks.proposal_ended = { context, id, status in RaftLog.of(context).ended(id, status) }
        callbacks.change_ended = { context, id, status in RaftLog.of(context).changeEnded(id, status) }
        callbacks.capture = { context in
            let log = RaftLog.of(context)
            log.carryOut()
            let snapshot = CapturedSnapshot(encode: log.applier.captureSnapshot())
            return Unmanaged.passRetained(snapshot).toOpaque()
        }
        callbacks.encode = { snapshot, sink in
            let bytes = Unmanaged<CapturedSnapshot>.fromOpaque(snapshot!).takeUnretainedValue().encode()
            return bytes.withUnsafeBytes { rm_raft_sink_fill(sink, $0.baseAddress, $0.count) }
        }
        callbacks.release = { snapshot in
            Unmanaged<CapturedSnapshot>.fromOpaque(snapshot!).release()
            faultPoint(.coordinatorSnapshotWritten)
        }
        callbacks.restore = { context, bytes, length in
            let log = RaftLog.of(context)
            log.carryOut()
            do {
                try log.applier.restore(UnsafeRawBufferPointer(start: bytes, count: length))
                return 0
            } catch {
                return Int32(RM_RAFT_ERESTORE)
            }
        }
        callbacks.send = { context, bytes, length, id in
            RaftLog.of(context).applier.send(Array(UnsafeRawBufferPointer(start: bytes, count: length)), to: id)
        }

        var raw = settings.raw
        var raft: OpaquePointer?
        var reason = [CChar](repeating: 0, count: 512)
        let (id, address) = (settings.raftID, settings.address)
        let status: Int32
        if let disk = settings.virtualDisk {
            status = rm_raft_open_virtual(disk.raw, id, address, &callbacks, &raw, &raft, &reason, reason.count)
        } else {
            status = rm_raft_open(settings.directory, id, address, &callbacks, &raw, &raft, &reason, reason.count)
        }
        guard status == 0, let raft else {
            let text = reason.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
            throw error(status, doing: "opening the log", reason: text, isLoading: true)
        }
        return raft
    }

    func bootstrap(_ raft: OpaquePointer) throws(DeltaLogError) {
        let addresses = settings.initialServers.map { strdup($0.address) }
        defer { for address in addresses { free(address) } }
        let servers = zip(settings.initialServers, addresses).map { server, address in
            rm_raft_server(id: server.id, address: address, role: Int32(RM_RAFT_VOTER))
        }
        let status = rm_raft_bootstrap(raft, servers, UInt32(servers.count))
        guard status == 0 else { throw error(status, doing: "writing the first configuration") }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> RaftLog {
        Unmanaged<RaftLog>.fromOpaque(context!).takeUnretainedValue()
    }
}
