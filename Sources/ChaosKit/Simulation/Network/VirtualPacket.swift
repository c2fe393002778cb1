// The bytes of one part of a message in a simulation.

/// Bytes at an address of their own, which a receiver may look at in place.
final class VirtualPacket {
    let bytes: UnsafeRawBufferPointer

    init(_ source: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, source.count), alignment: 8)
        copy.copyMemory(from: source)
        bytes = UnsafeRawBufferPointer(start: copy.baseAddress, count: source.count)
    }

    init(_ array: [UInt8]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, array.count), alignment: 8)
        copy.copyBytes(from: array)
        bytes = UnsafeRawBufferPointer(start: copy.baseAddress, count: array.count)
    }

    deinit {
        bytes.deallocate()
    }
}

/// A message: its parts.
typealias VirtualMessage = [VirtualPacket]
