// Where frames to one peer gather until they leave in one message.

import CShim
import DequeModule
import Glibc

/// Gathers frames for one socket, or for one peer of a ROUTER. Confined to the loop's thread.
///
/// Memory: at most one block while frames gather, and none while idle. Messages that the socket refuses wait in order, one
/// behind the other in their blocks, up to `Limits.peerBacklogBytesMax`, beyond which they are dropped and counted.
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

    private typealias Block = UnsafeMutablePointer<rm_block>

    /// A message that was refused: a piece of a block.
    private struct Piece {
        let block: Block
        let offset: Int
        let length: Int
        let frames: Int
        /// Whether its block is free once it is gone. The block that frames gather in has an owner still.
        var isLastOfBlock = false
    }

    private let pool: OpaquePointer
    private let framesMax: Int
    private var block: Block?
    /// Where in the block the frames begin that gather, and where they end.
    private var base = 0
    private var end = 0
    /// Frames that gather.
    private(set) var frames = 0
    private var refused: Deque<Piece> = []
    /// How many of the refused lie in the block that frames gather in.
    private var refusedInBlock = 0
    /// Bytes that wait because the socket would not take them.
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

    /// Whether nothing waits to be sent.
    var isEmpty: Bool { end == base && refused.isEmpty }

    // MARK: Gathering

    /// Room for a frame of at most `bytes`. Write there, then `commit`; or write nothing.
    @inline(__always)
    mutating func reserve(_ bytes: Int, on route: Route) -> UnsafeMutablePointer<UInt8> {
        if let block, block.pointee.capacity - end >= bytes { return block.pointee.bytes + end }
        return reserveInNewBlock(bytes, on: route)
    }

    private mutating func reserveInNewBlock(_ bytes: Int, on route: Route) -> UnsafeMutablePointer<UInt8> {
        if end > base { _ = send(route) }
        // A copied message leaves its block; it serves again if it is large enough.
        if let block, end == 0, block.pointee.capacity >= bytes { return block.pointee.bytes }
        leaveBlock()
        guard let fresh = rm_pool_take(pool, bytes) else { fatalError("out of memory for an outgoing message") }
        block = fresh
        return fresh.pointee.bytes
    }

    /// Takes in the frame written at the reserved place and ending at `pointer`.
    @inline(__always)
    mutating func commit(upTo pointer: UnsafeMutablePointer<UInt8>, on route: Route) -> Outcome {
        end = pointer - block.unsafelyUnwrapped.pointee.bytes
        frames += 1
        return frames >= framesMax ? send(route) : .sent
    }

    // MARK: Sending

    /// Sends what was gathered, and what was refused before it.
    mutating func flush(_ route: Route) -> Outcome {
        let outcome = isEmpty ? .sent : send(route)
        if isEmpty { leaveBlock() }
        return outcome
    }

    /// The number of frames dropped since it was last taken.
    mutating func takeDroppedCount() -> Int {
        defer { droppedFrames = 0 }
        return droppedFrames
    }

    /// Drops everything and gives the blocks back.
    mutating func clear() {
        dropRefused()
        dropGathered()
        leaveBlock()
    }

    private mutating func send(_ route: Route) -> Outcome {
        let outcome = sendRefused(route)
        guard outcome == .sent else {
            if outcome == .blocked { refuseGathered() } else { dropGathered() }
            return outcome
        }
        guard let block, end > base else { return .sent }
        let status: Int32
        if base > 0 || end <= Limits.copiedBytesMax {
            status = rm_send_copy(
                route.socket,
                route.identity,
                route.identityLength,
                block.pointee.bytes + base,
                end - base
            )
        } else {
            status = rm_send_block(route.socket, route.identity, route.identityLength, block, end)
            if status == 0 { self.block = nil }
        }
        switch status {
        case 0:
            // Nothing is refused any more, so the whole block is free.
            base = 0
            end = 0
            frames = 0
            return .sent
        case -EAGAIN:
            refuseGathered()
            return .blocked
        default:
            dropGathered()
            return .unroutable
        }
    }

    private mutating func sendRefused(_ route: Route) -> Outcome {
        while let piece = refused.first {
            let isWholeBlock = piece.offset == 0 && piece.isLastOfBlock && piece.length > Limits.copiedBytesMax
            let status =
                isWholeBlock
                ? rm_send_block(route.socket, route.identity, route.identityLength, piece.block, piece.length)
                : rm_send_copy(
                    route.socket,
                    route.identity,
                    route.identityLength,
                    piece.block.pointee.bytes + piece.offset,
                    piece.length
                )
            guard status == 0 else {
                guard status == -EAGAIN else {
                    dropRefused()
                    return .unroutable
                }
                return .blocked
            }
            forgetFirstRefused(blockIsGone: isWholeBlock)
        }
        return .sent
    }

    // MARK: What the socket refuses

    /// Lets what was gathered wait. Further frames gather behind it.
    private mutating func refuseGathered() {
        guard let block, end > base else { return }
        if refusedBytes + end - base > Limits.peerBacklogBytesMax { dropRefused() }
        refused.append(Piece(block: block, offset: base, length: end - base, frames: frames))
        refusedBytes += end - base
        refusedInBlock += 1
        base = end
        frames = 0
    }

    private mutating func forgetFirstRefused(blockIsGone: Bool = false) {
        let piece = refused.removeFirst()
        refusedBytes -= piece.length
        if piece.isLastOfBlock {
            if !blockIsGone { rm_pool_return(piece.block) }
        } else if piece.block == block {
            refusedInBlock -= 1
            if refusedInBlock == 0, end == base {
                base = 0
                end = 0
            }
        }
    }

    private mutating func dropRefused() {
        while let piece = refused.first {
            droppedFrames += piece.frames
            forgetFirstRefused()
        }
    }

    private mutating func dropGathered() {
        droppedFrames += frames
        frames = 0
        end = base
        if refusedInBlock == 0 {
            base = 0
            end = 0
        }
    }

    /// Gives the block up that frames gather in: to its pool, or to the last message in it that was refused.
    private mutating func leaveBlock() {
        guard let block else { return }
        if refusedInBlock > 0 {
            refused[refused.count - 1].isLastOfBlock = true
        } else {
            rm_pool_return(block)
        }
        self.block = nil
        refusedInBlock = 0
        base = 0
        end = 0
    }
}
