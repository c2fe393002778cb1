// Names numbered as they are first met, so that whoever reads a history looks things up by number.

import Glibc

/// The number of a name in a `NameTable`: 0 for the first name that was met.
public struct NameID: Hashable, Sendable {
    let rawValue: UInt32

    /// A place in an array with an element a name.
    @inline(__always) var place: Int { Int(rawValue) }
}

/// All names of one kind that a history has: its keys, or its processes.
///
/// An open-addressed hash table over the names' bytes, which lie one after the other. Looking up a name that is there
/// allocates nothing; O(bytes of the name).
public struct NameTable: Sendable {
    private var text: [UInt8] = []
    /// Where each name ends in `text`, and what it was in JSON.
    private var names: [(end: Int, isNumber: Bool)] = []
    /// The number of a name plus one, or 0; a power of two of them, at least twice as many as there are names.
    private var slots: [UInt32] = Array(repeating: 0, count: 64)

    public var count: Int { names.count }

    init() {}

    /// The name of a number.
    public func name(_ id: NameID) -> HistoryName {
        let text = String(decoding: self.text[range(id.place)], as: UTF8.self)
        return names[id.place].isNumber ? .number(Int64(text) ?? 0) : .text(text)
    }

    /// All names, in the order of their numbers.
    public var all: [HistoryName] { names.indices.map { name(NameID(rawValue: UInt32($0))) } }

    private func range(_ place: Int) -> Range<Int> {
        (place == 0 ? 0 : names[place - 1].end)..<names[place].end
    }

    @inline(__always) mutating func id(of bytes: UnsafeBufferPointer<UInt8>, isNumber: Bool) -> NameID {
        var slot = Self.hash(bytes, isNumber) & (slots.count - 1)
        while slots[slot] != 0 {
            let place = Int(slots[slot] - 1)
            if isName(place, bytes, isNumber) { return NameID(rawValue: UInt32(place)) }
            slot = (slot + 1) & (slots.count - 1)
        }
        return add(bytes, isNumber, slot)
    }

    @inline(__always) private func isName(_ place: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ isNumber: Bool) -> Bool {
        let range = range(place)
        guard range.count == bytes.count, names[place].isNumber == isNumber else { return false }
        return text.withUnsafeBufferPointer { text in
            bytes.isEmpty || memcmp(text.baseAddress! + range.lowerBound, bytes.baseAddress!, bytes.count) == 0
        }
    }

    private mutating func add(_ bytes: UnsafeBufferPointer<UInt8>, _ isNumber: Bool, _ slot: Int) -> NameID {
        text.append(contentsOf: bytes)
        names.append((text.count, isNumber))
        slots[slot] = UInt32(names.count)
        if names.count * 2 > slots.count { grow() }
        return NameID(rawValue: UInt32(names.count - 1))
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        text.withUnsafeBufferPointer { text in
            for place in names.indices {
                let bytes = UnsafeBufferPointer(rebasing: text[range(place)])
                var slot = Self.hash(bytes, names[place].isNumber) & (slots.count - 1)
                while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
                slots[slot] = UInt32(place + 1)
            }
        }
    }

    /// FNV-1a (Fowler, Noll, Vo), with its high bits, which are the better ones, folded into the low.
    @inline(__always) private static func hash(_ bytes: UnsafeBufferPointer<UInt8>, _ isNumber: Bool) -> Int {
        var hash: UInt64 = isNumber ? 0x9e37_79b9_7f4a_7c15 : 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: (hash ^ hash >> 32) & 0x7fff_ffff)
    }
}
