// The wire contract from a key to its slot. The golden hashes are those of `xxhsum -H64`, the reference program of
// xxHash; the slots are their top bits.

import RingmasterProtocol
import Testing

struct KeyToSlotTests {
    /// A key, its XXH64, and its slot on rings of 1, 2, 16, 4096 and 2^20 slots.
    struct Golden: Sendable {
        let key: [UInt8]
        let hash: UInt64
        let slots: [UInt32]

        init(_ key: some Sequence<UInt8>, _ hash: UInt64, _ slots: [UInt32]) {
            self.key = Array(key)
            self.hash = hash
            self.slots = slots
        }
    }

    static let goldens = [
        Golden("".utf8, 0xef46_db37_51d8_e999, [0, 1, 14, 3828, 980_077]),
        Golden("a".utf8, 0xd24e_c4f1_a98c_6e5b, [0, 1, 13, 3364, 861_420]),
        Golden("abc".utf8, 0x44bc_2cf5_ad77_0999, [0, 0, 4, 1099, 281_538]),
        Golden("job-1".utf8, 0x5f75_7ec0_b874_6f3f, [0, 0, 5, 1527, 390_999]),
        Golden("user:42".utf8, 0xdc1f_ea7d_a8d2_d1c2, [0, 1, 13, 3521, 901_630]),
        Golden("Gr\u{fc}\u{df}e".utf8, 0x2996_4875_bfe3_cb55, [0, 0, 2, 665, 170_340]),
        Golden("Gru\u{308}\u{df}e".utf8, 0xe2a8_e7c4_0923_e46c, [0, 1, 14, 3626, 928_398]),
        Golden("0123456789abcdef0123456789abcdef".utf8, 0x642a_9495_8e71_e6c5, [0, 0, 6, 1602, 410_281]),
        Golden("0123456789abcdef0123456789abcdef0".utf8, 0xe876_84f0_8d6d_0816, [0, 1, 14, 3719, 952_168]),
        Golden([0xff, 0x00, 0xfe], 0xc906_02bf_ad5d_bd09, [0, 1, 12, 3216, 823_392]),
        Golden(0...255, 0x1fac_be84_06cd_904b, [0, 0, 1, 506, 129_739]),
    ]

    @Test(arguments: goldens) func aKeyHasItsGoldenHashAndSlots(golden: Golden) throws {
        let hash = golden.key.withUnsafeBytes { KeyHash(of: $0) }
        #expect(hash == KeyHash(rawValue: golden.hash))
        for (slotCount, slot) in zip([1, 2, 16, 4096, 1 << 20], golden.slots) {
            #expect(try RingSize(slotCount: slotCount).slot(of: hash) == Slot(slot))
        }
    }

    @Test(arguments: goldens) func aKeyHashesAlikeInWhateverFormItIsHeld(golden: Golden) {
        let hash = KeyHash(rawValue: golden.hash)
        #expect(KeyHash(of: golden.key.span.bytes) == hash)
        let text = String(decoding: golden.key, as: UTF8.self)
        if Array(text.utf8) == golden.key {
            #expect(KeyHash(of: text) == hash)
            #expect(KeyHash(of: String(("-" + text).dropFirst())) == hash)
        }
    }

    @Test func anAbsentBufferHashesAsAnEmptyKey() {
        #expect(KeyHash(of: UnsafeRawBufferPointer(start: nil, count: 0)) == KeyHash(of: ""))
    }

    @Test func theDefaultRingHas4096Slots() {
        #expect(RingSize.standard.slotCount == 4096)
    }

    @Test func aRingTakesEveryPowerOfTwoUpTo2To20AndNothingElse() throws {
        for bits in 0...20 {
            #expect(try RingSize(slotCount: 1 << bits).slotCount == 1 << bits)
        }
        for slotCount in [Int.min, -4096, -1, 0, 3, 4095, 4097, (1 << 20) + 1, 1 << 21, Int.max] {
            #expect(throws: RingError.ringSizeInvalid(slotCount: slotCount)) { try RingSize(slotCount: slotCount) }
        }
    }

    @Test func doublingARingSplitsEachSlotInTwo() throws {
        var generator = SplitMix64(seed: 1)
        for bits in 0..<20 {
            let (small, large) = try (RingSize(slotCount: 1 << bits), RingSize(slotCount: 2 << bits))
            for _ in 0..<100 {
                let hash = KeyHash(rawValue: generator.next())
                #expect(small.slot(of: hash).rawValue == large.slot(of: hash).rawValue / 2)
            }
        }
    }

    @Test func everyHashFallsOnTheRing() throws {
        for bits in 0...20 {
            let size = try RingSize(slotCount: 1 << bits)
            #expect(size.slot(of: KeyHash(rawValue: 0)) == Slot(0))
            let last = size.slot(of: KeyHash(rawValue: UInt64.max))
            #expect(last == Slot(UInt32(size.slotCount - 1)))
            #expect(size.contains(last))
            #expect(!size.contains(Slot(UInt32(size.slotCount))))
        }
    }
}
