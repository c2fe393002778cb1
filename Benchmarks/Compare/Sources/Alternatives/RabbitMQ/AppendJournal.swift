// What a user of a broker writes for its worker to keep anything: a file of what was appended, and from it, after a restart, where
// each key stands.

import Glibc

/// Confined to one thread.
struct AppendJournal {
    // begin jobs
    private struct Key {
        var count: Int64 = 0
        /// Each client's last job of the key, and the position that it got.
        var last: [String: (id: UInt64, position: Int64)] = [:]
    }

    private var keys: [String: Key] = [:]
    private let file: Int32
    private var unwritten: [UInt8] = []

    init(path: String) throws {
        file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            throw AlternativeError.failed("cannot open \(path): \(String(cString: strerror(errno)))")
        }
        try replay()
    }

    /// Adds a value, unless the job has been done; `synchronize` makes it durable.
    mutating func append(_ key: String, client: String, id: UInt64, _ value: UnsafeRawBufferPointer) -> Int64 {
        var state = keys[key] ?? Key()
        if let last = state.last[client], last.id == id { return last.position }
        let position = state.count
        state.count += 1
        state.last[client] = (id, position)
        keys[key] = state
        let head = [UInt32(key.utf8.count), UInt32(client.utf8.count), UInt32(value.count)]
        head.withUnsafeBytes { unwritten.append(contentsOf: $0) }
        withUnsafeBytes(of: id) { unwritten.append(contentsOf: $0) }
        unwritten.append(contentsOf: key.utf8)
        unwritten.append(contentsOf: client.utf8)
        unwritten.append(contentsOf: value)
        return position
    }

    /// Returns when all that was added is on disk.
    mutating func synchronize() throws {
        guard !unwritten.isEmpty else { return }
        try unwritten.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let count = write(file, rest.baseAddress, rest.count)
                guard count > 0 else { throw AlternativeError.failed("journal: \(String(cString: strerror(errno)))") }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
        guard fdatasync(file) == 0 else {
            throw AlternativeError.failed("journal: \(String(cString: strerror(errno)))")
        }
        unwritten.removeAll(keepingCapacity: true)
    }

    /// Reads the whole file; a record that was cut short by a crash was never acknowledged, and is cut off.
    private mutating func replay() throws {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while case let count = read(file, &chunk, chunk.count), count > 0 { bytes.append(contentsOf: chunk[..<count]) }
        var at = 0
        while at + 20 <= bytes.count {
            let (head, id) = bytes.withUnsafeBytes { bytes in
                (
                    (0..<3).map { Int(bytes.loadUnaligned(fromByteOffset: at + 4 * $0, as: UInt32.self)) },
                    bytes.loadUnaligned(fromByteOffset: at + 12, as: UInt64.self)
                )
            }
            guard at + 20 + head.reduce(0, +) <= bytes.count else { break }
            let key = String(decoding: bytes[(at + 20)..<(at + 20 + head[0])], as: UTF8.self)
            let client = String(decoding: bytes[(at + 20 + head[0])..<(at + 20 + head[0] + head[1])], as: UTF8.self)
            var state = keys[key] ?? Key()
            state.last[client] = (id, state.count)
            state.count += 1
            keys[key] = state
            at += 20 + head.reduce(0, +)
        }
        if at < bytes.count { ftruncate(file, at) }
    }
    // end jobs
}
