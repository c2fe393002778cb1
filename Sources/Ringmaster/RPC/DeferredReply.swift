// How a handler answers after it has returned: the cluster's requests wait for a commit, not for a task.

import CShim
import RingmasterProtocol

/// Where the answer to one request goes: what is known of it while its frame is read.
struct ReplyAddress {
    let core: ServerCore
    let peer: ServerPeer
    let msgid: UInt32
    /// Whether somebody waits for an answer: nobody does after a notification.
    let isAwaited: Bool
    /// When the caller stops waiting; `distantFuture` where it did not say.
    let deadline: MonotonicTime

    @inline(__always)
    init(_ core: ServerCore, _ peer: ServerPeer, _ frame: rm_frame, deadline: MonotonicTime) {
        self.core = core
        self.peer = peer
        self.deadline = deadline
        msgid = frame.msgid
        isAwaited = frame.kind == UInt32(RM_REQUEST)
    }
}

/// The reply to one request, to be given on the loop's thread, whenever. The peer is remembered until then; one that is
/// let go without an answer leaves its caller to its deadline.
///
/// A request that is kept until it is answered may be a subclass, which saves an object for each.
///
/// @unchecked Sendable: confined to the loop's thread, which answering checks.
class DeferredReply: @unchecked Sendable {
    /// When the caller stops waiting; `distantFuture` where it did not say.
    final let deadline: MonotonicTime
    private final let core: ServerCore
    private final let peer: ServerPeer
    private final let msgid: UInt32
    @exclusivity(unchecked) private final var isOpen: Bool

    init(_ address: ReplyAddress) {
        core = address.core
        peer = address.peer
        deadline = address.deadline
        msgid = address.msgid
        isOpen = address.isAwaited
        peer.deferredCount += 1
    }

    deinit {
        peer.deferredCount -= 1
    }

    /// The identity of the client.
    final var peerIdentity: PeerIdentity { peer.identity }

    /// Answers with `payload`. Only the first answer counts.
    final func send(_ payload: UnsafeRawBufferPointer) {
        guard take() else { return }
        guard payload.count <= Limits.payloadBytesMax else {
            let error = RemoteError.replyTooLarge(bytes: payload.count)
            return core.fail(msgid, of: peer, error.code, error.message)
        }
        core.reply(msgid, to: peer, payload: payload)
    }

    /// Answers with `payload`. Only the first answer counts.
    final func send(_ payload: [UInt8]) {
        payload.withUnsafeBytes { send($0) }
    }

    /// Answers with an error.
    final func fail(_ code: RPCErrorCode, _ message: String) {
        guard take() else { return }
        core.fail(msgid, of: peer, code, message)
    }

    private final func take() -> Bool {
        core.loop.checkIsolated()
        defer { isOpen = false }
        return isOpen && core.phase != .closed
    }
}
