// The bytes of values, as python3-msgpack 1.0.3 (`msgpack.packb`) writes them, and the same values read back.

import RingmasterProtocol
import Testing

struct GoldenBytesTests {
    @Test(arguments: [
        (0, "00"), (127, "7f"), (128, "cc80"), (255, "ccff"), (256, "cd0100"), (65_535, "cdffff"),
        (65_536, "ce00010000"), (4_294_967_295, "ceffffffff"), (4_294_967_296, "cf0000000100000000"),
        (-1, "ff"), (-32, "e0"), (-33, "d0df"), (-128, "d080"), (-129, "d1ff7f"), (-32_768, "d18000"),
        (-32_769, "d2ffff7fff"), (-2_147_483_648, "d280000000"), (-2_147_483_649, "d3ffffffff7fffffff"),
        (Int.min, "d38000000000000000"), (Int.max, "cf7fffffffffffffff"),
    ])
    func integersHaveTheirShortestForm(value: Int, bytes: String) throws {
        #expect(try hex(MessagePackEncoder().encode(value)) == bytes)
        #expect(try MessagePackDecoder().decode(Int.self, from: hex(bytes)) == value)
    }

    @Test func theLargestUnsignedIntegerIsHeld() throws {
        #expect(try hex(MessagePackEncoder().encode(UInt64.max)) == "cfffffffffffffffff")
        #expect(try MessagePackDecoder().decode(UInt64.self, from: hex("cfffffffffffffffff")) == UInt64.max)
    }

    @Test func floatsKeepTheirWidthAndBits() throws {
        #expect(try hex(MessagePackEncoder().encode(1.1)) == "cb3ff199999999999a")
        #expect(try hex(MessagePackEncoder().encode(-0.0)) == "cb8000000000000000")
        #expect(try hex(MessagePackEncoder().encode(Float(1.5))) == "ca3fc00000")
        let negativeZero = try MessagePackDecoder().decode(Double.self, from: hex("cb8000000000000000"))
        #expect(negativeZero == 0 && negativeZero.sign == .minus)
    }

    @Test(arguments: [
        ("", "a0"), ("ü", "a2c3bc"), ("€uro", "a6e282ac75726f"),
        (String(repeating: "a", count: 31), "bf" + String(repeating: "61", count: 31)),
        (String(repeating: "a", count: 32), "d920" + String(repeating: "61", count: 32)),
    ])
    func textIsItsUTF8(text: String, bytes: String) throws {
        #expect(try hex(MessagePackEncoder().encode(text)) == bytes)
        #expect(try MessagePackDecoder().decode(String.self, from: hex(bytes)) == text)
    }

    @Test func bytesAreABin() throws {
        #expect(try hex(MessagePackEncoder().encode([UInt8]())) == "c400")
        #expect(try hex(MessagePackEncoder().encode([UInt8]("abc".utf8))) == "c403616263")
        #expect(try MessagePackDecoder().decode([UInt8].self, from: hex("c403616263")) == [UInt8]("abc".utf8))
    }

    @Test(arguments: [
        (0, "c70005"), (1, "d405"), (2, "d505"), (3, "c70305"), (4, "d605"), (8, "d705"), (16, "d805"), (17, "c71105"),
    ])
    func extensionsUseTheFixedFormsWhereThereIsOne(count: Int, head: String) throws {
        let data = [UInt8](repeating: 0xab, count: count)
        var writer = MessagePackWriter()
        data.withUnsafeBytes { writer.writeExtension(type: 5, $0) }
        #expect(hex(writer.bytes) == head + hex(data))
        try writer.bytes.withUnsafeBytes { bytes in
            var reader = MessagePackReader(bytes)
            let value = try reader.readExtension()
            #expect(value.type == 5 && [UInt8](value.data) == data)
            #expect(reader.isAtEnd)
        }
    }

    @Test func aStructIsAMapInTheOrderOfItsProperties() throws {
        let point = Point(x: 1, y: -2, label: "p")
        #expect(try hex(MessagePackEncoder().encode(point)) == "83a17801a179fea56c6162656ca170")
        #expect(try MessagePackDecoder().decode(Point.self, from: hex("83a17801a179fea56c6162656ca170")) == point)
    }

    @Test func nestedValuesAreWrittenInPlace() throws {
        let bytes =
            "84a46e616d65a16ea676616c7565739901cc80ce00010000cf0000000100000000ffd0dfd1ff7fd2ffff7fffd3ffffffff7fffffff"
            + "a5696e6e657282a4666c6167c3a76e6f7468696e67c0a464617461c40200ff"
        let record = Record(
            name: "n",
            values: [1, 128, 65_536, 4_294_967_296, -1, -33, -129, -32_769, -2_147_483_649],
            inner: Record.Inner(flag: true, nothing: nil),
            data: [0x00, 0xff]
        )
        #expect(try hex(MessagePackEncoder().encode(record)) == bytes)
        #expect(try MessagePackDecoder().decode(Record.self, from: hex(bytes)) == record)
    }

    @Test func enumsAreWhatSwiftSynthesises() throws {
        let golden: [(Step, String)] = [
            (.circle(radius: 1.5), "81a6636972636c6581a6726164697573cb3ff8000000000000"),
            (.move(3, -4), "81a46d6f766582a25f3003a25f31fc"),
            (.idle, "81a469646c6580"),
        ]
        for (step, bytes) in golden {
            #expect(try hex(MessagePackEncoder().encode(step)) == bytes)
            #expect(try MessagePackDecoder().decode(Step.self, from: hex(bytes)) == step)
        }
    }

    @Test func aHeaderGrowsWhenAMapHasMoreThanFifteenKeys() throws {
        let bytes =
            "de0010a36b303000a36b303101a36b303202a36b303303a36b303404a36b303505a36b303606a36b303707a36b303808a36b303909"
            + "a36b31300aa36b31310ba36b31320ca36b31330da36b31340ea36b31350f"
        let pairs = OrderedPairs((0..<16).map { ($0 < 10 ? "k0\($0)" : "k\($0)", $0) })
        #expect(try hex(MessagePackEncoder().encode(pairs)) == bytes)
        let dictionary = try MessagePackDecoder().decode([String: Int].self, from: hex(bytes))
        #expect(dictionary == Dictionary(uniqueKeysWithValues: pairs.pairs))
    }
}
