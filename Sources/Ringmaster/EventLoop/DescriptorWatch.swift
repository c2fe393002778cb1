// Descriptors of other libraries on an event loop: the libuv loop of the delta log is driven through one.

import CShim

/// A descriptor that an event loop watches for reading, level-triggered. Confined to the loop's thread; the descriptor
/// stays its owner's and outlives the watch.
final class DescriptorWatch {
    let descriptor: Int32
    let action: () -> Void
    fileprivate var index: Int

    var isWatched: Bool { index >= 0 }

    fileprivate init(descriptor: Int32, index: Int, action: @escaping () -> Void) {
        self.descriptor = descriptor
        self.index = index
        self.action = action
    }
}

extension EventLoop {
    /// Marks the poller's tokens of descriptors, where those of sockets are small numbers.
    private static let watchBit: UInt64 = 1 << 62

    /// Calls `action` on the loop's thread in each turn in which `descriptor` is readable.
    func watch(descriptor: Int32, _ action: @escaping () -> Void) throws(TransportError) -> DescriptorWatch {
        checkIsolated()
        let index = confined.watches.firstIndex { $0 == nil } ?? confined.watches.count
        let status = rm_poller_add(poller, descriptor, Self.watchBit | UInt64(index))
        guard status == 0 else { throw TransportError(code: status, doing: "watching a descriptor") }
        let watch = DescriptorWatch(descriptor: descriptor, index: index, action: action)
        if index == confined.watches.count {
            confined.watches.append(watch)
        } else {
            confined.watches[index] = watch
        }
        return watch
    }

    /// Stops watching; call before the descriptor is closed.
    func remove(_ watch: DescriptorWatch) {
        checkIsolated()
        guard watch.index >= 0 else { return }
        rm_poller_remove(poller, watch.descriptor)
        confined.watches[watch.index] = nil
        watch.index = -1
    }

    /// The watch that a poller's token stands for; nil where it was removed.
    func watch(token: UInt64) -> DescriptorWatch? {
        confined.watches[Int(token & (Self.watchBit - 1))]
    }

    /// Whether a poller's token is a watch's rather than a socket's.
    static func isOfWatch(_ token: UInt64) -> Bool {
        token & ~(watchBit - 1) == watchBit
    }
}
