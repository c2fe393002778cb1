// `bench compare`: the alternatives, side by side. They live in a package of their own, which this builds and becomes.

import ArgumentParser
import Foundation

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

    /// The nested package, beside this file's target.
    private static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "Compare")

    /// A header of each library that it is built with, and the package of Debian that has it.
    private static let headers = [
        "hiredis/hiredis.h": "libhiredis-dev", "nats/nats.h": "libnats-dev", "amqp.h": "librabbitmq-dev",
        "x86_64-linux-gnu/curl/curl.h": "libcurl4-openssl-dev", "grpcpp/grpcpp.h": "libgrpc++-dev",
        "nng/nng.h": "libnng-dev",
        "sqlite3.h": "libsqlite3-dev",
    ]

    func run() throws {
        let missing = Self.headers.filter { !FileManager.default.fileExists(atPath: "/usr/include/\($0.key)") }
        guard missing.isEmpty else {
            let names = missing.values.sorted().joined(separator: ", ")
            throw ChildError("not installed: \(names). Run: make peers")
        }
        let path = Self.package.path(percentEncoded: false)
        guard FileManager.default.fileExists(atPath: path + "/Package.swift") else {
            throw ChildError("\(path) is not there: `bench compare` runs from the source tree that it was built in")
        }
        var words = (["/usr/bin/env", "swift", "run", "-c", "release", "--package-path", path, "compare"] + arguments)
            .map {
                strdup($0)
            }
        words.append(nil)
        execv("/usr/bin/env", &words)
        throw ChildError("cannot run swift: \(String(cString: strerror(errno)))")
    }
}
