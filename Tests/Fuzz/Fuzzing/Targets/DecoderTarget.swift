// `MessagePackDecoder` and `MessagePackEncoder`: values of Codable types.

import RingmasterProtocol

/// Bytes decoded as types of every shape. What is decoded is encoded and decoded again, and must be the same.
final class DecoderTarget: FuzzTarget {
    let name: StaticString = "decoder"
    private let memory = GuardedMemory(capacity: Mutator.bytesMax)

    private typealias Attempt = @Sendable (UnsafeRawBufferPointer) throws(BrokenPromise) -> String
    private static let attempts: [Attempt] = [
        attempt(Order.self), attempt(Order.self), attempt(Shape.self), attempt(Nest.self), attempt(Anything.self),
        attempt(Anything.self), attempt(ByHand.self), attempt(Derived.self), attempt([Int64].self),
        attempt([Bool?].self),
        attempt([String: [UInt8]].self), attempt([Int: String].self), attempt([[String: Int8]].self),
        attempt(Bits.self),
        attempt(String.self), attempt(UInt8.self), attempt([UInt8].self), attempt(ShortBits?.self),
    ]

    let seeds: [[UInt8]] = {
        let order = Order(
            item: "nut",
            quantity: 3,
            prices: ["a": Bits(1.5)],
            tags: ["x", "y"],
            isPaid: true,
            label: [1, 2]
        )
        let nest = Nest(inside: [Nest(inside: []), Nest(inside: [Nest(inside: [])])])
        let values: [any Encodable] = [
            order, Order(item: "", quantity: -1, prices: [:], tags: nil, isPaid: nil, label: []),
            Shape.circle(radius: 4), Shape.named("a", side: 9), Shape.nothing, nest,
            Anything.map(["a": .list([.number(1), .null, .text("b"), .truth(true)])]),
            ByHand(words: ["a", "b"], pairs: ["c": 1], rest: 7), Derived(base: 5, more: "more"),
            [Int64.min, -1, 0, .max], [true, nil, false] as [Bool?], ["a": [1, 2] as [UInt8]], [1: "a", -2: "b"],
            [["a": 1 as Int8], [:]], Bits(.nan), "ümläut", 255 as UInt8, [0, 1, 255] as [UInt8],
        ]
        return values.compactMap { try? MessagePackEncoder().encode($0) } + [largeMap()]
    }()

    /// A map of many keys. Not from a dictionary, whose order differs from one to the next: a seed would not give the same
    /// inputs again. For that reason the dictionaries above have one key at the most.
    private static func largeMap() -> [UInt8] {
        var writer = MessagePackWriter()
        writer.writeMapHeader(count: 40)
        for key in 0..<40 {
            writer.write("key\(key)")
            writer.writeArrayHeader(count: 1)
            writer.write(Int64(key))
        }
        return writer.bytes
    }

    func make(_ random: inout SplitMix64) -> [UInt8]? {
        guard random.oneIn(4) else { return nil }
        var writer = MessagePackWriter()
        Tree.random(size: 24, &random).write(to: &writer)
        return writer.bytes.count <= Mutator.bytesMax ? writer.bytes : nil
    }

    func read(_ input: [UInt8], _ random: inout SplitMix64) throws(BrokenPromise) -> String {
        let bytes = memory.place(input)
        let attempt = random.pick(Self.attempts)
        let verdict = try attempt(bytes)
        // One type seldom fits: the two that take nearly anything are tried as well.
        if verdict != "read" { _ = try Self.attempt(Anything.self)(bytes) }
        return verdict
    }

    private static func attempt<Value: Codable & Equatable & SendableMetatype>(_ type: Value.Type) -> Attempt {
        { (bytes: UnsafeRawBufferPointer) throws(BrokenPromise) in
            let decoder = MessagePackDecoder()
            let value: Value
            do {
                value = try decoder.decode(type, from: bytes)
            } catch let error as DecodingError {
                return "refused: \(error.kind)"
            } catch {
                throw BrokenPromise("decoding \(type) fails with a DecodingError, not with \(error)")
            }
            let encoded: [UInt8]
            do {
                encoded = try MessagePackEncoder().encode(value)
            } catch {
                // Readers let an empty array or map stand one level deeper than the encoder does, which opens it before it
                // knows that nothing follows.
                try promise("what was decoded as \(type) can be encoded (\(error))", isAtDepthLimit(bytes))
                return "read, at the limit of depth"
            }
            guard let again = try? decoder.decode(type, from: encoded) else {
                throw BrokenPromise("what was encoded as \(type) can be decoded")
            }
            try promise("\(type) is the same when it is encoded and decoded", again == value)
            return "read"
        }
    }
}

/// Whether arrays and maps nest deeper than the encoder writes, where empty ones are counted as well.
private func isAtDepthLimit(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var reader = MessagePackReader(bytes)
    guard let tree = try? Tree(from: &reader, markerAt: { bytes[$0] }) else { return false }
    return tree.depth > MessagePackLimits.depthMax
}

extension DecodingError {
    fileprivate var kind: String {
        switch self {
        case .typeMismatch: "type mismatch"
        case .valueNotFound: "nil, or nothing left"
        case .keyNotFound: "key missing"
        case .dataCorrupted(let context):
            (context.underlyingError as? MessagePackError)?.kind ?? "not what the type allows"
        @unknown default: "otherwise"
        }
    }
}
