// A debug build is many times slower than a release build, and its figures would mislead: it has the release build
// made, and becomes it.

import Foundation

enum ReleaseBuild {
    /// Whether this executable was built without optimisation.
    static var isNeeded: Bool {
        #if DEBUG
            true
        #else
            false
        #endif
    }

    static var compilerVersion: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #elseif compiler(>=6.2)
            "6.2"
        #else
            "before 6.2"
        #endif
    }

    /// Builds the release configuration and replaces this process by it. Returns only by throwing.
    static func runInstead(arguments: [String]) throws -> Never {
        let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        // <scratch>/<triple>/debug/bench
        let scratch = executable.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let package = try packageDirectory(above: scratch)
        say("This is a debug build, whose figures would mislead. Building and running the release build instead.")
        let build = Process()
        build.executableURL = URL(filePath: "/usr/bin/env")
        build.arguments = [
            "swift", "build", "--configuration", "release", "--product", "bench", "--package-path",
            package.path(percentEncoded: false), "--scratch-path", scratch.path(percentEncoded: false),
        ]
        // What the build prints is not the benchmark's output.
        build.standardOutput = FileHandle.standardError
        try build.run()
        build.waitUntilExit()
        guard build.terminationStatus == 0 else {
            throw ChildError("the release build failed; run: swift build -c release --product bench")
        }
        let release = scratch.appending(path: "release/bench").path(percentEncoded: false)
        var words = ([release] + arguments).map { strdup($0) }
        words.append(nil)
        execv(release, &words)
        throw ChildError("cannot run \(release): \(String(cString: strerror(errno)))")
    }

    /// The nearest directory with a Package.swift, from the build or from here.
    private static func packageDirectory(above scratch: URL) throws -> URL {
        for start in [scratch, URL(filePath: FileManager.default.currentDirectoryPath)] {
            var directory = start.standardizedFileURL
            while directory.pathComponents.count > 1 {
                let manifest = directory.appending(path: "Package.swift").path(percentEncoded: false)
                if FileManager.default.fileExists(atPath: manifest) { return directory }
                directory.deleteLastPathComponent()
            }
        }
        throw ChildError("no Package.swift above \(scratch.relativePath); run: swift run -c release bench")
    }

    private static func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
