// The messages of a resize, byte for byte, and what of a peer's is refused.

import RingmasterProtocol
import Testing

/// Each message with its bytes. They were checked by hand against the MessagePack specification, and python3-msgpack
/// 1.0.3 gives the same ones for the same dicts:
///
///     84                        a map of four
///       a4 74797065             "type"
///       a4 73796e63             "sync"
///       a4 6e616d65             "name"
///       ad 636f...2d31          "coordinator-1", 13 bytes; a8 776f...2d31 is "worker-1"
///       a5 7068617365           "phase"
///       03
///       a4 64617461             "data"
///       81                      a map of one
///         a5 65706f6368 07      "epoch", 7
private let golden: [(message: SyncMessage, bytes: String)] = [
    (
        // "base" is 6, "mode" is "handoff".
        .fromCoordinator(
            "coordinator-1",
            Epoch(7),
            .propose(base: Epoch(6), mode: .handoff, members: [Member("worker-1")])
        ),
        "84 a474797065 a473796e63 a46e616d65 ad636f6f7264696e61746f722d31 a57068617365 01 a464617461"
            + "84 a462617365 06 a46d6f6465 a768616e646f6666 a76d656d62657273 91 a8776f726b65722d31 a565706f6368 07"
    ),
    (
        // "mode" is "barrier"; "weights" [2].
        .fromCoordinator(
            "coordinator-1",
            Epoch(7),
            .propose(base: Epoch(6), mode: .barrier, members: [weighing(2, "a")])
        ),
        "84 a474797065 a473796e63 a46e616d65 ad636f6f7264696e61746f722d31 a57068617365 01 a464617461"
            + "85 a462617365 06 a46d6f6465 a762617272696572 a76d656d62657273 91 a161 a565706f6368 07 a777656967687473 91 02"
    ),
    (
        // "current_job" is 300: cd 012c.
        .fromMember("worker-1", Epoch(7), .report(currentJob: JobID(300))),
        "84 a474797065 a473796e63 a46e616d65 a8776f726b65722d31 a57068617365 01 a464617461"
            + "82 ab63757272656e745f6a6f62 cd012c a565706f6368 07"
    ),
    (
        // "sync_to" is 70,000: ce 00011170. "members" is an array of two: 92.
        .fromCoordinator(
            "coordinator-1",
            Epoch(7),
            .synchronise(base: Epoch(6), syncTo: JobID(70_000), members: [Member("worker-1"), Member("worker-2")])
        ),
        "84 a474797065 a473796e63 a46e616d65 ad636f6f7264696e61746f722d31 a57068617365 02 a464617461"
            + "84 a773796e635f746f ce00011170 a76d656d62657273 92 a8776f726b65722d31 a8776f726b65722d32"
            + "a462617365 06 a565706f6368 07"
    ),
    (
        // Not all weights are 1, so they follow: "weights" [1, 300].
        .fromCoordinator(
            "coordinator-1",
            Epoch(7),
            .synchronise(base: Epoch(6), syncTo: JobID(70_000), members: [Member("a"), weighing(300, "b")])
        ),
        "84 a474797065 a473796e63 a46e616d65 ad636f6f7264696e61746f722d31 a57068617365 02 a464617461"
            + "85 a773796e635f746f ce00011170 a76d656d62657273 92 a161 a162 a462617365 06 a565706f6368 07"
            + "a777656967687473 92 01 cd012c"
    ),
    (
        // "ack" is "ok".
        .fromMember("worker-1", Epoch(7), .synchronised),
        "84 a474797065 a473796e63 a46e616d65 a8776f726b65722d31 a57068617365 02 a464617461"
            + "82 a361636b a26f6b a565706f6368 07"
    ),
    (
        .fromCoordinator("coordinator-1", Epoch(7), .notify),
        "84 a474797065 a473796e63 a46e616d65 ad636f6f7264696e61746f722d31 a57068617365 03 a464617461"
            + "81 a565706f6368 07"
    ),
    (
        .fromMember("worker-1", Epoch(7), .notified),
        "84 a474797065 a473796e63 a46e616d65 a8776f726b65722d31 a57068617365 03 a464617461"
            + "82 a361636b a26f6b a565706f6368 07"
    ),
]

private func weighing(_ weight: Int, _ id: WorkerID) -> Member {
    do {
        return try Member(id, weight: weight)
    } catch {
        preconditionFailure("\(error)")
    }
}

struct SyncMessageTests {
    @Test func everyMessageHasItsBytes() throws {
        for (message, bytes) in golden {
            #expect(hex(message.encoded()) == hex(hex(bytes)), "\(message)")
            #expect(try SyncMessage(decoding: hex(bytes)) == message)
        }
    }

    @Test func encodingAppends() {
        var writer = MessagePackWriter()
        for (message, _) in golden { message.encode(into: &writer) }
        #expect(writer.bytes == golden.flatMap { hex($0.bytes) })
    }

    @Test func randomMessagesComeBack() throws {
        var random = SplitMix64(seed: 7)
        for _ in 0..<2000 {
            let message = try SyncMessage.random(using: &random)
            #expect(try SyncMessage(decoding: message.encoded()) == message)
        }
    }

    @Test func theLargestMessageComesBack() throws {
        let members = try (0..<RingLimits.membersMax).map { number in
            let digits = String(number)
            let name = String(repeating: "0", count: RingLimits.workerIDBytesMax - digits.count) + digits
            return try Member(WorkerID(validating: name), weight: RingLimits.weightMax)
        }
        let coordinator = try CoordinatorID(validating: String(repeating: "c", count: 64))
        let base = Epoch(Epoch.wireMax.rawValue - 1)
        let order = SyncMessage.Order.synchronise(base: base, syncTo: JobID.wireMax, members: members)
        let message = SyncMessage.fromCoordinator(coordinator, Epoch.wireMax, order)
        #expect(try SyncMessage(decoding: message.encoded()) == message)
    }

    @Test func everyTruncationIsRefused() {
        for (message, bytes) in golden {
            let bytes = hex(bytes)
            for length in 0..<bytes.count {
                #expect(throws: MessageError.self, "\(message) cut to \(length)") {
                    try SyncMessage(decoding: Array(bytes[..<length]))
                }
            }
            refuses(bytes + [0xc0], with: .encoding(.trailingBytes(count: 1, offset: bytes.count)))
        }
    }

    @Test func keysMayComeInAnyOrder() throws {
        // {data: {epoch: 7, current_job: 300}, phase: 1, name: "w", type: "sync"}
        let bytes = "84 a464617461 82 a565706f6368 07 ab63757272656e745f6a6f62 cd012c a57068617365 01 a46e616d65 a177"
        let message = SyncMessage.fromMember("w", Epoch(7), .report(currentJob: JobID(300)))
        #expect(try SyncMessage(decoding: hex(bytes + "a474797065 a473796e63")) == message)
    }

    @Test func dataMayCarryMoreThanIsKnown() throws {
        // data: {7: nil, "later": {"a": [1]}, "epoch": 7, nil: "x"}
        let data = "84 07c0 a56c61746572 81a1619101 a565706f6368 07 c0a178"
        let message = try SyncMessage(decoding: hex(sync(phase: "03", data: data)))
        #expect(message == .fromCoordinator("c", Epoch(7), .notify))
    }

    @Test func whatIsMissingIsNamed() {
        refuses(sync(phase: "01", data: "80"), with: .keyMissing("epoch"))
        refuses(sync(phase: "01", data: "81 a565706f6368 07"), with: .keyMissing("base"))
        refuses(sync(phase: "01", data: "82 a565706f6368 07 a462617365 06"), with: .keyMissing("mode"))
        let handoff = "a46d6f6465 a768616e646f6666"
        refuses(sync(phase: "01", data: "83 a565706f6368 07 a462617365 06" + handoff), with: .keyMissing("members"))
        refuses(sync(phase: "02", data: "81 a565706f6368 07"), with: .keyMissing("base"))
        refuses(sync(phase: "02", data: "82 a565706f6368 07 a462617365 06"), with: .keyMissing("sync_to"))
        let syncTo = "83 a565706f6368 07 a462617365 06 a773796e635f746f 01"
        refuses(sync(phase: "02", data: syncTo), with: .keyMissing("members"))
        refuses("83 a474797065 a473796e63 a46e616d65 a163 a57068617365 01", with: .keyMissing("data"))
        refuses("80", with: .keyMissing("type"))
        refuses("81 a474797065 a473796e63", with: .keyMissing("name"))
    }

    @Test func keysOfTheOuterMapAreExactlyTheFour() {
        refuses(
            "85" + sync(phase: "01", data: "81 a565706f6368 07").dropFirst(2) + "a178 01",
            with: .keyUnknown(offset: 38)
        )
        refuses(
            "85" + sync(phase: "01", data: "81 a565706f6368 07").dropFirst(2) + "07 01",
            with: .keyUnknown(offset: 38)
        )
        refuses("82 a474797065 a473796e63 a474797065 a473796e63", with: .keyRepeated("type"))
        refuses(sync(phase: "01", data: "82 a565706f6368 07 a565706f6368 07"), with: .keyRepeated("epoch"))
    }

    @Test func unknownTypesPhasesAndAcksAreRefused() {
        let data = "81 a565706f6368 07"
        refuses("84 a474797065 a473796e64 a46e616d65 a163 a57068617365 01 a464617461" + data, with: .typeUnknown)
        refuses("84 a474797065 a0 a46e616d65 a163 a57068617365 01 a464617461" + data, with: .typeUnknown)
        refuses(sync(phase: "00", data: data), with: .phaseUnknown(0))
        refuses(sync(phase: "04", data: data), with: .phaseUnknown(4))
        refuses(sync(phase: "ff", data: data), with: .phaseUnknown(-1))
        refuses(sync(phase: "cf8000000000000000", data: data), with: .encoding(.outOfRange(offset: 24)))
        let mode = "84 a565706f6368 07 a462617365 06 a76d656d62657273 90 a46d6f6465 a3666f6f"
        refuses(sync(phase: "01", data: mode), with: .modeUnknown)
        for phase in ["02", "03"] {
            refuses(sync(phase: phase, data: "82 a361636b a26e6f a565706f6368 07"), with: .ackUnknown)
        }
        let both = "83 a361636b a26f6b a773796e635f746f 01 a565706f6368 07"
        refuses(sync(phase: "02", data: both), with: .directionUnclear)
    }

    @Test func wrongTypesAreRefused() {
        let nothing = "c0"
        refuses("c0", with: mismatch(.map, .null, 0))
        refuses("94", with: .encoding(.tooLarge(count: 4, remaining: 0, offset: 0)))
        refuses(sync(phase: "a131", data: "81 a565706f6368 07"), with: mismatch(.integer, .string, 24))
        refuses(sync(phase: "ca3f800000", data: "81 a565706f6368 07"), with: mismatch(.integer, .float, 24))
        refuses(sync(phase: "01", data: nothing), with: mismatch(.map, .null, 30))
        refuses(sync(phase: "01", data: "81 a565706f6368 a137"), with: mismatch(.integer, .string, 37))
        refuses(sync(phase: "01", data: "81 a565706f6368 ff"), with: .encoding(.outOfRange(offset: 37)))
        refuses(sync(name: "05", phase: "03", data: "81 a565706f6368 07"), with: mismatch(.string, .integer, 16))
        refuses(sync(name: "c40163", phase: "03", data: "81 a565706f6368 07"), with: mismatch(.string, .binary, 16))
        refuses(sync(phase: "03", data: "82 a361636b c3 a565706f6368 07"), with: mismatch(.string, .bool, 35))
        refuses(members("81a16101"), with: mismatch(.array, .map, 61))
        refuses(members("9101"), with: mismatch(.string, .integer, 62))
    }

    @Test func namesAndNumbersBeyondTheirLimitsAreRefused() {
        let epoch = "81 a565706f6368 07"
        let long = "d941" + String(repeating: "61", count: 65)
        refuses(sync(name: "a0", phase: "03", data: epoch), with: .coordinatorIDEmpty)
        refuses(sync(name: long, phase: "03", data: epoch), with: .coordinatorIDTooLong(byteCount: 65))
        let ack = "82 a361636b a26f6b a565706f6368 07"
        refuses(sync(name: "a0", phase: "03", data: ack), with: .ring(.workerIDEmpty))
        refuses(sync(name: long, phase: "03", data: ack), with: .ring(.workerIDTooLong(byteCount: 65)))
        refuses(sync(name: "a1ff", phase: "03", data: ack), with: .encoding(.invalidText(offset: 16)))
        let beyond = "cf4000000000000001"
        let value: UInt64 = (1 << 62) + 1
        refuses(sync(phase: "01", data: "81 a565706f6368" + beyond), with: .numberTooLarge(key: "epoch", value: value))
        let job = "82 ab63757272656e745f6a6f62" + beyond + "a565706f6368 07"
        refuses(sync(phase: "01", data: job), with: .numberTooLarge(key: "current_job", value: value))
    }

    @Test func aBaseThatIsNotOlderIsRefused() {
        for (base, value) in [("07", UInt64(7)), ("08", 8), ("cfffffffffffffffff", UInt64.max)] {
            for phase in ["01", "02"] {
                let data = "82 a565706f6368 07 a462617365" + base
                refuses(sync(phase: phase, data: data), with: .baseNotOlder(base: value, epoch: Epoch(7)))
            }
        }
        let negative = sync(phase: "01", data: "82 a565706f6368 07 a462617365 ff")
        refuses(negative, with: .encoding(.outOfRange(offset: 43)))
    }

    @Test func membersThatNoRingAllowsAreRefused() {
        refuses(members("92 a162 a161"), with: .ring(.membersOutOfOrder("a")))
        refuses(members("92 a161 a161"), with: .ring(.memberRepeated("a")))
        refuses(members("91 a0"), with: .ring(.workerIDEmpty))
        refuses(members("91 a161", weights: "9100"), with: .ring(.weightOutOfRange(weight: 0)))
        refuses(members("91 a161", weights: "91ce00010001"), with: .ring(.weightOutOfRange(weight: 65_537)))
        refuses(members("91 a161", weights: "90"), with: .weightsUnpaired(members: 1, weights: 0))
        refuses(members("91 a161", weights: "920101"), with: .weightsUnpaired(members: 1, weights: 2))
        let tooMany = "dd00010000" + String(repeating: "a0", count: 65_536)
        refuses(members(tooMany), with: .ring(.tooManyMembers(count: 65_536)))
    }

    @Test func aRingWithoutMembersAndWrittenOutWeightsAreAccepted() throws {
        let none = try SyncMessage(decoding: hex(members("90")))
        #expect(none == .fromCoordinator("c", Epoch(7), .synchronise(base: Epoch(6), syncTo: JobID(1), members: [])))
        let one = try SyncMessage(decoding: hex(members("91 a161", weights: "9101")))
        let order = SyncMessage.Order.synchronise(base: Epoch(6), syncTo: JobID(1), members: [Member("a")])
        #expect(one == .fromCoordinator("c", Epoch(7), order))
    }

    @Test func hostileSizesAreRefusedAtOnce() {
        let most = Int(UInt32.max)
        refuses("dfffffffff a474797065", with: .encoding(.tooLarge(count: most, remaining: 5, offset: 0)))
        refuses(
            sync(phase: "01", data: "dfffffffff"),
            with: .encoding(.tooLarge(count: most, remaining: 0, offset: 30))
        )
        refuses(sync(name: "dbffffffff", phase: "01", data: "80"), with: .encoding(.truncated(offset: 16)))
        refuses("81a178" + String(repeating: "91", count: 100_000) + "00", with: .encoding(.tooDeep(offset: 34)))
    }

    @Test func aHundredThousandMutationsNeverCrash() {
        var random = SplitMix64(seed: 8)
        let originals = golden.map { hex($0.bytes) }
        var (accepted, refused) = (0, 0)
        for _ in 0..<100_000 {
            let bytes = mutated(originals.randomElement(using: &random)!, using: &random)
            if let message = try? SyncMessage(decoding: bytes) {
                accepted += 1
                if (try? SyncMessage(decoding: message.encoded())) != message { Issue.record("\(message)") }
            } else {
                refused += 1
            }
        }
        #expect(accepted > 1000 && refused > 50_000, "accepted \(accepted), refused \(refused)")
    }

    @Test func theEpochAndPhaseAreThoseOfTheRound() {
        #expect(golden.map(\.message.phase) == [1, 1, 1, 2, 2, 2, 3, 3])
        #expect(golden.allSatisfy { $0.message.epoch == Epoch(7) })
    }
}

/// A message in hexadecimal; its phase begins at byte 24 and its data at byte 30 if name and phase take one byte.
private func sync(name: String = "a163", phase: String, data: String) -> String {
    "84 a474797065 a473796e63 a46e616d65" + name + "a57068617365" + phase + "a464617461" + data
}

/// An order of phase 2.
private func members(_ members: String, weights: String? = nil) -> String {
    let rest = weights.map { "a777656967687473" + $0 } ?? ""
    let head = weights == nil ? "84" : "85"
    return sync(
        phase: "02",
        data: head + "a565706f6368 07 a462617365 06 a773796e635f746f 01 a76d656d62657273" + members + rest
    )
}

private func mismatch(_ expected: MessagePackType, _ found: MessagePackType, _ offset: Int) -> MessageError {
    .encoding(.typeMismatch(expected: expected, found: found, offset: offset))
}

private func refuses(_ bytes: String, with error: MessageError, sourceLocation: SourceLocation = #_sourceLocation) {
    refuses(hex(bytes), with: error, sourceLocation: sourceLocation)
}

private func refuses(_ bytes: [UInt8], with error: MessageError, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: sourceLocation) { try SyncMessage(decoding: bytes) }
}

extension SyncMessage {
    fileprivate static func random(using random: inout SplitMix64) throws -> SyncMessage {
        func number() -> UInt64 { random.next() >> UInt64.random(in: 2...63, using: &random) }
        let epoch = Epoch(number()).next
        let base = Epoch(number() % epoch.rawValue)
        let coordinator = try CoordinatorID(validating: name(using: &random))
        let worker = try WorkerID(validating: name(using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            let mode: ResizeMode = Bool.random(using: &random) ? .handoff : .barrier
            let order = Order.propose(base: base, mode: mode, members: try members(using: &random))
            return .fromCoordinator(coordinator, epoch, order)
        case 1: return .fromMember(worker, epoch, .report(currentJob: JobID(number())))
        case 2:
            let members = try members(using: &random)
            return .fromCoordinator(
                coordinator,
                epoch,
                .synchronise(base: base, syncTo: JobID(number()), members: members)
            )
        case 3: return .fromMember(worker, epoch, .synchronised)
        case 4: return .fromCoordinator(coordinator, epoch, .notify)
        default: return .fromMember(worker, epoch, .notified)
        }
    }
    private static func members(using random: inout SplitMix64) throws -> [Member] {
        let count = Int.random(in: 0...40, using: &random)
        let ids = try Set((0..<count).map { _ in try WorkerID(validating: name(using: &random)) })
        let isWeighted = Bool.random(using: &random)
        return try ids.sorted().map { id in
            try Member(id, weight: isWeighted ? Int.random(in: 1...RingLimits.weightMax, using: &random) : 1)
        }
    }

    private static func name(using random: inout SplitMix64) -> String {
        String((0..<Int.random(in: 1...16, using: &random)).map { _ in "abü€😀".randomElement(using: &random)! })
    }
}
