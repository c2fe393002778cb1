// The state as bytes: whole, damaged, and in chunks for a new owner of slots.

import RingmasterProtocol
import Testing

struct SnapshotTests {
    /// A state with something of everything in it.
    static func sample(slots: Int = 16, keys: Int = 60) throws -> (machine: StateMachine, client: ClientID) {
        var machine = try StateMachine(workers: ["a"], slots: slots)
        _ = try machine.openSession(nonce: 1)
        let client = try machine.openSession(nonce: 2)
        try machine.deltas(
            (0..<keys).map { number in
                TestDelta(
                    client: client,
                    sequence: UInt64(number),
                    acked: UInt64(number / 2),
                    base: 0,
                    key: "key-\(number)",
                    state: number % 5 == 0 ? "-" : String(repeating: "s", count: number),
                    reply: "reply \(number)"
                )
            }
        )
        let intent = Intent(epoch: Epoch(9), mode: .barrier, members: [member("a"), member("b")], fenced: ["c"])
        try machine.step { $0.propose(intent) }
        return (machine, client)
    }

    @Test func aSnapshotGivesTheSameStateAndBehaviour() throws {
        var (machine, client) = try Self.sample()
        var restored = try StateMachine(snapshotBytes: machine.snapshot())
        #expect(restored.hash == machine.hash)
        #expect(restored.snapshot() == machine.snapshot())
        #expect(restored.view == machine.view && restored.intent == machine.intent)
        #expect(restored.clusterID == machine.clusterID && restored.jobIndex == machine.jobIndex)
        #expect(restored.keyCount == machine.keyCount && restored.sessionCount == machine.sessionCount)
        let more = (20..<80).map {
            TestDelta(client: client, sequence: $0, acked: 40, base: 1, key: "key-\($0)", state: "new", reply: "n")
        }
        #expect(try restored.deltas(more) == machine.deltas(more))
        #expect(try restored.openSession() == machine.openSession())
        let commit = { (writer: inout CommandWriter) in writer.commit(Epoch(9)) }
        #expect(try restored.step(commit) == machine.step(commit))
        #expect(restored.hash == machine.hash)
    }

    @Test func theStateOfNothingIsASnapshotToo() throws {
        let machine = StateMachine()
        #expect(try StateMachine(snapshotBytes: machine.snapshot()).hash == machine.hash)
    }

    @Test func aDamagedSnapshotIsRefused() throws {
        var random = SplitMix64(seed: 31)
        let bytes = try Self.sample().machine.snapshot()
        for length in bytes.indices {
            #expect(throws: CommandError.self) { try StateMachine(snapshotBytes: Array(bytes[..<length])) }
        }
        for _ in 0..<2000 {
            var damaged = bytes
            damaged[Int.random(in: bytes.indices, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            #expect(throws: CommandError.self) { try StateMachine(snapshotBytes: damaged) }
        }
        var newer = bytes
        newer[11] = 2
        #expect(throws: CommandError.snapshotFormatUnknown(2)) { try StateMachine(snapshotBytes: newer) }
        #expect(throws: CommandError.notASnapshot) { try StateMachine(snapshotBytes: Array("{}".utf8)) }
    }

    @Test func damageUnderARightChecksumIsRefusedOrReadWithoutACrash() throws {
        var random = SplitMix64(seed: 32)
        let bytes = try Self.sample().machine.snapshot()
        for _ in 0..<5000 {
            let body = mutated(Array(bytes.dropLast(8)), using: &random)
            let checksum = body.withUnsafeBytes { KeyHash(of: $0) }.rawValue
            let damaged = body + withUnsafeBytes(of: checksum.bigEndian) { Array($0) }
            do {
                // Nothing is read but what has the hash that the state had.
                let machine = try StateMachine(snapshotBytes: damaged)
                #expect(try StateMachine(snapshotBytes: machine.snapshot()).hash == machine.hash)
            } catch is CommandError {}
        }
    }

    @Test func aCopyIsUnaffectedByWhatIsAppliedLater() throws {
        var (machine, client) = try Self.sample()
        let copy = machine
        let (hash, bytes) = (copy.hash, copy.snapshot())
        try machine.deltas(
            (20..<80).map {
                TestDelta(client: client, sequence: $0 + 100, acked: 50, base: 1, key: "key-\($0)", state: "new")
            }
        )
        try machine.step {
            $0.commit(Epoch(9))
            $0.closeSession(client)
            $0.openSession(nonce: 5)
        }
        #expect(machine.hash != hash)
        #expect(copy.hash == hash && copy.snapshot() == bytes)
        #expect(try StateMachine(snapshotBytes: bytes).hash == hash)
    }
}

struct HandOverTests {
    private typealias KeyState = (key: String, version: UInt64, state: Int?)

    /// Every key of some slots, by chunks of at most so many bytes.
    private func handOver(_ machine: StateMachine, _ slots: [Slot], bytesMax: Int) throws -> [KeyState] {
        var keys: [KeyState] = []
        var cursor: StateCursor? = .start
        while let from = cursor {
            let (bytes, next) = machine.encodeSlots(slots, from: from, bytesMax: bytesMax)
            try bytes.withUnsafeBytes { bytes in
                let chunk = try SlotChunk(decoding: bytes)
                #expect(bytes.count <= bytesMax || chunk.count == 1 || (chunk.count == 0 && next == nil))
                #expect(chunk.count > 0 || next == nil)
                chunk.forEach { key, version, state in
                    keys.append((String(decoding: key, as: UTF8.self), version, state?.count))
                }
            }
            cursor = next
        }
        return keys
    }

    @Test(arguments: [0, 1, 40, 100, 1000, 1 << 20])
    func chunksHoldExactlyTheKeysOfTheSlots(bytesMax: Int) throws {
        let machine = try SnapshotTests.sample().machine
        let size = machine.view.ring.size
        for slots in [[3], [5, 1, 9], [], Array(0..<16), [15, 99]] as [[UInt32]] {
            let keys = try handOver(machine, slots.map { Slot($0) }, bytesMax: bytesMax)
            let expected = (0..<60).filter { slots.contains(size.slot(of: KeyHash(of: "key-\($0)")).rawValue) }
            #expect(Set(keys.map(\.key)) == Set(expected.map { "key-\($0)" }))
            #expect(keys.count == expected.count)
            for (key, version, state) in keys {
                #expect(version == machine.version(key) && state == machine.state(key)?.utf8.count)
            }
        }
    }

    @Test func aStateLargerThanAChunkTravelsAlone() throws {
        var machine = try StateMachine(workers: ["a"], slots: 1)
        let client = try machine.openSession()
        let large = String(repeating: "x", count: 5000)
        try machine.deltas(
            [
                TestDelta(client: client, sequence: 1, base: 0, key: "small", state: "s"),
                TestDelta(client: client, sequence: 2, base: 0, key: "large", state: large),
                TestDelta(client: client, sequence: 3, base: 0, key: "last", state: "s"),
            ]
        )
        let keys = try handOver(machine, [Slot(0)], bytesMax: 100)
        #expect(keys.map(\.key) == ["small", "large", "last"] && keys[1].state == 5000)
    }

    @Test func cursorsThatWereNeverGivenOutDoNoHarm() throws {
        let machine = try SnapshotTests.sample().machine
        for raw in [.max, 1 << 63, 0xffff_ffff, 5 << 32 | 77] as [UInt64] {
            _ = machine.encodeSlots([Slot(1)], from: StateCursor(rawValue: raw), bytesMax: 10)
        }
    }

    @Test func aDamagedChunkIsRefusedOrReadWithoutACrash() throws {
        var random = SplitMix64(seed: 33)
        let machine = try SnapshotTests.sample().machine
        let (bytes, _) = machine.encodeSlots([Slot(1), Slot(2)], from: .start, bytesMax: 1 << 20)
        for length in bytes.indices {
            #expect(throws: CommandError.self) {
                try Array(bytes[..<length]).withUnsafeBytes { _ = try SlotChunk(decoding: $0) }
            }
        }
        for _ in 0..<2000 {
            let damaged = mutated(bytes, using: &random)
            damaged.withUnsafeBytes { try? SlotChunk(decoding: $0).forEach { _, _, _ in } }
        }
    }
}
