// Types of the shapes that Swift code has, for the tests of the encoder and decoder.

struct Point: Codable, Hashable {
    var x: Int
    var y: Int
    var label: String
}

struct Record: Codable, Hashable {
    struct Inner: Codable, Hashable {
        private enum CodingKeys: CodingKey { case flag, nothing }
        var flag: Bool
        var nothing: Int?

        init(flag: Bool, nothing: Int?) {
            self.flag = flag
            self.nothing = nothing
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            flag = try container.decode(Bool.self, forKey: .flag)
            nothing = try container.decodeIfPresent(Int.self, forKey: .nothing)
        }

        /// Writes nil as nil, where synthesised code leaves it out.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(flag, forKey: .flag)
            try container.encode(nothing, forKey: .nothing)
        }
    }

    var name: String
    var values: [Int]
    var inner: Inner
    var data: [UInt8]
}

enum Step: Codable, Hashable {
    case circle(radius: Double)
    case move(Int, Int)
    case idle
}

/// Every scalar, and every one optional.
struct Scalars: Codable, Hashable {
    var bool = false
    var string = ""
    var double = 0.0
    var float: Float = 0
    var int = 0
    var int8: Int8 = 0
    var int16: Int16 = 0
    var int32: Int32 = 0
    var int64: Int64 = 0
    var uint: UInt = 0
    var uint8: UInt8 = 0
    var uint16: UInt16 = 0
    var uint32: UInt32 = 0
    var uint64: UInt64 = 0
    var bytes: [UInt8] = []
    var maybeString: String?
    var maybeInt: Int?
    var maybeBytes: [UInt8]?
    var maybePoint: Point?
}

enum Colour: String, Codable, Hashable {
    case red, green
}

indirect enum Tree: Codable, Hashable {
    case leaf(Int)
    case node(Tree, Tree)
}

/// A bit of everything, nested.
struct Everything: Codable, Hashable {
    var scalars = Scalars()
    var points: [Point] = []
    var optionals: [Int?] = []
    var byName: [String: [Point]] = [:]
    var byNumber: [Int: String] = [:]
    var byColour: [Colour: Int] = [:]
    var steps: [Step] = []
    var tree = Tree.leaf(0)
    var colours: Set<Colour> = []
    var matrix: [[Double]] = []
    var blobs: [[UInt8]] = []
}

struct Empty: Codable, Hashable {}

/// A map with its keys in a given order.
struct OrderedPairs: Encodable {
    let pairs: [(String, Int)]

    init(_ pairs: [(String, Int)]) {
        self.pairs = pairs
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: TextKey.self)
        for (key, value) in pairs { try container.encode(value, forKey: TextKey(stringValue: key)) }
    }
}

/// Any text as a key.
struct TextKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        return nil
    }
}

class Vehicle: Codable {
    var wheels: Int

    init(wheels: Int) {
        self.wheels = wheels
    }
}

/// Codes its superclass with the super encoder, in a map of its own.
final class Lorry: Vehicle {
    var load: String
    private enum CodingKeys: CodingKey { case load }

    init(wheels: Int, load: String) {
        self.load = load
        super.init(wheels: wheels)
    }

    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        load = try container.decode(String.self, forKey: .load)
        try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(load, forKey: .load)
        try super.encode(to: container.superEncoder())
    }
}
