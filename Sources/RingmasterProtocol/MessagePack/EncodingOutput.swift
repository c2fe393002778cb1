// The bytes of an encoding in progress, and where the values that are not finished yet lie in them. The containers in
// EncodingContainers.swift write through it.
//
// A value begins as a placeholder of one byte, an empty map. Its first container turns that into the header of a map or
// an array, whose count is put right when the container closes; a scalar replaces it. Nearly always the value written to
// is the innermost one and a write is an append. `Codable` also lets a type write to containers in turns: a write to one
// that has been closed goes in at its end, and what lies behind moves.

/// Where a value that is being encoded lies: a position in the stack of extents of an output.
struct EncodingPlace {
    let output: EncodingOutput
    fileprivate let index: Int32
    /// Tells the extent from a later one at the same position.
    fileprivate let serial: UInt32

    /// The keys that lead to the value; empty once it is finished.
    var codingPath: [any CodingKey] { output.path(of: self) }
}

/// Confined to one call of the encoder.
final class EncodingOutput {
    /// What a value has turned out to be.
    private enum Content {
        case placeholder, scalar, array, map
    }

    /// A value that may still be written to.
    private struct Extent {
        var content = Content.placeholder
        /// The container around it; -1 for the root.
        let parent: Int
        /// How many containers are around it.
        let depth: Int
        let serial: UInt32
        /// Its key; nil in an array, and for the root.
        let key: (any CodingKey)?
        /// How many elements its container had before it.
        let position: Int
        var start: Int
        /// Where it ends; -1 while it reaches to the end of the bytes.
        var end = -1
        /// Elements or pairs inside.
        var count = 0
        var headerLength = 1
    }

    var writer = MessagePackWriter()
    /// By beginning: a value stands behind its container. What is finished for good is dropped.
    private var extents: [Extent] = []
    /// The one that an append belongs to: it and all around it are open, all others closed. -1 before the root.
    private var innermost = -1
    private var serials: UInt32 = 0
    /// What went wrong where nothing could be thrown, or cannot be undone.
    private var failure: (any Error)?

    /// Encodes the one value that all others are inside of. `depth` arrays and maps are around it, written by others.
    func encodeRoot<Value: Encodable>(_ value: Value, inside depth: Int) throws {
        let before = writer.bytes.count
        writer.writeMapHeader(count: 0)
        let place = push(parent: -1, depth: depth, key: nil, position: 0, start: before)
        innermost = 0
        do {
            try value.encode(to: ValueEncoder(place: place))
            if let failure { throw failure }
            finish(place)
        } catch {
            extents.removeAll()
            writer.bytes.removeLast(writer.bytes.count - before)
            throw error
        }
    }
}

// What containers ask for
extension EncodingOutput {
    /// Makes the value a map or an array, or finds that it is one.
    func open(_ place: EncodingPlace, asMap: Bool) {
        check(place)
        let index = Int(place.index)
        let content = asMap ? Content.map : .array
        guard extents[index].content != content else { return }
        precondition(extents[index].content == .placeholder, "a value is one of scalar, array and map, and once only")
        if extents[index].depth >= MessagePackLimits.depthMax { failTooDeep(place) }
        extents[index].content = content
        writer.bytes[extents[index].start] = asMap ? 0x80 : 0x90
    }

    /// How many elements or pairs the container has.
    func count(of place: EncodingPlace) -> Int {
        check(place)
        return extents[Int(place.index)].count
    }

    /// Adds an element to a container: a key in a map, and what `write` writes, which is one value.
    @inline(__always)
    func append(to place: EncodingPlace, key: String?, _ write: (inout MessagePackWriter) -> Void) {
        check(place)
        let index = Int(place.index)
        if innermost == index || reopen(index) {
            extents[index].count += 1
            if let key { writer.write(key) }
            write(&writer)
        } else {
            var late = MessagePackWriter()
            if let key { late.write(key) }
            write(&late)
            insert(late.bytes, atEndOf: index)
        }
    }

    /// Makes the value itself the scalar that `write` writes.
    @inline(__always)
    func fill(_ place: EncodingPlace, _ write: (inout MessagePackWriter) -> Void) {
        check(place)
        let index = Int(place.index)
        precondition(extents[index].content == .placeholder, "a value is encoded once only")
        extents[index].content = .scalar
        if innermost == index {
            writer.bytes.removeLast()
            write(&writer)
        } else {
            var late = MessagePackWriter()
            write(&late)
            let (start, end) = (extents[index].start, extents[index].end)
            writer.bytes.replaceSubrange(start..<end, with: late.bytes)
            shift(from: end, by: late.bytes.count - (end - start), inside: index)
        }
    }

    /// Adds an element that is written to by and by.
    func appendPlaceholder(to place: EncodingPlace, key: (any CodingKey)?) -> EncodingPlace {
        append(to: place, key: key?.stringValue) { $0.writeMapHeader(count: 0) }
        let index = Int(place.index)
        let isInnermost = innermost == index
        let start = (isInnermost ? writer.bytes.count : extents[index].end) - 1
        let child = push(
            parent: index,
            depth: extents[index].depth + 1,
            key: key,
            position: extents[index].count - 1,
            start: start
        )
        if isInnermost {
            innermost = Int(child.index)
        } else {
            extents[Int(child.index)].end = start + 1
        }
        return child
    }

    /// Adds a whole element. Where it cannot be encoded, the container is as it was before.
    func append<Value: Encodable>(_ value: Value, to place: EncodingPlace, key: (any CodingKey)?) throws {
        if let failure { throw failure }
        check(place)
        let index = Int(place.index)
        let isInOrder = innermost == index || reopen(index)
        let before = writer.bytes.count
        let child = appendPlaceholder(to: place, key: key)
        do {
            try value.encode(to: ValueEncoder(place: child))
            finish(child)
        } catch {
            if isInOrder {
                innermost = index
                extents.removeLast(extents.count - Int(child.index))
                extents[index].count -= 1
                writer.bytes.removeLast(writer.bytes.count - before)
            } else {
                failure = error
            }
            throw error
        }
        if let failure { throw failure }
    }

    func path(of place: EncodingPlace) -> [any CodingKey] {
        guard isLive(place) else { return [] }
        var path: [any CodingKey] = []
        var index = Int(place.index)
        while extents[index].parent >= 0 {
            path.append(extents[index].key ?? PositionKey(extents[index].position))
            index = extents[index].parent
        }
        return path.reversed()
    }
}

// Open and closed
extension EncodingOutput {
    private func push(parent: Int, depth: Int, key: (any CodingKey)?, position: Int, start: Int) -> EncodingPlace {
        serials &+= 1
        let extent = Extent(parent: parent, depth: depth, serial: serials, key: key, position: position, start: start)
        extents.append(extent)
        return EncodingPlace(output: self, index: Int32(extents.count - 1), serial: serials)
    }

    @inline(__always)
    private func isLive(_ place: EncodingPlace) -> Bool {
        let index = Int(place.index)
        return index < extents.count && extents[index].serial == place.serial
    }

    @inline(__always)
    private func check(_ place: EncodingPlace) {
        precondition(isLive(place), "an encoder or container was used after the value it belongs to was encoded")
    }

    /// Makes an open container the innermost by closing those inside it. False if it is closed itself.
    private func reopen(_ index: Int) -> Bool {
        var around = innermost
        while around > index { around = extents[around].parent }
        guard around == index else { return false }
        while innermost != index { closeInnermost() }
        return true
    }

    private func closeInnermost() {
        let index = innermost
        innermost = extents[index].parent
        settleHeader(of: index)
        extents[index].end = writer.bytes.count
    }

    /// Closes a value for good and drops it with all that was inside.
    private func finish(_ place: EncodingPlace) {
        let index = Int(place.index)
        while innermost >= index { closeInnermost() }
        extents.removeLast(extents.count - index)
    }

    /// Puts the count into the header of a container, and makes room where it needs more.
    private func settleHeader(of index: Int) {
        let content = extents[index].content
        guard content == .map || content == .array else { return }
        let count = extents[index].count
        if count <= 15 {
            writer.bytes[extents[index].start] = (content == .map ? 0x80 : 0x90) | UInt8(count)
            return
        }
        var header = MessagePackWriter()
        if content == .map {
            header.writeMapHeader(count: count)
        } else {
            header.writeArrayHeader(count: count)
        }
        let start = extents[index].start
        let growth = header.bytes.count - extents[index].headerLength
        writer.bytes.replaceSubrange(start..<start + extents[index].headerLength, with: header.bytes)
        extents[index].headerLength = header.bytes.count
        if growth > 0 { shift(from: start + 1, by: growth, inside: index) }
    }

    private func failTooDeep(_ place: EncodingPlace) {
        guard failure == nil else { return }
        let description = "arrays and maps nest deeper than \(MessagePackLimits.depthMax); flatten the value"
        let context = EncodingError.Context(codingPath: path(of: place), debugDescription: description)
        failure = EncodingError.invalidValue(place.codingPath, context)
    }
}

// Containers written to in turns
extension EncodingOutput {
    /// Adds an element to a closed container. O(bytes behind it).
    private func insert(_ element: [UInt8], atEndOf index: Int) {
        let end = extents[index].end
        writer.bytes.insert(contentsOf: element, at: end)
        shift(from: end, by: element.count, inside: index)
        extents[index].count += 1
        settleHeader(of: index)
    }

    /// Notes that the bytes from `offset` on have moved, as the value at `index` has become longer.
    private func shift(from offset: Int, by distance: Int, inside index: Int) {
        var around = index
        while around >= 0 {
            if extents[around].end >= 0 { extents[around].end += distance }
            around = extents[around].parent
        }
        for other in extents.indices where extents[other].start >= offset {
            extents[other].start += distance
            if extents[other].end >= 0 { extents[other].end += distance }
        }
    }
}
