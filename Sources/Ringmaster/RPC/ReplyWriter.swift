// How a raw handler answers: straight into the outgoing message.

import CShim
import RingmasterProtocol

/// The reply to one request, on the loop's thread and only while the handler runs. A handler that sends nothing answers
/// with no bytes.
public struct ReplyWriter: ~Copyable {
    private let core: Unmanaged<ServerCore>
    private let peer: Unmanaged<ServerPeer>
    private let msgid: UInt32
    /// Of the attempt: 0 where the call is sent once.
    private let attempt: UInt32
    private var isOpen: Bool

    @inline(__always)
    init(_ core: ServerCore, _ peer: ServerPeer, _ frame: rm_frame) {
        self.core = .passUnretained(core)
        self.peer = .passUnretained(peer)
        msgid = frame.msgid
        attempt = frame.attempt
        // A notification has no reply.
        isOpen = frame.kind == UInt32(RM_REQUEST)
    }

    /// Answers with `payload`, copied once, into the outgoing message. Only the first answer counts.
    @inline(__always)
    public mutating func send(_ payload: RawSpan) {
        payload.withUnsafeBytes { send($0) }
    }

    /// Answers with an error.
    public mutating func fail(_ error: RemoteError) {
        guard isOpen else { return }
        isOpen = false
        let peer = peer.takeUnretainedValue()
        let core = core.takeUnretainedValue()
        if attempt > 0 { core.keep(ServerCore.errorFrame(msgid, error), for: msgid, of: peer) }
        core.fail(msgid, of: peer, error.code, error.message)
    }

    @inline(__always)
    private mutating func send(_ payload: UnsafeRawBufferPointer) {
        guard isOpen else { return }
        guard payload.count <= Limits.payloadBytesMax else { return fail(.replyTooLarge(bytes: payload.count)) }
        isOpen = false
        let (msgid, attempt) = (msgid, attempt)
        core._withUnsafeGuaranteedRef { core in
            peer._withUnsafeGuaranteedRef { peer in
                if attempt > 0 { core.keep(ServerCore.payloadFrame(msgid, payload), for: msgid, of: peer) }
                core.reply(msgid, to: peer, payload: payload)
            }
        }
    }

    @inline(__always)
    mutating func finish() {
        if isOpen { send(UnsafeRawBufferPointer(start: nil, count: 0)) }
    }
}
