// Where live tests run: the program beside the tests' own, a directory on a disk, and which systems this machine has.

import Alternatives
import Foundation

enum Bench {
    /// Those that are installed, with a work that they do.
    static let works: [(system: String, work: Work)] = Alternatives.all.flatMap { system in
        (try? system.find()) == nil
            ? [] : Work.allCases.filter { system.promise($0) != nil }.map { (system.name, $0) }
    }

    static let services: [(service: String, care: ServiceCare)] = WorkerServices.all.flatMap { service in
        (try? service.find()) == nil
            ? [] : ServiceCare.allCases.filter { service.promise($0) != nil }.map { (service.name, $0) }
    }

    /// What is not installed, for a person.
    static let missing: [String] =
        (Alternatives.all.map { system in { _ = try system.find() } }
        + WorkerServices.all.map { service in { _ = try service.find() } }).compactMap { (find: () throws -> Void) in
            do {
                try find()
                return nil
            } catch { return "\(error)" }
        }

    /// Runs a body with a directory that is gone afterwards.
    static func withPlace<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
        let built = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        let beside = [built, Bundle.main.bundleURL].map { $0.appending(path: "compare").path(percentEncoded: false) }
        guard let program = beside.first(where: FileManager.default.isExecutableFile) else {
            throw AlternativeError.failed("no program compare is beside the tests: \(beside)")
        }
        Instance.program = program
        let place = URL(filePath: "/var/tmp/rm-compare-test-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        return try await body(place)
    }
}
