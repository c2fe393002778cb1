// Keys as the settings give them, and the security of each socket that follows from them.

import Foundation
import Ringmaster

/// How every socket of this process proves who it is, and to whom it speaks.
struct SecurityKeys: Sendable {
    /// Of sockets that listen.
    let server: Security
    /// Of sockets that connect, by where to.
    let client: @Sendable (Endpoint) -> Security

    /// Reads the files.
    /// - Throws: `CommandFailure` where the settings contradict each other or a file cannot be used.
    init(keyPath: String?, allowPath: String?, serverKeys: [String], isInsecure: Bool) throws(CommandFailure) {
        guard let keyPath else {
            for (setting, isGiven) in [(Setting.allow, allowPath != nil), (.serverKey, !serverKeys.isEmpty)]
            where isGiven {
                throw CommandFailure(
                    .usage,
                    "\(setting.flag) says whom to trust, which needs a key of one's own: give --key FILE (ringmaster keygen FILE)"
                )
            }
            let plain: Security = isInsecure ? .insecure : .none
            server = plain
            client = { _ in plain }
            return
        }
        guard !isInsecure else {
            throw CommandFailure(
                .usage,
                "--insecure and --key contradict each other: with keys everything is encrypted"
            )
        }
        do throws(TransportError) {
            let keys = try KeyFile.read(keyPath)
            let allowed: AllowedClients =
                switch allowPath {
                case nil: .only(AllowList([keys.publicKey]))
                case "any": .anyone
                case let path?: .only(try AllowList(contentsOf: path))
                }
            server = .curveServer(keys: keys, allowing: allowed)
            let known = try KnownServers(serverKeys, own: keys.publicKey)
            client = { .curveClient(keys: keys, server: known.key(of: $0)) }
        } catch {
            throw CommandFailure(.configuration, error.description)
        }
    }
}

/// The public keys of servers, by host.
struct KnownServers: Sendable {
    private var byHost: [String: CurvePublicKey] = [:]
    private var standard: CurvePublicKey

    /// - Parameters:
    ///   - texts: KEY, HOST=KEY, or the path of a file with one of these a line, in any order.
    ///   - own: The key of hosts that are not named: a cluster whose processes share one key pair needs no list.
    init(_ texts: [String], own: CurvePublicKey) throws(TransportError) {
        standard = own
        for text in texts {
            if Self.isEntry(text) {
                try add(text)
            } else {
                try read(text)
            }
        }
    }

    private static let keyLength = 40

    /// A text that ends in the 40 characters of a key, alone or behind "HOST=", and is no file.
    private static func isEntry(_ text: String) -> Bool {
        guard (try? CurvePublicKey(String(text.suffix(keyLength)))) != nil else { return false }
        let host = text.dropLast(keyLength)
        return (host.isEmpty || host.count > 1 && host.hasSuffix("=")) && !FileManager.default.fileExists(atPath: text)
    }

    private mutating func add(_ text: String) throws(TransportError) {
        let key = try CurvePublicKey(String(text.suffix(Self.keyLength)))
        let host = text.dropLast(Self.keyLength)
        if host.isEmpty { standard = key } else { byHost[String(host.dropLast())] = key }
    }

    private mutating func read(_ path: String) throws(TransportError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .invalidKey(path, reason: "it is neither KEY, HOST=KEY nor a file that can be read")
        }
        for (index, line) in String(decoding: data, as: UTF8.self).split(separator: "\n").enumerated() {
            let text = line.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
            if text.isEmpty || text == "#" { continue }
            guard Self.isEntry(text) else {
                throw .invalidKey(path, reason: "line \(index + 1) is neither KEY nor HOST=KEY")
            }
            try add(text)
        }
    }

    func key(of endpoint: Endpoint) -> CurvePublicKey {
        let rest = endpoint.text.dropFirst("\(endpoint.transport.rawValue)://".count)
        let host = rest.lastIndex(of: ":").map { String(rest[..<$0]) } ?? String(rest)
        return byHost[host] ?? byHost[endpoint.text] ?? standard
    }
}
