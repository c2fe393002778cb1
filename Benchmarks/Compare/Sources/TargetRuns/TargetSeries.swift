// The same schedule on every target, one after the other, and the table of what became of them.

import Alternatives
import ChaosKit
import Foundation

/// Ringmaster and each service, a process and a folder a run.
public struct TargetSeries {
    private let schedule: Schedule
    private let out: String
    private let ringmaster: String
    private let say: (String) -> Void

    /// - Parameter ringmaster: The program `chaos`.
    public init(_ schedule: Schedule, out: String, ringmaster: String, say: @escaping (String) -> Void) {
        self.schedule = schedule
        self.out = out
        self.ringmaster = ringmaster
        self.say = say
    }

    /// Runs all and writes chaos.csv.
    /// - Returns: The table, and what could not be run.
    public func run(typed: String?) throws -> String {
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        let scheduleFile = out + "/schedule.json"
        try schedule.json().write(to: URL(filePath: scheduleFile))
        let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path(percentEncoded: false)
        var rows: [TargetRow] = []
        var failures: [String] = []
        func take(_ name: String, _ command: [String]) {
            say("\(name): \(rows.count + failures.count + 1) of \(Self.count)")
            let folder = out + "/" + name
            let status = Self.status(
                of: command + ["--schedule", scheduleFile, "--out", folder],
                log: out + "/\(name).log"
            )
            do {
                rows.append(try TargetRow(reading: URL(filePath: folder)))
            } catch {
                failures.append("\(name): status \(status), \(error); see \(out)/\(name).log")
            }
        }
        take("ringmaster", [ringmaster, "run", "--quiet"])
        for (service, care) in Self.services {
            let flags = (care == .idempotent ? ["--idempotent"] : []) + (typed.map { ["--typed", $0] } ?? [])
            take("\(service.name)-\(care.rawValue)", [own, "chaos", "--quiet", "--target", service.name] + flags)
        }
        try TargetTable.csv(rows).write(toFile: out + "/chaos.csv", atomically: true, encoding: .utf8)
        return TargetTable.text(rows) + failures.map { "could not be run: \($0)\n" }.joined()
    }

    private static var services: [(any WorkerService, ServiceCare)] {
        WorkerServices.all.flatMap { service in
            ServiceCare.allCases.filter { service.promise($0) != nil }.map { (service, $0) }
        }
    }

    private static var count: Int { services.count + 1 }

    private static func status(of command: [String], log: String) -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        let isThere = FileManager.default.createFile(atPath: log, contents: nil)
        let file = (isThere ? FileHandle(forWritingAtPath: log) : nil) ?? FileHandle.nullDevice
        (process.standardOutput, process.standardError) = (file, file)
        process.standardInput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
