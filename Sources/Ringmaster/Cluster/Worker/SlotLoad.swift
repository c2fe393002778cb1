// The hand-over of states to a worker that gains slots: chunk by chunk from the leader, which holds them all.

import RingmasterProtocol

/// One load of the states of some slots. Confined to the loop's thread; let go of it to give it up.
final class SlotLoad {
    private let epoch: Epoch
    private let bits: [UInt8]
    private let leader: LeaderFinder
    private let loop: EventLoop
    private var timer: LoopTimer?
    private var take: (SlotChunk) -> Void = { _ in }
    private var done: () -> Void = {}

    init(slots: [Slot], epoch: Epoch, size: RingSize, leader: LeaderFinder, loop: EventLoop) {
        self.epoch = epoch
        self.leader = leader
        self.loop = loop
        var bits = [UInt8](repeating: 0, count: (size.slotCount + 7) / 8)
        for slot in slots { bits[slot.index / 8] |= 1 << (slot.index % 8) }
        self.bits = bits
    }

    /// Fetches everything. `take` gets each chunk, `done` is called at the end; neither is after the load is let go.
    func begin(take: @escaping (SlotChunk) -> Void, done: @escaping () -> Void) {
        self.take = take
        self.done = done
        fetch(from: StateCursor.start)
    }

    private func fetch(from cursor: StateCursor) {
        let request = FetchRequest(epoch: epoch, slots: bits, cursor: cursor.rawValue)
        faultPoint(.workerChunkSending)
        leader.call(ClusterMethods.fetch, request.encoded()) { [weak self] reply in
            guard let self else { return }
            faultPoint(.workerChunkReceived)
            guard case .payload(let bytes) = reply else { return fetchLater(from: cursor) }
            do throws(RemoteError) {
                let next = try read(bytes)
                if let next, !isPlanted(.servedAfterFirstChunk) { fetch(from: next) } else { done() }
            } catch {
                fetchLater(from: cursor)
            }
        }
        faultPoint(.workerChunkSent)
    }

    /// The leader was lost or has moved on; the next order tells, if this load is still wanted.
    private func fetchLater(from cursor: StateCursor) {
        let timer = loop.timer { [weak self] in self?.fetch(from: cursor) }
        self.timer = timer
        loop.arm(timer, at: loop.now.advanced(by: ClusterLimits.leaderSearchInterval))
    }

    /// Reads `[chunk, next cursor or nil]`.
    private func read(_ bytes: UnsafeRawBufferPointer) throws(RemoteError) -> StateCursor? {
        try readMessage(bytes) { reader in
            let more = try reader.readFields(atLeast: 2)
            take(try SlotChunk(decoding: try reader.readBinary()))
            let next = reader.readNilIfNext() ? nil : StateCursor(rawValue: try reader.readInteger(UInt64.self))
            try reader.skipFields(more)
            return next
        }
    }
}
