// On what a measurement was made. Without it a figure means nothing, so each set of results carries one.

import Foundation

/// The machine, the versions and the source of a measurement, as `machine.json` holds them. What cannot be found out is
/// absent.
public struct MachineInfo: Codable, Sendable, Equatable {
    /// When the measurement began: ISO 8601 with UTC.
    public var date: String
    /// The command that made the measurement.
    public var command: String?
    /// The CPU's model.
    public var cpu: String?
    /// How many CPUs this process may run on.
    public var cpuCount: Int
    /// The frequency governor of the first CPU; absent where the kernel does not say, as in most virtual machines.
    public var cpuGovernor: String?
    /// The memory of the machine.
    public var memoryBytes: UInt64
    /// The kernel's name, release and machine, as uname tells them.
    public var kernel: String?
    /// The distribution.
    public var operatingSystem: String
    /// The versions of what took part, by name: Swift, the C compiler, libzmq, ...
    public var versions: [String: String]
    /// The commit of the source tree.
    public var commit: String?
    /// Whether the source tree held changes that the commit does not.
    public var isDirty: Bool?

    /// A machine that was described elsewhere.
    public init(
        date: String,
        command: String?,
        cpu: String?,
        cpuCount: Int,
        cpuGovernor: String?,
        memoryBytes: UInt64,
        kernel: String?,
        operatingSystem: String,
        versions: [String: String],
        commit: String?,
        isDirty: Bool?
    ) {
        self.date = date
        self.command = command
        self.cpu = cpu
        self.cpuCount = cpuCount
        self.cpuGovernor = cpuGovernor
        self.memoryBytes = memoryBytes
        self.kernel = kernel
        self.operatingSystem = operatingSystem
        self.versions = versions
        self.commit = commit
        self.isDirty = isDirty
    }

    /// Looks at this machine, and at the git repository around `directory`.
    ///
    /// - Parameter versions: What only the caller can know, by name.
    public static func current(
        date: Date = Date(),
        command: String? = nil,
        versions: [String: String] = [:],
        repository directory: URL = URL(filePath: FileManager.default.currentDirectoryPath)
    ) -> MachineInfo {
        let status = gitOutput(["status", "--porcelain", "--untracked-files=no"], in: directory)
        return MachineInfo(
            date: date.formatted(.iso8601),
            command: command,
            cpu: field("model name", in: "/proc/cpuinfo"),
            cpuCount: ProcessInfo.processInfo.activeProcessorCount,
            cpuGovernor: contents("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            memoryBytes: ProcessInfo.processInfo.physicalMemory,
            kernel: kernelName(),
            operatingSystem: field("PRETTY_NAME", in: "/etc/os-release")
                ?? ProcessInfo.processInfo.operatingSystemVersionString,
            versions: versions,
            commit: gitOutput(["rev-parse", "HEAD"], in: directory).flatMap { $0.isEmpty ? nil : $0 },
            isDirty: status.map { !$0.isEmpty }
        )
    }

    /// The text of `machine.json`: indented, keys sorted.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// One line for captions: CPU, number of CPUs, kernel.
    public var summary: String {
        let parts: [String?] = [cpu, "\(cpuCount) CPUs", operatingSystem, kernel]
        return parts.compactMap(\.self).joined(separator: ", ")
    }

    private static func contents(_ path: String) -> String? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return trimmed.isEmpty ? nil : trimmed
    }

    /// The value of the first line `name : value` or `name="value"`.
    private static func field(_ name: String, in path: String) -> String? {
        for line in (contents(path) ?? "").split(separator: "\n") where line.hasPrefix(name) {
            guard let separator = line.firstIndex(where: { $0 == ":" || $0 == "=" }) else { continue }
            let value = line[line.index(after: separator)...]
            return value.trimmingCharacters(in: CharacterSet(charactersIn: " \t\""))
        }
        return nil
    }

    private static func kernelName() -> String? {
        var name = utsname()
        guard uname(&name) == 0 else { return nil }
        func text<Bytes>(_ bytes: Bytes) -> String {
            withUnsafeBytes(of: bytes) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(name.sysname)) \(text(name.release)) \(text(name.machine))"
    }

    /// What git prints; nil where there is no git or no repository.
    private static func gitOutput(_ arguments: [String], in directory: URL) -> String? {
        let git = Process()
        let output = Pipe()
        git.executableURL = URL(filePath: "/usr/bin/env")
        git.arguments = ["git", "-C", directory.path(percentEncoded: false)] + arguments
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        guard (try? git.run()) != nil else { return nil }
        let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        git.waitUntilExit()
        guard git.terminationStatus == 0 else { return nil }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
