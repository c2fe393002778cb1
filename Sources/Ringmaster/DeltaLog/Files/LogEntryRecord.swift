// An entry as it lies on disk.

/// An entry of the log. The bytes live during the call that it is handed to.
struct LogEntryRecord {
    enum Kind {
        /// Something that was proposed.
        case command
        /// A term's first entry, or another without content.
        case barrier
        /// A configuration.
        case change
    }

    let index: UInt64
    let term: UInt64
    let kind: Kind
    /// Of a command, what was proposed.
    let content: UnsafeRawBufferPointer
    let file: String
}
