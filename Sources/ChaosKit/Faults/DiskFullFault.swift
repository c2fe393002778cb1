// A coordinator's disk without room. Each coordinator of such a run has a file system of its own; ballast fills it, and what
// the process gives free meanwhile, too.

import Glibc
import Synchronization

/// Verified by a file in the coordinator's directory that cannot be written, for want of room; after the healing it can.
final class DiskFullFault: Fault {
    /// How often room that came free is taken.
    private static let interval: Duration = .milliseconds(20)
    private static let probeBytes = 64 << 10

    private let targets: [NodeName]
    private let filling = Mutex<[Task<Void, Never>]>([])

    init(targets: [NodeName]) {
        self.targets = targets
    }

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        await cluster.allowEnd(of: targets, true)
        for target in targets {
            let volume = Volume.path(of: target, in: cluster.folder)
            let ballast = open("\(volume)/ballast", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            guard ballast >= 0 else { throw FaultFailure("no ballast in \(volume): \(Self.reason)") }
            Self.fill(ballast)
            let task = Task.detached {
                while !Task.isCancelled {
                    try? await Task.sleep(for: Self.interval)
                    Self.fill(ballast)
                }
                close(ballast)
            }
            filling.withLock { $0.append(task) }
            let error = Self.errorOfWriting(in: volume)
            guard error == ENOSPC else {
                throw FaultFailure("a file could be written in \(volume), which was to be full (error \(error))")
            }
        }
        return targets
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        let tasks = filling.withLock { $0 }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        for target in targets {
            let volume = Volume.path(of: target, in: cluster.folder)
            unlink("\(volume)/ballast")
            let error = Self.errorOfWriting(in: volume)
            guard error == 0 else { throw FaultFailure("\(volume) has no room again (error \(error))") }
        }
        // What it could not save it does not acknowledge, for good: a person starts it again.
        try await cluster.startAnew(targets)
        await cluster.allowEnd(of: targets, false)
    }

    private static var reason: String { String(cString: strerror(errno)) }

    /// Takes all room that there is.
    private static func fill(_ ballast: Int32) {
        var status = stat()
        guard fstat(ballast, &status) == 0 else { return }
        var end = status.st_size
        var bytes = off_t(256 << 20)
        while bytes >= 4096 {
            if posix_fallocate(ballast, end, bytes) == 0 { end += bytes } else { bytes /= 2 }
        }
    }

    /// 0, or why a file cannot be written there.
    private static func errorOfWriting(in folder: String) -> Int32 {
        let path = "\(folder)/probe"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { return errno }
        defer {
            close(file)
            unlink(path)
        }
        let bytes = [UInt8](repeating: 1, count: probeBytes)
        guard write(file, bytes, bytes.count) == bytes.count else { return errno == 0 ? ENOSPC : errno }
        return fsync(file) == 0 ? 0 : errno
    }
}
