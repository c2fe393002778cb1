// A connection through the proxy: from a process to the proxy, and from there to the node.

import Glibc

/// Two sockets and a stream each way. Confined to the network's thread.
final class ProxyConnection {
    /// Who made it; nil: the run itself.
    let peer: NodeName?
    let node: NodeName
    /// On a connection that is there to see a rule work, that rule alone counts.
    let only: Int64?
    private let thread: NetworkThread
    private let ended: (ProxyConnection) -> Void
    private var sides: [Side]
    /// Neither side learns anything any more, not even of the other's end.
    private(set) var isSilent = false
    private var timerNs = Int64.max
    /// Of what was kept: how much will have passed when it has come.
    private var lateGoal: Int?

    /// Of the two, each by its index: 0 near (the peer's), 1 far (the node's). The stream is the one from it.
    private struct Side {
        let descriptor: Int32
        let stream = ProxyStream()
        var events: SocketEvents = []
        /// Whether the thread looks at it.
        var isWatched = false
        var isOpen = true
    }

    init(
        peer: NodeName?,
        node: NodeName,
        near: Int32,
        far: Int32,
        only: Int64? = nil,
        thread: NetworkThread,
        ended: @escaping (ProxyConnection) -> Void
    ) {
        (self.peer, self.node, self.only) = (peer, node, only)
        self.thread = thread
        self.ended = ended
        sides = [Side(descriptor: near), Side(descriptor: far)]
        for side in sides { InternetSocket.sendsAtOnce(side.descriptor) }
    }

    /// From the peer to the node.
    var up: ProxyStream { sides[0].stream }
    var isWithPeer: Bool { sides[0].isOpen }
    var isWithNode: Bool { sides[1].isOpen }

    // MARK: Rules

    /// Goes by these rules from now on.
    func follow(_ rules: [ImposedRule]) {
        guard !isSilent else { return }
        let nowNs = thread.nowNs
        let (wasUp, wasDown) = (sides[0].stream.link.isBlocked, sides[1].stream.link.isBlocked)
        sides[0].stream.follow(LinkState(rules, from: peer, to: node, only: only), nowNs: nowNs)
        sides[1].stream.follow(LinkState(rules, from: node, to: peer, only: only), nowNs: nowNs)
        if !wasUp { sides[0].stream.link.countHeld() }
        if !wasDown { sides[1].stream.link.countHeld() }
        for side in 0...1 { flush(side) }
        settle()
    }

    /// From now on neither side hears anything, and is not told if the other ends.
    func fallSilent() {
        isSilent = true
        settle()
    }

    /// Ends it by a reset to both sides.
    func reset() {
        close(0, byReset: true)
        close(1, byReset: true)
        settle()
    }

    /// Takes the peer's side away, and keeps what it had sent.
    func losePeer() {
        close(0, byReset: true)
        settle()
    }

    /// What was kept goes on as if nothing had been.
    func keepNoMore() {
        up.isKept = false
        flush(0)
        settle()
    }

    /// Lets what was kept go to the node, and ends it then.
    func deliverLate() {
        lateGoal = up.passedBytes + up.heldBytes
        up.isKept = false
        up.ending = .closed
        flush(0)
        settle()
    }

    /// Whether the node took all that was kept.
    var isLateDelivered: Bool { lateGoal.map { up.passedBytes >= $0 } ?? false }

    // MARK: The sockets

    private func settle() {
        guard sides[0].isOpen || sides[1].isOpen else { return ended(self) }
        for side in 0...1 where sides[side].isOpen { watch(side) }
        let next = min(sides[0].stream.nextNs ?? .max, sides[1].stream.nextNs ?? .max)
        let nowNs = thread.nowNs
        guard !isSilent, next > nowNs, next < timerNs else { return }
        timerNs = next
        thread.at(next) { [weak self] in
            guard let self else { return }
            timerNs = .max
            for side in 0...1 { flush(side) }
            settle()
        }
    }

    private func watch(_ side: Int) {
        var events: SocketEvents = []
        if isSilent {
            events = .ended
        } else {
            if sides[side].stream.reads { events.insert(.reads) }
            let next = sides[1 - side].stream.nextNs
            if let next, next <= thread.nowNs { events.insert(.writes) }
        }
        let descriptor = sides[side].descriptor
        // A socket that nothing is wanted of would still tell of its end, again and again.
        guard !events.isEmpty else {
            if sides[side].isWatched { thread.forget(descriptor) }
            sides[side].isWatched = false
            return
        }
        defer { (sides[side].isWatched, sides[side].events) = (true, events) }
        if !sides[side].isWatched {
            thread.watch(descriptor, events) { [unowned self] events in happened(side, events) }
        } else if sides[side].events != events {
            thread.change(descriptor, to: events)
        }
    }

    private func happened(_ side: Int, _ events: SocketEvents) {
        guard sides[side].isOpen else { return }
        if isSilent {
            close(side, byReset: false)
        } else {
            if events.contains(.writes) { flush(1 - side) }
            if !events.subtracting(.writes).isEmpty, sides[side].isOpen, sides[side].stream.reads { read(side) }
        }
        settle()
    }

    private func read(_ side: Int) {
        let count = withUnsafeTemporaryAllocation(byteCount: NetworkLimits.readBytesMax, alignment: 16) { room in
            let count = recv(sides[side].descriptor, room.baseAddress, sides[side].stream.room, 0)
            if count > 0 { take(UnsafeRawBufferPointer(rebasing: room[..<count]), from: side) }
            return count
        }
        if count == 0 { sides[side].stream.ending = .closed }
        if count < 0, errno != EAGAIN, errno != EINTR { sides[side].stream.ending = .reset }
        if count <= 0 { flush(side) }
    }

    private func take(_ bytes: UnsafeRawBufferPointer, from side: Int) {
        let stream = sides[side].stream
        // Nobody is there to hear it.
        guard sides[1 - side].isOpen else { return }
        var random = RandomSource(seed: UInt64(bitPattern: thread.nowNs))
        guard stream.take(bytes, nowNs: thread.nowNs, &random) else { return flush(side) }
        let count = ProxyStream.send(bytes, to: sides[1 - side].descriptor)
        if count < 0, errno != EAGAIN { return broke(1 - side) }
        stream.passed(max(0, count))
        if count < bytes.count {
            stream.keep(UnsafeRawBufferPointer(rebasing: bytes[max(0, count)...]), leavesNs: thread.nowNs)
        }
    }

    /// Sends what is due of what came from this side, and passes its end on behind it.
    private func flush(_ side: Int) {
        guard !isSilent else { return }
        let stream = sides[side].stream
        guard sides[1 - side].isOpen else {
            stream.drop()
            if stream.ending != nil { close(side, byReset: false) }
            return
        }
        if stream.send(to: sides[1 - side].descriptor, nowNs: thread.nowNs) == .broken { return broke(1 - side) }
        guard stream.isEmpty, !stream.link.isBlocked, !stream.isKept, let ending = stream.ending else { return }
        switch ending {
        case .closed:
            shutdown(sides[1 - side].descriptor, Int32(SHUT_WR))
            if sides[1 - side].stream.ending != nil { for side in 0...1 { close(side, byReset: false) } }
        case .reset: for side in 0...1 { close(side, byReset: true) }
        }
    }

    /// A side is gone in the midst of it. The other learns it where its own way is open.
    private func broke(_ side: Int) {
        sides[side].stream.ending = .reset
        sides[1 - side].stream.drop()
        flush(side)
    }

    private func close(_ side: Int, byReset: Bool) {
        guard sides[side].isOpen else { return }
        sides[side].isOpen = false
        sides[side].isWatched = false
        if byReset { InternetSocket.resetsWhenClosed(sides[side].descriptor) }
        thread.close(sides[side].descriptor)
    }
}
