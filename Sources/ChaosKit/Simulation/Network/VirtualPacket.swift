// The bytes of one part of a message in a simulation.

/// Bytes at an address of their own, which a receiver may look at in place: they lie behind the object's own, in one piece of memory.
final class VirtualPacket: ManagedBuffer<Int, UInt8> {
    static func copy(of source: UnsafeRawBufferPointer) -> VirtualPacket {
        let packet = unsafeDowncast(create(minimumCapacity: max(1, source.count)) { _ in source.count }, to: Self.self)
        packet.withUnsafeMutablePointerToElements { start in
            UnsafeMutableRawBufferPointer(start: start, count: source.count).copyMemory(from: source)
        }
        return packet
    }

    static func copy(of array: [UInt8]) -> VirtualPacket { array.withUnsafeBytes { copy(of: $0) } }

    /// Valid as long as the packet is.
    var bytes: UnsafeRawBufferPointer {
        withUnsafeMutablePointers { count, start in UnsafeRawBufferPointer(start: start, count: count.pointee) }
    }
}

/// A message: its parts.
typealias VirtualMessage = [VirtualPacket]
