// The names of libraft's files, which say what is in them.

/// A file of the log in a data directory.
enum LogFileName: Hashable, Sendable {
    /// Entries from `first` to `last`; never written to again.
    case closed(first: UInt64, last: UInt64)
    /// Entries behind all closed files, in order of the counter; zeros where nothing was written yet.
    case open(counter: UInt64)
    /// A state, whole when its description is there too.
    case snapshot(SnapshotName)
    /// The configuration at a snapshot.
    case snapshotDescription(SnapshotName)

    /// nil: a file of another kind.
    init?(_ name: String) {
        if name.hasPrefix("open-") {
            guard let counter = Self.numbers(name.dropFirst(5), count: 1)?[0] else { return nil }
            self = .open(counter: counter)
        } else if name.hasPrefix("snapshot-") {
            let isDescription = name.hasSuffix(".meta")
            let middle = name.dropFirst(9).dropLast(isDescription ? 5 : 0)
            guard let fields = Self.numbers(middle, count: 3) else { return nil }
            let snapshot = SnapshotName(term: fields[0], index: fields[1], timestamp: fields[2])
            self = isDescription ? .snapshotDescription(snapshot) : .snapshot(snapshot)
        } else {
            guard let fields = Self.numbers(name[...], count: 2), fields[0] > 0, fields[0] <= fields[1] else {
                return nil
            }
            self = .closed(first: fields[0], last: fields[1])
        }
    }

    private static func numbers(_ text: Substring, count: Int) -> [UInt64]? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in
            part.utf8.allSatisfy { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") } ? UInt64(part) : nil
        }
        return parts.count == count && numbers.count == count ? numbers : nil
    }
}

/// What a snapshot's name says. They ascend as libraft orders them.
struct SnapshotName: Hashable, Comparable, Sendable {
    let term: UInt64
    let index: UInt64
    let timestamp: UInt64

    var file: String { "snapshot-\(term)-\(index)-\(timestamp)" }

    static func < (left: SnapshotName, right: SnapshotName) -> Bool {
        (left.term, left.index, left.timestamp) < (right.term, right.index, right.timestamp)
    }
}
