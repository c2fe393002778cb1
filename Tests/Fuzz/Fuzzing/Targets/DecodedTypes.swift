// The Codable types that the decoder is asked for: synthesised and by hand, flat and deep.

/// A number that equals another by its bits, so that one that is no number equals itself.
struct Bits: Codable, Equatable {
    let value: Double

    init(_ value: Double) {
        self.value = value
    }

    init(from decoder: any Decoder) throws {
        value = try decoder.singleValueContainer().decode(Double.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }

    static func == (a: Bits, b: Bits) -> Bool { a.value.bitPattern == b.value.bitPattern }
}

/// The same of 32 bits. All that are no number are alike: widening and narrowing may change their bits.
struct ShortBits: Codable, Equatable {
    let value: Float

    init(from decoder: any Decoder) throws {
        value = try decoder.singleValueContainer().decode(Float.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }

    static func == (a: ShortBits, b: ShortBits) -> Bool {
        a.value.bitPattern == b.value.bitPattern || a.value.isNaN && b.value.isNaN
    }
}

struct Order: Codable, Equatable {
    let item: String
    let quantity: Int
    let prices: [String: Bits]
    let tags: [String]?
    let isPaid: Bool?
    let label: [UInt8]
}

enum Shape: Codable, Equatable {
    case circle(radius: Int)
    case named(String, side: UInt8)
    case nothing
}

/// Arrays in arrays.
struct Nest: Codable, Equatable {
    let inside: [Nest]

    init(inside: [Nest]) {
        self.inside = inside
    }

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        var inside: [Nest] = []
        while !container.isAtEnd { inside.append(try container.decode(Nest.self)) }
        self.inside = inside
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        for nest in inside { try container.encode(nest) }
    }
}

/// Whatever is there, found out by trying.
enum Anything: Codable, Equatable {
    case null
    case truth(Bool)
    case number(Int64)
    case real(Bits)
    case text(String)
    case list([Anything])
    case map([String: Anything])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .truth(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .number(value)
        } else if let value = try? container.decode(Bits.self) {
            self = .real(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([Anything].self) {
            self = .list(value)
        } else {
            self = .map(try container.decode([String: Anything].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .truth(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .real(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .map(let value): try container.encode(value)
        }
    }
}

/// Containers nested by hand, keys that are asked for, and a value that is passed over.
struct ByHand: Codable, Equatable {
    let words: [String]
    let pairs: [String: Int]
    let rest: Int

    private enum Keys: String, CodingKey {
        case words, pairs, rest
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(words: [String], pairs: [String: Int], rest: Int) {
        self.words = words
        self.pairs = pairs
        self.rest = rest
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        var list = try container.nestedUnkeyedContainer(forKey: .words)
        var words: [String] = []
        while !list.isAtEnd {
            if try list.decodeNil() { continue }
            words.append(try list.decode(String.self))
        }
        let map = try container.nestedContainer(keyedBy: AnyKey.self, forKey: .pairs)
        var pairs: [String: Int] = [:]
        for key in map.allKeys where try !map.decodeNil(forKey: key) {
            pairs[key.stringValue] = try map.decode(Int.self, forKey: key)
        }
        self.words = words
        self.pairs = pairs
        rest = container.contains(.rest) ? try container.decode(Int.self, forKey: .rest) : container.codingPath.count
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        var list = container.nestedUnkeyedContainer(forKey: .words)
        var map = container.nestedContainer(keyedBy: AnyKey.self, forKey: .pairs)
        // Written in turns, which the encoder has to put in order.
        for word in words { try list.encode(word) }
        for (key, value) in pairs { try map.encode(value, forKey: AnyKey(stringValue: key)) }
        try container.encode(rest, forKey: .rest)
    }
}

/// A class whose superclass is coded under a key of its own.
class Base: Codable {
    let base: Int

    init(base: Int) {
        self.base = base
    }
}

final class Derived: Base, Equatable {
    let more: String

    private enum Keys: String, CodingKey {
        case more
    }

    init(base: Int, more: String) {
        self.more = more
        super.init(base: base)
    }

    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        more = try container.decode(String.self, forKey: .more)
        try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(more, forKey: .more)
        try super.encode(to: container.superEncoder())
    }

    static func == (a: Derived, b: Derived) -> Bool { a.base == b.base && a.more == b.more }
}
