// Values as JSON on one line.

import Foundation

public enum CompactJSON {
    /// - Precondition: The value is made of objects, lists, strings and finite numbers.
    public static func text(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            preconditionFailure("a note that is no JSON: \(error)")
        }
    }
}
