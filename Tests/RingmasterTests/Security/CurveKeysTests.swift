// That keys are checked, that their files are private, and that a secret is never shown.

import Glibc
import Testing

@testable import Ringmaster

struct CurveKeysTests {
    private let folder = TemporaryFolder()

    private func error(_ body: () throws -> Void) -> TransportError? {
        do {
            try body()
            return nil
        } catch {
            return error as? TransportError
        }
    }

    private func isInvalidKey(_ error: TransportError?, naming name: String, saying part: String) -> Bool {
        guard case .invalidKey(let named, let reason) = error else { return false }
        return named.contains(name) && reason.contains(part)
    }

    @Test func aPublicKeyIsItsText() throws {
        for _ in 0..<100 {
            let key = try CurveKeyPair.generate().publicKey
            #expect(try CurvePublicKey(key.text) == key)
            #expect(key.text.utf8.count == 40 && key.bytes.count == 32)
        }
    }

    @Test(arguments: [
        "", "short", String(repeating: "a", count: 41), String(repeating: "~", count: 40),
        String(repeating: "#", count: 40), String(repeating: "é", count: 20),
        // A C string would end after ten characters, which are a whole number of groups.
        String(repeating: "a", count: 10) + "\0" + String(repeating: "a", count: 29),
    ])
    func textThatIsNoKeyIsRefused(text: String) {
        #expect(
            isInvalidKey(error { _ = try CurvePublicKey(text) }, naming: text.prefix(40).description, saying: "it ")
        )
    }

    @Test func aSecretKeyHasOnePublicKey() throws {
        let keys = try CurveKeyPair.generate()
        #expect(try CurveKeyPair(secretText: keys.secretText) == keys)
        #expect(try CurveKeyPair.generate() != keys)
    }

    @Test func aSecretIsNeverShown() throws {
        let keys = try CurveKeyPair.generate()
        let security = Security.curveServer(keys: keys, allowing: .anyone)
        var dumped = ""
        dump(security, to: &dumped)
        for text in ["\(keys)", keys.debugDescription, dumped, "\(security)", String(reflecting: security)] {
            #expect(!text.contains(keys.secretText))
            #expect(!text.contains("\(keys.secret[0]), \(keys.secret[1]), \(keys.secret[2])"))
        }
        let bad = error { _ = try CurveKeyPair(secretText: keys.secretText + "x") }
        #expect(bad.map { !$0.description.contains(keys.secretText) } == true)
    }

    @Test func aKeyFileIsPrivateWhateverTheUmask() throws {
        // All of them leave the owner alone, as other tests make files meanwhile.
        for mask: mode_t in [0, 0o022, 0o077] {
            let path = folder.file("key-\(mask)")
            let keys = try CurveKeyPair.generate()
            let before = umask(mask)
            defer { umask(before) }
            try KeyFile.write(keys, to: path)
            var status = stat()
            #expect(lstat(path, &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o600)
            #expect(try KeyFile.read(path) == keys)
        }
    }

    @Test func aKeyFileIsNeverOverwritten() throws {
        let path = folder.file("key")
        let keys = try CurveKeyPair.generate()
        try KeyFile.write(keys, to: path)
        let again = error { try KeyFile.write(CurveKeyPair.generate(), to: path) }
        #expect(isInvalidKey(again, naming: path, saying: "exists already"))
        #expect(try KeyFile.read(path) == keys)
        // Nor is a link followed to somewhere else.
        symlink(folder.file("elsewhere"), folder.file("link"))
        #expect(error { try KeyFile.write(keys, to: folder.file("link")) } != nil)
        #expect(access(folder.file("elsewhere"), F_OK) != 0)
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o602, 0o710] as [mode_t])
    func aKeyFileThatOthersMayUseIsRefusedWithTheRemedy(mode: mode_t) throws {
        let keys = try CurveKeyPair.generate()
        let path = folder.write("secret \(keys.secretText)\n", to: "open", mode: mode)
        #expect(isInvalidKey(error { _ = try KeyFile.read(path) }, naming: path, saying: "chmod 600"))
        chmod(path, 0o400)
        #expect(try KeyFile.read(path) == keys)
    }

    @Test func aMissingMalformedOrStrangeKeyFileIsRefused() {
        let missing = folder.file("missing")
        #expect(isInvalidKey(error { _ = try KeyFile.read(missing) }, naming: missing, saying: "No such file"))
        let empty = folder.write("", to: "empty")
        #expect(isInvalidKey(error { _ = try KeyFile.read(empty) }, naming: empty, saying: "no line"))
        let malformed = folder.write("secret 123\n", to: "malformed")
        #expect(isInvalidKey(error { _ = try KeyFile.read(malformed) }, naming: malformed, saying: "40 characters"))
        let large = folder.write(String(repeating: "x", count: 5000), to: "large")
        #expect(isInvalidKey(error { _ = try KeyFile.read(large) }, naming: large, saying: "more than 4096 bytes"))
        #expect(isInvalidKey(error { _ = try KeyFile.read(folder.path) }, naming: folder.path, saying: "regular"))
        let pipe = folder.file("pipe")
        mkfifo(pipe, 0o600)
        #expect(isInvalidKey(error { _ = try KeyFile.read(pipe) }, naming: pipe, saying: "regular"))
    }

    @Test func anAllowListHasOneKeyALineAndComments() throws {
        let keys = try (0..<3).map { _ in try CurveKeyPair.generate().publicKey }
        // A key may begin with '#'; this one does.
        let odd = "#" + String(repeating: "0", count: 39)
        let text = """
            # the clients

            \(keys[0].text)
              \(keys[1].text)   # a name
            # \(keys[2].text)
            #\(keys[2].text)
            \(odd)
            """
        let path = folder.write(text, to: "allowed", mode: 0o644)
        let list = try AllowList(contentsOf: path)
        if (try? CurvePublicKey(odd)) != nil {
            #expect(list == AllowList([keys[0], keys[1], try CurvePublicKey(odd)]))
        } else {
            #expect(list == AllowList(keys[..<2]))
        }
        #expect(!list.contains(keys[2]))
    }

    @Test func anAllowListWithAMistakeIsRefusedWithItsLine() throws {
        let key = try CurveKeyPair.generate().publicKey.text
        let short = folder.write("# x\n\(key.dropLast())\n", to: "short")
        #expect(isInvalidKey(error { _ = try AllowList(contentsOf: short) }, naming: short, saying: "line 2"))
        let twice = folder.write("\(key) \(key)\n", to: "twice")
        let error = error { _ = try AllowList(contentsOf: twice) }
        // Where the second key begins with '#' it is a comment.
        #expect(key.hasPrefix("#") || isInvalidKey(error, naming: twice, saying: "line 1"))
    }
}
