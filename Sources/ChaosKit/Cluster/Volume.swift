// A small file system of a coordinator's own, so that its disk can be full without anybody else's being so.

import Foundation
import Glibc

/// An ext4 file system in a file, mounted where the coordinator keeps its log.
struct Volume: Sendable {
    static let tools = ["/usr/sbin/mkfs.ext4", "/usr/bin/mount", "/usr/bin/umount"]
    /// Room for the snapshots and segments of a run of hours. The file has holes: it takes up what is used of it.
    private static let bytes: off_t = 2 << 30

    let path: String

    static func path(of name: NodeName, in folder: RunFolder) -> String { "\(folder.dataPath)/\(name)" }

    /// Makes and mounts one for each.
    /// - Throws: `RunError.cannotCreate`; none is mounted then.
    static func mount(_ names: [NodeName], in folder: RunFolder) throws(RunError) -> [Volume] {
        var volumes: [Volume] = []
        do {
            for name in names { volumes.append(try Volume(mountingAt: path(of: name, in: folder))) }
            return volumes
        } catch {
            for volume in volumes { _ = volume.unmount() }
            throw error
        }
    }

    private init(mountingAt path: String) throws(RunError) {
        self.path = path
        let image = path + ".img"
        let descriptor = open(image, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, Self.bytes) == 0, mkdir(path, 0o700) == 0 else {
            throw .cannotCreate(path: image, reason: String(cString: strerror(errno)))
        }
        close(descriptor)
        // No room is kept back for root, who runs this.
        for command in [[Self.tools[0], "-q", "-m", "0", image], [Self.tools[1], "-o", "loop", image, path]] {
            if let reason = Self.run(command) { throw .cannotCreate(path: path, reason: reason) }
        }
    }

    /// Unmounts it; the file stays. Gives why that was not possible.
    func unmount() -> String? {
        Self.run([Self.tools[2], path]).map { "\(path) could not be unmounted: \($0); end who uses it, and unmount it" }
    }

    /// Runs a command to its end, and gives what it said where that was not 0.
    private static func run(_ command: [String]) -> String? {
        let process = Process()
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        do {
            try process.run()
        } catch {
            return "\(command[0]): \(error.localizedDescription)"
        }
        let said = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus != 0 else { return nil }
        return String(decoding: said, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
