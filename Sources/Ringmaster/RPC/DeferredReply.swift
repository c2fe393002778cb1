// How a handler answers after it has returned: the cluster's requests wait for a commit, not for a task.

import CShim
import RingmasterProtocol

/// The reply to one request, to be given on the loop's thread, whenever. The peer is remembered until then; one that is
/// let go without an answer leaves its caller to its deadline.
///
/// @unchecked Sendable: confined to the loop's thread, which answering checks.
final class DeferredReply: @unchecked Sendable {
    /// When the caller stops waiting; `distantFuture` where it did not say.
    let deadline: MonotonicTime
    /// 0 for a call that is sent once, else the number of the attempt.
    let attempt: UInt32
    private let core: ServerCore
    private let peer: ServerPeer
    private let msgid: UInt32
    private var isOpen: Bool

    init(_ core: ServerCore, _ peer: ServerPeer, _ frame: rm_frame, deadline: MonotonicTime) {
        self.core = core
        self.peer = peer
        self.deadline = deadline
        msgid = frame.msgid
        attempt = frame.attempt
        isOpen = frame.kind == UInt32(RM_REQUEST)
        peer.deferredCount += 1
    }

    deinit {
        peer.deferredCount -= 1
    }

    /// The identity of the client.
    var peerIdentity: PeerIdentity { peer.identity }

    /// Answers with `payload`. Only the first answer counts.
    func send(_ payload: UnsafeRawBufferPointer) {
        guard take() else { return }
        guard payload.count <= Limits.payloadBytesMax else {
            let error = RemoteError.replyTooLarge(bytes: payload.count)
            return core.fail(msgid, of: peer, error.code, error.message)
        }
        core.reply(msgid, to: peer, payload: payload)
    }

    /// Answers with `payload`. Only the first answer counts.
    func send(_ payload: [UInt8]) {
        payload.withUnsafeBytes { send($0) }
    }

    /// Answers with an error.
    func fail(_ code: RPCErrorCode, _ message: String) {
        guard take() else { return }
        core.fail(msgid, of: peer, code, message)
    }

    private func take() -> Bool {
        core.loop.checkIsolated()
        defer { isOpen = false }
        return isOpen && core.phase != .closed
    }
}
