// By which directories a server knows the others.
//
// A server that has lost its directory has forgotten its vote and the entries that it acknowledged. Were it to go on under
// its id, it could vote twice in a term, or help one to lead that lacks what it once had. It cannot know that itself: an empty
// directory is what a new cluster begins with, too. The others can: each keeps the mark of the directory in which it
// first met a server, before it counts anything of that server, and counts nothing of it in another directory.

/// What a server's letter from a directory of some mark is worth.
enum DirectoryRecognition {
    /// It is the one by which the server is known, or becomes known.
    case known
    /// The server is known by another.
    case strange
    /// It is the first, and cannot be kept: nothing of the server counts yet, for no fault of its own.
    case notKept
}

/// The marks of the other servers' directories, kept in the file `peers`.
struct PeerDirectories {
    private static let file = "peers"
    private static let head = "ringmaster peers 1"

    private let path: String
    private var marks: [UInt64: UInt64] = [:]

    /// Reads the file in the directory at `path`; without one nobody was met.
    /// - Throws: `.corrupt`, `.system`.
    init(directory path: String) throws(DeltaLogError) {
        self.path = path
        guard let file = try LogFile(ifThere: "\(path)/\(Self.file)") else { return }
        let lines = String(decoding: file.bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == Self.head[...], lines.last == "" else { throw file.damaged("it is no such file") }
        for line in lines.dropFirst().dropLast() {
            let words = line.split(separator: " ")
            guard words.count == 4, words[0] == "server", words[2] == "directory", let server = UInt64(words[1]),
                let mark = UInt64(words[3])
            else { throw file.damaged("'\(line)' names no server") }
            marks[server] = mark
        }
    }

    /// Whether what a server sends from the directory of that mark counts. The first one of a server is kept on disk before
    /// this returns.
    mutating func recognise(_ server: UInt64, mark: UInt64) -> DirectoryRecognition {
        if let known = marks[server] { return known == mark ? .known : .strange }
        marks[server] = mark
        do throws(DeltaLogError) {
            try DataDirectory.write(text, to: Self.file, in: path)
            return .known
        } catch {
            marks[server] = nil
            return .notKept
        }
    }

    private var text: String {
        let lines = marks.sorted { $0.key < $1.key }.map { "server \($0.key) directory \($0.value)\n" }
        return Self.head + "\n" + lines.joined()
    }
}
