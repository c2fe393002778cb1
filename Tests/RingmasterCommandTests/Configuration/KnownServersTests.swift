// Which server's key is expected where.

import Ringmaster
import Testing

@testable import RingmasterCommand

struct KnownServersTests {
    private let (own, all, one): (CurvePublicKey, CurvePublicKey, CurvePublicKey)

    init() throws {
        own = try CurveKeyPair.generate().publicKey
        all = try CurveKeyPair.generate().publicKey
        one = try CurveKeyPair.generate().publicKey
    }

    @Test
    func withoutAListServersHaveTheSamePair() throws {
        #expect(try KnownServers([], own: own).key(of: "tcp://a:1") == own)
    }

    @Test
    func aHostsOwnKeyGoesBeforeTheOneOfAll() throws {
        let known = try KnownServers([all.text, "10.0.0.1=\(one.text)"], own: own)
        #expect(known.key(of: "tcp://10.0.0.1:7400") == one)
        #expect(known.key(of: "tcp://10.0.0.1:7410") == one)
        #expect(known.key(of: "tcp://10.0.0.2:7400") == all)
    }

    @Test
    func aFileHoldsTheSameLines() throws {
        let folder = try TestFolder()
        let path = try folder.write("# servers\n\(all.text)\n10.0.0.1=\(one.text) # alpha\n", to: "servers")
        let known = try KnownServers([path], own: own)
        #expect(known.key(of: "tcp://10.0.0.1:7400") == one)
        #expect(known.key(of: "tcp://10.0.0.2:7400") == all)
        #expect(throws: TransportError.self) { try KnownServers([try folder.write("x\n", to: "bad")], own: own) }
        #expect(throws: TransportError.self) { try KnownServers(["/nowhere"], own: own) }
    }
}
