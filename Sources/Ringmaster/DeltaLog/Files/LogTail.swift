// Where a log on disk ends, byte for byte: for tests of what a crash leaves there.

/// The end of the log in a data directory that no coordinator has open.
package struct LogTail {
    /// The open file that the next entries go to; nil: there is none.
    package let file: String?
    /// Where in it they go.
    package let offset: Int
    /// The last batch of entries that is whole, wherever it is.
    package let lastBatch: [UInt8]
    package let lastIndex: UInt64
    /// Bytes of a write that was cut short, behind `offset`.
    package let tornBytes: Int

    /// Reads and checks the log. O(bytes of the log).
    /// - Throws: As `DataDirectory.verify(path:)`.
    package init(directory path: String) throws(DeltaLogError) {
        let directory = try DataDirectory(reading: path)
        let inventory = try LogInventory(directory: directory)
        (file, offset) = inventory.end.map { ($0.file, $0.offset) } ?? (nil, 0)
        lastBatch = inventory.lastBatch
        lastIndex = inventory.lastIndex
        tornBytes = inventory.tornBytes
    }
}
