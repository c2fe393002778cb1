// The limits of this folder.

extension Limits {
    /// Bytes of a key file: a few lines.
    public static let keyFileBytesMax = 4 << 10
    /// Bytes of an allow-list file: 100,000 keys with names.
    public static let allowListBytesMax = 16 << 20
}
