// SIGKILL, and behind the last whole write to the log a half of another: what a power cut leaves of a write that was under
// way. Nothing that was there before is touched.

import Glibc
import Ringmaster

/// Verified by the signal, and by the log as it is read at a start: a write was cut short behind the same last entry.
struct TornTailFault: Fault {
    let targets: [NodeName]
    /// Of that write, how much came to be on the disk.
    let share: Double

    private static let segmentBytes: off_t = 8 << 20

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        let met = try await cluster.killAndVerify(targets)
        for target in met {
            let directory = await cluster.dataDirectory(target)
            do {
                let whole = try LogTail(directory: directory)
                // The kill itself may have cut a write short.
                if whole.tornBytes == 0 {
                    let written = try Self.tear(whole, in: directory, share: share)
                    let torn = try LogTail(directory: directory)
                    guard torn.tornBytes > 0, torn.lastIndex == whole.lastIndex else {
                        throw FaultFailure(
                            "\(written) bytes behind entry \(whole.lastIndex) of \(target) left \(torn.tornBytes) torn"
                        )
                    }
                }
            } catch let failure as FaultFailure {
                throw failure
            } catch {
                throw FaultFailure("the log of \(target): \(error)")
            }
        }
        return met
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        try await cluster.startAgain(targets)
    }

    /// Writes the beginning of a batch behind the last one: of that batch's own bytes, so it is one as they are written.
    private static func tear(_ tail: LogTail, in directory: String, share: Double) throws(FaultFailure) -> Int {
        let file = if let file = tail.file { file } else { try emptyFile(in: directory) }
        // Without its last byte that is not zero it is none; with less than its checksums nobody would see it.
        let useful = (tail.lastBatch.lastIndex { $0 != 0 } ?? 0)
        let count = max(min(16, useful), Int(Double(useful) * share))
        var bytes = Array(tail.lastBatch.prefix(count))
        // The first write to a file has its format before it.
        if tail.offset == 0 { bytes = [1, 0, 0, 0, 0, 0, 0, 0] + bytes }
        let descriptor = open(file, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FaultFailure("\(file): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        guard pwrite(descriptor, bytes, bytes.count, off_t(tail.offset)) == bytes.count, fsync(descriptor) == 0 else {
            throw FaultFailure("\(file): \(String(cString: strerror(errno)))")
        }
        return bytes.count
    }

    /// An open file as libraft makes it for the first entries after a start, which the kill came before.
    private static func emptyFile(in directory: String) throws(FaultFailure) -> String {
        let path = "\(directory)/open-1"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FaultFailure("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        let error = posix_fallocate(descriptor, 0, segmentBytes)
        guard error == 0 else { throw FaultFailure("\(path): \(String(cString: strerror(error)))") }
        return path
    }
}
