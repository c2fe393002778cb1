// Reads and calls in a worker: they look at a key's committed state and leave nothing behind.

import RingmasterProtocol

extension WorkerCore {
    /// Answers with a key's committed state. The lease makes sure that nobody else may have written it since.
    func read(_ bytes: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        let request = try KeyRequest.decode(bytes)
        let hash = KeyHash(of: request.key.span.bytes)
        faultPoint(.workerReadReceived)
        guard renewNow() && gates.serves(keys.slot(of: hash)) || servesWithoutLease(keys.slot(of: hash)) else {
            throw wrongOwner
        }
        counts.reads += 1
        if let work = find(request.key)?.work, work.isStale {
            waitingReads[request.key, default: []].append(reply)
            return
        }
        answerRead(request.key, reply)
    }

    private func servesWithoutLease(_ slot: Slot) -> Bool {
        isPlanted(.readWithoutLease) && gates.state(of: slot) == .serving
    }

    private func find(_ key: [UInt8]) -> HeldKey? {
        key.withUnsafeBytes { keys.find($0, KeyHash(of: $0)) }
    }

    private func answerRead(_ key: [UInt8], _ reply: DeferredReply) {
        let held = find(key)
        let state = isPlanted(.uncommittedRead) ? held?.work?.head ?? held?.state : held?.state
        reply.send(KeyState(version: held?.version ?? 0, state: state).encoded())
        faultPoint(.workerReadSent)
    }

    /// Answers the reads that waited for a key whose state has been fetched.
    func finishReads(of key: [UInt8]) {
        guard let replies = waitingReads.removeValue(forKey: key) else { return }
        let slot = keys.slot(of: KeyHash(of: key.span.bytes))
        for reply in replies {
            if renewNow(), gates.serves(slot) {
                answerRead(key, reply)
            } else {
                reply.fail(wrongOwner.code, wrongOwner.message)
            }
        }
    }

    /// Runs a handler on a copy of the key's committed state and forgets what it did to it: never durable.
    func call(_ bytes: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        let request = try KeyRequest.decode(bytes)
        var method = request.method
        guard let handler = method.withUTF8({ handlers.handler(named: UnsafeRawBufferPointer($0)) }) else {
            throw RemoteError(code: .unknownMethod, message: "the worker has no handler for '\(request.method)'")
        }
        guard gates.serves(keys.slot(of: KeyHash(of: request.key.span.bytes))) else { throw wrongOwner }
        let info = Job(client: ClientID(rawValue: 0), sequence: 0, key: request.key, epoch: gates.view.ring.epoch)
        var state = RawState(find(request.key)?.state)
        switch handler {
        case .raw(let body):
            let result: JobReply
            do {
                result = .success(try body(&state, request.argument, info))
            } catch {
                result = .thrown(error)
            }
            result.withBytes(in: &scratch) { reply.send($0) }
        case .async(let body):
            let given = state
            Task { [loop] in
                let result: JobReply
                do {
                    result = .success(try await body(given, request.argument, info).1)
                } catch {
                    result = .thrown(error)
                }
                loop.post { result.withBytes(in: &self.scratch) { reply.send($0) } }
            }
        }
    }
}
