// The job of the suite: a key's state is a list of integers, and `append` adds one to its end.

import Ringmaster

/// The list of a key as bytes: 8 an integer, little-endian. A read gives the state as it stands.
public enum AppendJob {
    public static let name = "append"

    /// Adds the handler to a worker. The reply is the position of the value: 8 bytes.
    public static func add(to worker: Worker) {
        worker.handleRaw(name, run)
    }

    /// Adds the handler to a simulated worker's.
    static func add(to handlers: inout JobHandlers) {
        handlers.handleRaw(name, run)
    }

    private static let run: JobHandlers.Raw = { state, argument, _ in
        guard argument.count == 8 else {
            throw RemoteError(code: .handlerFailed, message: "append takes 8 bytes, not \(argument.count)")
        }
        let list = state.bytes ?? []
        state.bytes = list + argument
        return bytes(of: Int64(list.count / 8))
    }

    public static func bytes(of value: Int64) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// The integers of a list, or of a reply; nil for bytes that are none.
    public static func values(_ bytes: [UInt8]) -> [Int64]? {
        guard bytes.count.isMultiple(of: 8) else { return nil }
        return [Int64](unsafeUninitializedCapacity: bytes.count / 8) { values, count in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(values).copyMemory(from: $0) }
            count = bytes.count / 8
            for place in 0..<count { values[place] = Int64(littleEndian: values[place]) }
        }
    }

    /// A key's name in the cluster and in the history.
    public static func key(_ number: Int) -> String { keyPrefix + "\(number)" }

    static let keyPrefix = "k"
}
