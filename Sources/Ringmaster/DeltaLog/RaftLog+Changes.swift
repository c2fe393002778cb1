// Changes of the log's servers and of its leader, and libraft's refusals in the log's words.

import CShimDeltaLog

extension RaftLog {
    func addServer(id: UInt64, address: String, then: @escaping (Result<Void, DeltaLogError>) -> Void) {
        let assign = { [self] in
            change(of: id, { raft, change in rm_raft_assign(raft, id, Int32(RM_RAFT_VOTER), change) }, then: then)
        }
        // What was begun before goes on where it stopped.
        if case .leader = role, let present = servers.first(where: { $0.id == id }), present.address == address {
            return present.isVoter ? outside { then(.success(())) } : assign()
        }
        change(of: id, { raft, change in rm_raft_add(raft, id, address, change) }) { result in
            guard case .success = result else { return then(result) }
            // It replicates from here on; it votes when it has caught up.
            assign()
        }
    }

    /// The servers as libraft has them.
    func readServers(_ raft: OpaquePointer) -> [LogServer] {
        withUnsafeTemporaryAllocation(of: rm_raft_server.self, capacity: Int(RM_RAFT_SERVERS_MAX)) { buffer in
            let count = Int(rm_raft_servers(raft, buffer.baseAddress, UInt32(buffer.count)))
            return buffer[..<count].map { server in
                LogServer(
                    id: server.id,
                    address: String(cString: server.address),
                    isVoter: server.role == Int32(RM_RAFT_VOTER)
                )
            }
        }
    }

    func removeServer(id: UInt64, then: @escaping (Result<Void, DeltaLogError>) -> Void) {
        change(of: id, { raft, change in rm_raft_remove(raft, id, change) }, then: then)
    }

    func transferLeadership(to id: UInt64, then: @escaping (Result<Void, DeltaLogError>) -> Void) {
        change(of: id, { raft, change in rm_raft_transfer(raft, id, change) }, then: then)
    }

    private func change(
        of server: UInt64,
        _ begin: @escaping (OpaquePointer, UInt64) -> Int32,
        then: @escaping (Result<Void, DeltaLogError>) -> Void
    ) {
        outside { [self] in
            guard let raft else { return then(.failure(.closed)) }
            guard case .leader = role else {
                guard case .follower(let leader) = role else { return then(.failure(.notLeader(leader: nil))) }
                return then(.failure(.notLeader(leader: leader)))
            }
            lastChange += 1
            changes[lastChange] = (server, then)
            let status = begin(raft, lastChange)
            if status != 0 { changeEnded(lastChange, status) }
        }
    }

    func changeEnded(_ number: UInt64, _ status: Int32) {
        guard let (server, then) = changes.removeValue(forKey: number) else { return }
        let result: Result<Void, DeltaLogError>
        switch status {
        case 0: result = .success(())
        case Int32(RM_RAFT_EUNREACHED): result = .failure(.serverUnreached(server))
        case Int32(RM_RAFT_EBUSY): result = .failure(.changeUnderWay)
        case Int32(RM_RAFT_ENOTLEADER), Int32(RM_RAFT_ELOST): result = .failure(.notLeader(leader: nil))
        case Int32(RM_RAFT_EINVAL), Int32(RM_RAFT_ENOTFOUND), Int32(RM_RAFT_ETOOBIG):
            let reason = raft.map { String(cString: rm_raft_error($0)) } ?? ""
            result = .failure(.invalidServer("server \(server): \(reason)"))
        default: result = .failure(error(status, doing: "changing the servers"))
        }
        outside { then(result) }
    }

    /// What a code of the shim means. While the log is loaded, a file that ends too soon is damaged, not unreadable.
    func error(
        _ status: Int32,
        doing: String,
        reason: String? = nil,
        isLoading: Bool = false
    ) -> DeltaLogError {
        let reason = reason ?? raft.map { String(cString: rm_raft_error($0)) } ?? ""
        switch status {
        case Int32(RM_RAFT_ENOSPACE): return .diskFull(directory: settings.directory)
        case Int32(RM_RAFT_ECLOSED): return .closed
        case Int32(RM_RAFT_ECORRUPT), Int32(RM_RAFT_ERESTORE):
            return .corrupt(file: file(in: reason), reason: reason)
        case Int32(RM_RAFT_EIO) where isLoading && (reason.contains("load ") || reason.contains("short read")):
            return .corrupt(file: file(in: reason), reason: reason)
        default: return .system(code: status, reason: reason, doing: doing)
        }
    }

    /// The file that libraft's words speak of, or else the directory.
    private func file(in reason: String) -> String {
        let words = reason.split(whereSeparator: { $0 == " " || $0 == ":" || $0 == "," })
        let name = words.first { DataDirectory.isOfLog(String($0)) && $0.count > 5 }
        return name.map { "\(settings.directory)/\($0)" } ?? settings.directory
    }
}
