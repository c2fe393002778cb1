// The bytes of entries, views and outcomes: golden forms, round trips, and what damaged ones come to.

import RingmasterProtocol
import Testing

struct EntryBytesTests {
    @Test func eachCommandHasItsGoldenBytes() throws {
        let delta = TestDelta(client: ClientID(5), sequence: 1, acked: 1, base: 0, key: "k", state: "s", reply: "r")
        var unchanged = delta
        unchanged.state = nil
        var removed = delta
        removed.state = "-"
        let intent = Intent(epoch: Epoch(2), mode: .barrier, members: [member("a")], fenced: ["z"])
        let golden: [((inout CommandWriter) -> Void, String)] = [
            (
                { $0.deltas(batch([delta, unchanged, removed])) },
                "9400a16101dd00000003" + "9705010100c4016bc40173c40172" + "9705010100c4016bc0c40172"
                    + "9705010100c4016bc2c40172"
            ),
            ({ $0.openSession(nonce: 300) }, "9201cd012c"),
            ({ $0.expireSessions(idleSinceMs: 9) }, "920209"),
            ({ $0.closeSession(ClientID(5)) }, "920305"),
            ({ $0.initialise(clusterID: 7) }, "930407cd1000"),
            ({ $0.propose(intent) }, "950502019194a1610101a97463703a2f2f613a3191a17a"),
            ({ $0.commit(Epoch(2)) }, "920602"),
        ]
        for (write, bytes) in golden {
            var writer = CommandWriter(timeMs: 1)
            write(&writer)
            #expect(hex(writer.bytes) == "01" + bytes)
        }
    }

    @Test func aDamagedEntryIsRefusedAndLeavesTheStateAsItWas() throws {
        var random = SplitMix64(seed: 21)
        var machine = try StateMachine(workers: ["a", "b"])
        let client = try machine.openSession()
        let deltas = (0..<4).map { TestDelta(client: client, sequence: $0, base: 0, key: "k\($0)", state: "s") }
        var writer = CommandWriter(timeMs: 5000)
        writer.openSession(nonce: 1)
        writer.deltas(batch(deltas))
        writer.initialise(clusterID: 8)
        writer.propose(Intent(epoch: Epoch(2), mode: .handoff, members: [member("a")], fenced: ["b"]))
        writer.commit(Epoch(2))
        writer.expireSessions(idleSinceMs: 10)
        writer.closeSession(client)
        let entry = writer.bytes
        var variants = (0..<entry.count).map { Array(entry[..<$0]) }
        for _ in 0..<2000 {
            var bytes = entry
            bytes[Int.random(in: bytes.indices, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            variants.append(bytes)
        }
        for _ in 0..<2000 { variants.append(mutated(entry, using: &random)) }
        var refused = 0
        for bytes in variants {
            var copy = machine
            do {
                try copy.apply(bytes: bytes)
            } catch is CommandError {
                refused += 1
                #expect(copy.hash == machine.hash)
            }
        }
        #expect(refused > 1500 && refused < variants.count)
    }

    @Test func whatDoesNotBelongInAnEntryIsNamed() {
        func error(_ text: String) -> CommandError? {
            var machine = StateMachine()
            return hex(text).withUnsafeBytes { bytes in
                do throws(CommandError) {
                    _ = try machine.apply(bytes)
                    return nil
                } catch {
                    return error
                }
            }
        }
        #expect(error("") == .encoding(.truncated(offset: 0)))
        #expect(error("01") == .entryEmpty)
        #expect(error("01 9107") == .kindUnknown(7))
        #expect(error("01 90") == .elementCount(expected: 1, found: 0, offset: 2))
        #expect(error("01 93010203") == .elementCount(expected: 2, found: 3, offset: 3))
        #expect(error("01 93040703") == .ring(.ringSizeInvalid(slotCount: 3)))
        #expect(error("01 9206cf4000000000000001") == .numberTooLarge(1 << 62 | 1, max: 1 << 62))
        #expect(error("01 950502029090") == .resizeModeUnknown(2))
        #expect(error("01 9400a16101919705010100c4016bc3c40172") == .stateUnclear(offset: 15))
        #expect(error("01 9400a001 90") == .ring(.workerIDEmpty))
        // A count that nothing stands behind.
        #expect(error("01 9400a16101ddffffffff") != nil)
    }

    @Test func aBatchFromAWorkerIsCheckedBeforeItIsProposed() throws {
        let delta = TestDelta(client: ClientID(5), sequence: 1, base: 0, key: "k", state: "s")
        let bytes = batch([delta, delta], worker: "w", incarnation: 4)
        try bytes.withUnsafeBytes { bytes in
            let batch = try DeltaBatch(decoding: bytes)
            #expect(batch.worker == "w" && batch.incarnation == Incarnation(4) && batch.count == 2)
            var keys: [String] = []
            batch.forEach { keys.append(String(decoding: $0.key, as: UTF8.self)) }
            #expect(keys == ["k", "k"])
        }
        for wrong in [bytes + [0], Array(bytes.dropLast()), [0x92, 0x01, 0x05]] {
            #expect(throws: CommandError.self) { try wrong.withUnsafeBytes { _ = try DeltaBatch(decoding: $0) } }
        }
    }

    @Test func aWriterBeginsTheNextBatchWhereItFinished() {
        var writer = DeltaBatchWriter(worker: "a", incarnation: Incarnation(1))
        let delta = TestDelta(client: ClientID(5), sequence: 1, base: 0, key: "k", state: "s")
        writer.add(delta)
        #expect(writer.count == 1)
        #expect(writer.finish() == batch([delta]))
        #expect(writer.count == 0)
        #expect(writer.finish() == batch([]))
    }

    @Test func aViewSurvivesTheWireAndNoDamageCrashes() throws {
        var random = SplitMix64(seed: 22)
        let machine = try StateMachine(workers: ["a", "b", "c"])
        let bytes = machine.view.encoded()
        #expect(try ClusterView(decoding: bytes) == machine.view)
        #expect(try ClusterView(decoding: ClusterView().encoded()) == ClusterView())
        for length in bytes.indices {
            #expect(throws: CommandError.self) { try ClusterView(decoding: Array(bytes[..<length])) }
        }
        for _ in 0..<2000 {
            if let view = try? ClusterView(decoding: mutated(bytes, using: &random)) {
                #expect(try ClusterView(decoding: view.encoded()) == view)
            }
        }
    }

    @Test func outcomesSurviveTheWireAndNoDamageCrashes() throws {
        var random = SplitMix64(seed: 23)
        let outcomes = DeltaOutcomes(
            count: 300,
            lastJob: JobID(1 << 40),
            refusals: [
                (0, .sessionUnknown), (3, .alreadyAcknowledged), (4, .staleOwner), (5, .sessionFull),
                (200, .staleBase(version: 1 << 33)), (299, .duplicate(job: JobID(3), version: 9, reply: [1, 2, 3])),
            ]
        )
        let bytes = outcomes.encoded()
        #expect(try DeltaOutcomes(decoding: bytes) == outcomes)
        for length in bytes.indices {
            #expect(throws: CommandError.self) { try DeltaOutcomes(decoding: Array(bytes[..<length])) }
        }
        for _ in 0..<5000 {
            if let read = try? DeltaOutcomes(decoding: mutated(bytes, using: &random)) {
                #expect(try DeltaOutcomes(decoding: read.encoded()) == read)
            }
        }
        // Offsets that do not ascend, and more accepted deltas than jobs.
        #expect(throws: CommandError.self) { try DeltaOutcomes(decoding: hex("930205929201009201 00")) }
        #expect(throws: CommandError.self) { try DeltaOutcomes(decoding: hex("93020190")) }
    }
}
