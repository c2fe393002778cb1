// `bench compare`: the alternatives, side by side. They live in a package of their own, which this builds and becomes.

import ArgumentParser
import ComparePackage

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Measure Ringmaster beside what else could do the work: Redis, NATS and others.",
        discussion: """
            Builds the package Benchmarks/Compare, which needs the libraries and servers that `make peers` installs, and hands \
            it all other arguments: `bench compare --help` shows them once it is built.
            """
    )

    @Argument(parsing: .captureForPassthrough, help: "For the command `compare` of that package.")
    var arguments: [String] = []

    func run() throws { try ComparePackage.become(arguments) }
}
