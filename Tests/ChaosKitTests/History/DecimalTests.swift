// Numbers in decimal are those that Swift prints.

import Testing

@testable import ChaosKit

struct DecimalTests {
    private func text(_ number: Int64) -> String {
        var bytes: [UInt8] = []
        Decimal.put(number, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func everyLengthIsWrittenAsSwiftWritesIt() {
        var numbers: [Int64] = [0, .min, .min + 1, .max]
        var power: Int64 = 1
        while true {
            numbers += [power - 1, power, power + 1, -power, 1 - power, -1 - power]
            let (next, overflows) = power.multipliedReportingOverflow(by: 10)
            if overflows { break }
            power = next
        }
        for bit in 0..<63 { numbers += [1 << bit, (1 << bit) - 1] }
        for number in numbers { #expect(text(number) == "\(number)") }
    }

    @Test func randomNumbersAreWrittenAsSwiftWritesThem() {
        var random = RandomSource(seed: 7, stream: 1)
        for _ in 0..<20_000 {
            let number = Int64(bitPattern: random.next()) >> Int64(random.next() & 63)
            #expect(text(number) == "\(number)")
        }
    }

    @Test(arguments: [0, 1, 127, 128, 129, 256, 1000])
    func listsOfAnyLengthAreWritten(count: Int) {
        let list = (0..<count).map { Int64($0) * 1_234_567 }
        var encoder = HistoryEncoder()
        encoder.encode(HistoryEvent(timeNs: 1, .read(.ok, by: .text("p"), key: .text("k"), list: list)))
        let line = String(decoding: encoder.bytes, as: UTF8.self)
        #expect(line.contains("\"value\":[\(list.map { "\($0)" }.joined(separator: ","))]"))
    }
}
