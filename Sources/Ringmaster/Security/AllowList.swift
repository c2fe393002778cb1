// Whose connections a server accepts.

/// The public keys of the clients that may connect.
public struct AllowList: Hashable, Sendable {
    public var keys: Set<CurvePublicKey>

    public init(_ keys: some Sequence<CurvePublicKey>) {
        self.keys = Set(keys)
    }

    /// Reads a file with one key a line. What follows a key must begin with '#'; empty lines, and lines whose first word
    /// begins with '#' and is no key, are comments. (A key may begin with '#'. So put a space after the '#' that
    /// comments one out, or leave it out: 41 characters are no key.)
    /// - Throws: `TransportError.invalidKey`, with the line's number.
    public init(contentsOf path: String) throws(TransportError) {
        let text = try KeyFile.contents(of: path, limit: Limits.allowListBytesMax, isSecret: false)
        try self.init(parsing: text, named: path)
    }

    init(parsing text: String, named name: String) throws(TransportError) {
        keys = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let first = words.first else { continue }
            do throws(TransportError) {
                let key = try CurvePublicKey(String(first))
                guard words.count == 1 || words[1].hasPrefix("#") else {
                    throw .invalidKey(name, reason: "line \(index + 1) has more than a key and a comment")
                }
                keys.insert(key)
            } catch {
                if case .invalidKey(name, _) = error { throw error }
                guard first.hasPrefix("#") else {
                    throw .invalidKey(name, reason: "line \(index + 1) has no key of 40 characters of Z85 text")
                }
            }
        }
    }

    public func contains(_ key: CurvePublicKey) -> Bool { keys.contains(key) }
}

/// Whom a CURVE server admits.
public enum AllowedClients: Hashable, Sendable {
    /// Those whose keys are listed. An empty list admits nobody.
    case only(AllowList)
    /// Whoever knows the server's public key: encrypted, but anybody.
    case anyone

    func admit(_ key: CurvePublicKey) -> Bool {
        switch self {
        case .only(let list): list.contains(key)
        case .anyone: true
        }
    }
}
