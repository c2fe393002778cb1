// Messages of Raft that are cut into parts come together as they were, or not at all.

import Testing

@testable import Ringmaster

struct RaftParcelTests {
    private func together(_ parts: [[UInt8]]) -> [[UInt8]] {
        var parcels = RaftParcels()
        var messages: [[UInt8]] = []
        for part in parts {
            part.withUnsafeBytes { bytes in
                guard let part = RaftParcel(bytes), let message = parcels.take(part) else { return }
                messages.append(message)
            }
        }
        return messages
    }

    @Test(arguments: [0, 1, 100, 8 << 20, (8 << 20) + 1, 20_000_003])
    func aMessageComesTogetherAsItWas(count: Int) {
        let message = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let parts = RaftParcel.parts(of: message, number: 7, from: 3)
        #expect(parts.count == max(1, (count + (8 << 20) - 1) / (8 << 20)))
        #expect(parts.allSatisfy { $0.count <= (8 << 20) + RaftParcel.headBytes })
        #expect(together(parts) == [message])
    }

    @Test
    func aMessageThatLacksAPartIsDroppedAndTheNextIsWhole() {
        let first = RaftParcel.parts(of: [UInt8](repeating: 1, count: 20_000_000), number: 1, from: 3)
        let second = RaftParcel.parts(of: [UInt8](repeating: 2, count: 20_000_000), number: 2, from: 3)
        #expect(together([first[0], first[2]] + second) == [[UInt8](repeating: 2, count: 20_000_000)])
        #expect(together([first[0]] + second) == [[UInt8](repeating: 2, count: 20_000_000)])
        #expect(together([first[1], first[2]]) == [])
    }

    @Test
    func partsThatAreTooShortAreNone() {
        #expect(together([[], [1, 2, 3], [UInt8](repeating: 0, count: 23)]) == [])
    }
}
