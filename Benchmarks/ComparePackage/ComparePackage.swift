// The package Benchmarks/Compare: other systems beside Ringmaster. It needs their libraries, so it is built only when asked for;
// `bench compare` and `chaos run --target` become its program.

import Foundation

public enum ComparePackage {
    /// Of the source tree that this was built in.
    private static let path = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Compare").path(percentEncoded: false)

    /// A header of each library that it is built with, and the package of Debian that has it.
    private static let headers = [
        "hiredis/hiredis.h": "libhiredis-dev", "nats/nats.h": "libnats-dev", "amqp.h": "librabbitmq-dev",
        "x86_64-linux-gnu/curl/curl.h": "libcurl4-openssl-dev", "grpcpp/grpcpp.h": "libgrpc++-dev",
        "nng/nng.h": "libnng-dev", "sqlite3.h": "libsqlite3-dev",
    ]

    /// Builds the package and becomes its program `compare`, with this process's input and output. Returns only by throwing.
    public static func become(_ arguments: [String]) throws(ComparePackageError) -> Never {
        let missing = headers.filter { !FileManager.default.fileExists(atPath: "/usr/include/\($0.key)") }
        guard missing.isEmpty else { throw .notInstalled(missing.values.sorted()) }
        guard FileManager.default.fileExists(atPath: path + "/Package.swift") else { throw .noSources(path) }
        // A program may leave its signals to one thread; what it becomes takes them as they come.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        let words =
            ["/usr/bin/env", "swift", "run", "-c", "release", "--package-path", path, "compare"] + arguments
        var pointers = words.map { strdup($0) }
        pointers.append(nil)
        execv(words[0], &pointers)
        throw .cannotRun(String(cString: strerror(errno)))
    }
}

/// Why the package's program could not be run.
public enum ComparePackageError: Error, CustomStringConvertible {
    /// Debian's packages.
    case notInstalled([String])
    /// Its folder is not where it was when this program was built.
    case noSources(String)
    case cannotRun(String)

    public var description: String {
        switch self {
        case .notInstalled(let names): "not installed: \(names.joined(separator: ", ")). Run: make peers"
        case .noSources(let path): "\(path) is not there: this runs from the source tree that it was built in"
        case .cannotRun(let reason): "cannot run swift: \(reason)"
        }
    }
}
