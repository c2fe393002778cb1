// CURVE keys: Curve25519 keys written as Z85 text. RFC 26 (CurveZMQ) and RFC 32 (Z85) of rfc.zeromq.org.

import CShim

/// The public half of a key pair: who somebody is. May be shown to anybody.
public struct CurvePublicKey: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of a key, and characters of its text.
    static let byteCount = 32
    static let characterCount = Int(RM_CURVE_KEY_LENGTH)

    let bytes: [UInt8]

    /// Takes 40 characters of Z85 text.
    /// - Throws: `TransportError.invalidKey`.
    public init(_ text: String) throws(TransportError) {
        bytes = try Self.decode(text, named: "'\(text.prefix(64))'")
    }

    /// Takes the 32 bytes of a key; nil for any other number.
    init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// The key as Z85 text, 40 characters. Any of them may be punctuation, '#' included.
    public var text: String { Self.encode(bytes) }

    public var description: String { text }

    /// `name` stands for the key in errors, so that a secret one is never shown.
    static func decode(_ text: String, named name: String) throws(TransportError) -> [UInt8] {
        guard text.utf8.count == characterCount else {
            throw .invalidKey(name, reason: "it has \(text.utf8.count) characters, not \(characterCount)")
        }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        // libzmq takes a C string, which a NUL would end: the rest of the key would be zeros.
        guard !text.utf8.contains(0), zmq_z85_decode(&bytes, text) != nil else {
            throw .invalidKey(name, reason: "it is not Z85 text")
        }
        return bytes
    }

    static func encode(_ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: characterCount + 1)
        rm_curve_text(bytes, &text)
        return String(decoding: text.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// A public key and its secret half. The secret is shown by no description and no dump; `KeyFile` writes it.
public struct CurveKeyPair: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    public let publicKey: CurvePublicKey
    let secret: [UInt8]

    /// Draws a new pair from the system's random source.
    /// - Throws: `TransportError.system` where libzmq was built without CURVE.
    public static func generate() throws(TransportError) -> CurveKeyPair {
        var publicText = [CChar](repeating: 0, count: CurvePublicKey.characterCount + 1)
        var secretText = publicText
        let status = rm_curve_keypair(&publicText, &secretText)
        guard status == 0 else { throw TransportError(code: status, doing: "making a key pair") }
        return try CurveKeyPair(
            secretText: String(decoding: secretText.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        )
    }

    /// Takes the secret half as 40 characters of Z85 text, and derives the public half.
    /// - Throws: `TransportError.invalidKey`.
    public init(secretText: String) throws(TransportError) {
        secret = try CurvePublicKey.decode(secretText, named: "(secret)")
        var publicText = [CChar](repeating: 0, count: CurvePublicKey.characterCount + 1)
        let status = rm_curve_public(secretText, &publicText)
        guard status == 0 else { throw .invalidKey("(secret)", reason: "it is no secret key") }
        publicKey = try CurvePublicKey(
            String(decoding: publicText.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        )
    }

    /// The secret half as text. Whoever has it can pretend to be this pair's owner.
    var secretText: String { CurvePublicKey.encode(secret) }

    public var description: String { "CurveKeyPair(public: \(publicKey.text))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey.text]) }
}
