// What processes have used, as the kernel tells it: of all that take part in a request, whoever wrote them.

import Foundation

/// The processor time and memory of some processes and everything below them.
public struct ProcessAccounts: Codable, Sendable {
    /// User and system time so far, in steps of 10 ms a process.
    public var cpuNs: Int64 = 0
    /// Proportional set size: memory that processes share is counted once.
    public var memoryBytes = 0

    public init() {}

    /// Looks now. Linear in the processes of the machine.
    /// - Parameter countsMemory: Walking their pages takes the kernel some ms.
    public init(of roots: [pid_t], countsMemory: Bool) {
        let all = Self.all()
        var children: [pid_t: [pid_t]] = [:]
        for (pid, entry) in all { children[entry.parent, default: []].append(pid) }
        var pending = roots
        var seen: Set<pid_t> = []
        while let pid = pending.popLast() {
            guard seen.insert(pid).inserted, let entry = all[pid] else { continue }
            cpuNs += entry.cpuNs
            if countsMemory { memoryBytes += Self.memory(of: pid) }
            pending += children[pid] ?? []
        }
    }

    private static func all() -> [pid_t: (parent: pid_t, cpuNs: Int64)] {
        let tickNs = 1_000_000_000 / Int64(sysconf(Int32(_SC_CLK_TCK)))
        var all: [pid_t: (parent: pid_t, cpuNs: Int64)] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = pid_t(name), let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let end = text.lastIndex(of: ")")
            else { continue }
            // After the name: state, parent, ... user and system time are the 12th and 13th.
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 12, let parent = pid_t(fields[1]), let user = Int64(fields[11]),
                let system = Int64(fields[12])
            else { continue }
            all[pid] = (parent, (user + system) * tickNs)
        }
        return all
    }

    private static func memory(of pid: pid_t) -> Int {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/smaps_rollup", encoding: .utf8) else { return 0 }
        for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
            let fields = line.split(separator: " ")
            if fields.count > 1, let kilobytes = Int(fields[1]) { return kilobytes * 1024 }
        }
        return 0
    }
}
