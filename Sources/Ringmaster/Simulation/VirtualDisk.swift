// The disk of a coordinator in a simulation: libraft's part in C, and what this project keeps beside it.

import CShimDeltaLog

/// Outlives the logs that are opened on it, one at a time. One thread.
///
/// @unchecked Sendable: it belongs to the simulation's thread.
package final class VirtualDisk: @unchecked Sendable {
    let raw: OpaquePointer
    /// As of a directory: another disk in its place has another mark.
    let mark: UInt64
    /// The marks of other servers' disks, as `PeerDirectories` keeps them.
    private var marks: [UInt64: UInt64] = [:]
    /// The clock and the random numbers of the life that has it open.
    package var clockNs: () -> Int64 = { 0 }
    package var randomBits: () -> UInt64 = { 0 }
    /// A write has begun: `finish` is to be called for it, some time later.
    package var began: (_ bytes: Int) -> Void = { _ in }
    /// Pumps the log that is open.
    var pump: () -> Void = {}

    package init(mark: UInt64) {
        self.mark = mark
        var calls = rm_virtual_disk_calls()
        let box = UnsafeMutablePointer<Unmanaged<VirtualDisk>?>.allocate(capacity: 1)
        box.initialize(to: nil)
        calls.context = UnsafeMutableRawPointer(box)
        calls.now_ns = { VirtualDisk.of($0).clockNs() }
        calls.random = { VirtualDisk.of($0).randomBits() }
        calls.began = { VirtualDisk.of($0).began($1) }
        guard let raw = rm_virtual_disk_create(&calls) else { fatalError("out of memory for a virtual disk") }
        self.raw = raw
        self.box = box
        box.pointee = Unmanaged.passUnretained(self)
    }

    private let box: UnsafeMutablePointer<Unmanaged<VirtualDisk>?>

    deinit {
        rm_virtual_disk_destroy(raw)
        box.deallocate()
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> VirtualDisk {
        context!.assumingMemoryBound(to: Unmanaged<VirtualDisk>?.self).pointee!.takeUnretainedValue()
    }

    var isUsed: Bool { rm_virtual_disk_is_used(raw) != 0 }

    func recognise(_ server: UInt64, mark: UInt64) -> DirectoryRecognition {
        if let known = marks[server] { return known == mark ? .known : .strange }
        marks[server] = mark
        return .known
    }

    /// Whether it has no room: what is added to it fails.
    package var isFull = false {
        didSet { rm_virtual_disk_set_full(raw, isFull ? 1 : 0) }
    }

    /// Writes that failed for want of room.
    package var refused: Int { Int(rm_virtual_disk_refused(raw)) }

    /// Writes that are not on the disk yet.
    package var writesUnderWay: Int { Int(rm_virtual_disk_under_way(raw)) }

    /// The oldest write under way is on the disk, and the log is told.
    package func finish() {
        rm_virtual_disk_finish(raw)
        pump()
    }

    /// The process has died: of its writes under way the first `whole` are on the disk, and of the next so many entries.
    package func cut(whole: Int, entries: Int) {
        rm_virtual_disk_cut(raw, UInt32(whole), UInt32(entries))
        pump = {}
    }
}
