// Where a history lies: in a run's directory, or a file of its own.

import Glibc

/// The files of a run that have to do with its history.
public struct HistoryPlace: Equatable, Sendable {
    public static let historyName = "history.jsonl"
    public static let verdictName = "verdict.json"

    /// The history.
    public let historyPath: String
    /// Where its verdict belongs; nil for a history that is in no run's directory.
    public let verdictPath: String?
    /// Where it goes as EDN.
    public let ednPath: String

    /// - Parameter path: A run's directory, or a history. Nothing has to be there yet.
    public init(_ path: String) {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            let directory = path.hasSuffix("/") ? path : path + "/"
            historyPath = directory + Self.historyName
            verdictPath = directory + Self.verdictName
            ednPath = directory + "history.edn"
        } else {
            historyPath = path
            verdictPath = nil
            ednPath = (path.hasSuffix(".jsonl") ? String(path.dropLast(6)) : path) + ".edn"
        }
    }

    /// Some of a history's lines as they stand, cut to what a report shows of each. O(bytes of the file).
    /// - Parameter numbers: Ascending, from 1.
    public static func excerpts(of path: String, lines numbers: [Int]) throws(HistoryError) -> [Int: String] {
        guard let last = numbers.last else { return [:] }
        guard let file = fopen(path, "re") else { throw .cannotOpen(path: path, reason: HistoryError.systemReason) }
        defer { fclose(file) }
        var excerpts: [Int: String] = [:]
        var wanted = numbers[...]
        var (line, capacity): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
        defer { free(line) }
        for number in 1...last {
            let count = getline(&line, &capacity, file)
            guard count > 0, let line else { break }
            guard wanted.first == number else { continue }
            wanted.removeFirst()
            let bytes = UnsafeRawBufferPointer(start: line, count: count)
            let text = String(decoding: bytes, as: UTF8.self).filter { $0 != "\n" }
            let max = HistoryLimits.excerptCharactersMax
            excerpts[number] = text.count <= max ? text : text.prefix(max * 2 / 3) + " ... " + text.suffix(max / 3)
        }
        return excerpts
    }
}
