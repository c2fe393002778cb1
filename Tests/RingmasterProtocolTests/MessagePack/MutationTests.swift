// Bytes that were cut or changed on their way: refused or read as something else, never a crash.

import RingmasterProtocol
import Testing

struct MutationTests {
    @Test func everyTruncationIsRefused() throws {
        var random = SplitMix64(seed: 4)
        let bytes = try MessagePackEncoder().encode(Everything.random(using: &random))
        for length in 0..<bytes.count {
            #expect(throws: DecodingError.self) {
                try MessagePackDecoder().decode(Everything.self, from: Array(bytes[..<length]))
            }
            #expect(throws: MessagePackError.self) {
                try Array(bytes[..<length]).withUnsafeBytes { bytes in
                    var reader = MessagePackReader(bytes)
                    try reader.skipValue()
                }
            }
        }
    }

    @Test func aHundredThousandMutationsNeverCrash() throws {
        var random = SplitMix64(seed: 5)
        var (accepted, refused) = (0, 0)
        var original: [UInt8] = []
        for round in 0..<100_000 {
            if round % 1000 == 0 { original = try MessagePackEncoder().encode(Small.random(using: &random)) }
            let bytes = mutated(original, using: &random)
            do {
                let value = try MessagePackDecoder().decode(Small.self, from: bytes)
                // What was accepted is a value like any other.
                _ = try MessagePackEncoder().encode(value)
                accepted += 1
            } catch is DecodingError {
                refused += 1
            }
        }
        #expect(accepted > 1000 && refused > 10_000, "accepted \(accepted), refused \(refused)")
    }

    @Test func readersOfRandomBytesEndWithinThem() {
        var random = SplitMix64(seed: 6)
        for _ in 0..<100_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            bytes.withUnsafeBytes { bytes in
                var reader = MessagePackReader(bytes)
                while !reader.isAtEnd {
                    let before = reader.offset
                    guard (try? reader.skipValue(checkingText: true)) != nil else {
                        #expect(reader.offset == before)
                        return
                    }
                    #expect(reader.offset > before && reader.offset <= bytes.count)
                }
            }
        }
    }
}

/// As much of `Everything` as is worth a hundred thousand rounds.
private struct Small: Codable {
    var scalars: Scalars
    var points: [Point]
    var byName: [String: Point]
    var byNumber: [Int: Step]
    var tree: Tree

    static func random(using random: inout SplitMix64) -> Small {
        let value = Everything.random(using: &random)
        let points = Array(value.points.prefix(2))
        return Small(
            scalars: value.scalars,
            points: points,
            byName: Dictionary(points.map { ($0.label, $0) }) { first, _ in first },
            byNumber: Dictionary(value.steps.prefix(3).enumerated().map { ($0.offset, $0.element) }) { first, _ in first
            },
            tree: value.tree
        )
    }
}

/// The bytes with one to three of them changed, removed, repeated or made up.
func mutated(_ bytes: [UInt8], using random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
        let position = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.remove(at: position)
        case 3: bytes.insert(UInt8.random(in: 0x80...0xff, using: &random), at: position)
        default: bytes.removeLast(min(bytes.count, Int.random(in: 1...4, using: &random)))
        }
    }
    return bytes
}
