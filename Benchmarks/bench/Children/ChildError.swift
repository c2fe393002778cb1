// What goes wrong with a child process.

/// A child that could not start, answer or do its work: what it was and what it said.
struct ChildError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
