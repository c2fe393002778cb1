// Where frames to one peer gather until they leave in one message.

import CShim
import Glibc

/// Gathers frames for one socket, or for one peer of a ROUTER. Confined to the loop's thread.
///
/// Memory: at most one block while frames gather, and none while idle; blocks that the socket refuses wait in order, up to
/// `Limits.peerBacklogBytesMax`, beyond which they are dropped and counted.
struct Outbox {
    /// What became of an attempt to send.
    enum Outcome {
        /// Everything is with libzmq.
        case sent
        /// The high-water mark is reached: what is left waits for the socket to become writable.
        case blocked
        /// The ROUTER knows no such peer. What was gathered is dropped.
        case unroutable
    }

    /// The socket, and the peer's identity on a ROUTER (empty on a DEALER).
    struct Route {
        let socket: OpaquePointer
        let identity: UnsafePointer<UInt8>?
        let identityLength: Int
    }

    private struct Refused {
        let block: UnsafeMutablePointer<rm_block>
        let length: Int
        let frames: Int
    }

    private let pool: OpaquePointer
    private let framesMax: Int
    private var block: UnsafeMutablePointer<rm_block>?
    private var length = 0
    private var frames = 0
    private var refused: [Refused] = []
    /// Bytes of the blocks that wait because the socket would not take them.
    private(set) var refusedBytes = 0
    /// Frames that could not be routed or were dropped.
    private(set) var droppedFrames = 0
    /// Whoever flushes notes here that a flush is due.
    var isDirty = false

    /// `framesMax` 1 sends each frame in a message of its own.
    init(pool: OpaquePointer, framesMax: Int) {
        self.pool = pool
        self.framesMax = framesMax
    }

    /// Room for a frame of at most `bytes`. Write there, then `commit`; or write nothing.
    @inline(__always)
    mutating func reserve(_ bytes: Int, on route: Route) -> UnsafeMutablePointer<UInt8> {
        if let block, block.pointee.capacity - length >= bytes { return block.pointee.bytes + length }
        return reserveInNewBlock(bytes, on: route)
    }

    private mutating func reserveInNewBlock(_ bytes: Int, on route: Route) -> UnsafeMutablePointer<UInt8> {
        if let full = block {
            if length > 0 { _ = send(route) }
            // A copied message leaves its block; it serves again if it is large enough.
            if let kept = block, kept == full {
                if kept.pointee.capacity >= bytes { return kept.pointee.bytes }
                rm_pool_return(kept)
                block = nil
            }
        }
        guard let fresh = rm_pool_take(pool, bytes) else { fatalError("out of memory for an outgoing message") }
        block = fresh
        return fresh.pointee.bytes
    }

    /// Takes in the frame written at the reserved place and ending at `end`.
    @inline(__always)
    mutating func commit(upTo end: UnsafeMutablePointer<UInt8>, on route: Route) -> Outcome {
        length = end - block.unsafelyUnwrapped.pointee.bytes
        frames += 1
        return frames >= framesMax ? send(route) : .sent
    }

    /// Sends what was gathered.
    mutating func flush(_ route: Route) -> Outcome {
        let outcome = length > 0 || !refused.isEmpty ? send(route) : .sent
        if let block, length == 0 {
            rm_pool_return(block)
            self.block = nil
        }
        return outcome
    }

    /// Whether nothing waits to be sent.
    var isEmpty: Bool { length == 0 && refused.isEmpty }

    /// The number of frames dropped since it was last taken.
    mutating func takeDroppedCount() -> Int {
        defer { droppedFrames = 0 }
        return droppedFrames
    }

    /// Drops everything and gives the blocks back.
    mutating func clear() {
        if let block { rm_pool_return(block) }
        block = nil
        dropRefused()
        dropCurrent()
    }

    private mutating func send(_ route: Route) -> Outcome {
        if !refused.isEmpty {
            let outcome = sendRefused(route)
            guard outcome == .sent else {
                if outcome == .blocked { refuseCurrent() } else { dropCurrent() }
                return outcome
            }
        }
        guard let block, length > 0 else { return .sent }
        let status: Int32
        if length <= Limits.copiedBytesMax {
            status = rm_send_copy(route.socket, route.identity, route.identityLength, block.pointee.bytes, length)
        } else {
            status = rm_send_block(route.socket, route.identity, route.identityLength, block, length)
            if status == 0 { self.block = nil }
        }
        switch status {
        case 0:
            length = 0
            frames = 0
            return .sent
        case -EAGAIN:
            refuseCurrent()
            return .blocked
        default:
            dropCurrent()
            return .unroutable
        }
    }

    private mutating func dropCurrent() {
        droppedFrames += frames
        length = 0
        frames = 0
    }

    private mutating func refuseCurrent() {
        guard let block, length > 0 else { return }
        // A whole block is kept for however little is in it.
        if refusedBytes + block.pointee.capacity > Limits.peerBacklogBytesMax { dropRefused() }
        refused.append(Refused(block: block, length: length, frames: frames))
        refusedBytes += block.pointee.capacity
        self.block = nil
        length = 0
        frames = 0
    }

    private mutating func sendRefused(_ route: Route) -> Outcome {
        var sent = 0
        var status: Int32 = 0
        for item in refused {
            // Once it is sent, the block is libzmq's.
            let capacity = item.block.pointee.capacity
            status = rm_send_block(route.socket, route.identity, route.identityLength, item.block, item.length)
            guard status == 0 else { break }
            refusedBytes -= capacity
            sent += 1
        }
        refused.removeFirst(sent)
        switch status {
        case 0: return .sent
        case -EAGAIN: return .blocked
        default:
            dropRefused()
            return .unroutable
        }
    }

    private mutating func dropRefused() {
        for item in refused {
            rm_pool_return(item.block)
            droppedFrames += item.frames
        }
        refused.removeAll()
        refusedBytes = 0
    }
}
