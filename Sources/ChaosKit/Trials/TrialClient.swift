// The program of a client that is a process of its own, to be struck at a step of its own: `chaos trial-client`, which no
// person calls. It notes what it does in a file, which outlives it.

import Foundation
import Ringmaster

/// A client with a light load, until its standard input ends.
public enum TrialClient {
    /// - Parameters:
    ///   - firstValue: Its appends are of the values above.
    ///   - notesPath: Where it notes what it does; see `TrialClientNotes`.
    public static func run(
        cluster: [String],
        keys: [String],
        process: String,
        firstValue: Int64,
        notesPath: String
    ) async throws {
        let descriptor = open(notesPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw TrialError.cannotCreate(path: notesPath, reason: HistoryError.systemReason)
        }
        var configuration = ClientConfiguration(coordinators: try cluster.map { try Endpoint($0) })
        configuration.timeout = .seconds(10)
        let client = try await Client(configuration)
        let note: @Sendable (HistoryEvent.Action) -> Void = { action in
            let line = Array((TrialClientNotes.line(action, atNs: MonotonicTime.now.nanoseconds) + "\n").utf8)
            _ = write(descriptor, line, line.count)
        }
        // A lane a key, each a process of the history: wherever a worker dies, something is under way there.
        let lanes = keys.enumerated().map { lane, key in
            Task.detached {
                let operations = TrialOperations(client: client, process: .text("\(process)-\(lane)"), note: note)
                var value = firstValue + Int64(lane) * 100_000
                while !Task.isCancelled {
                    value += 1
                    let next = value
                    await Task.detached { await operations.append(next, to: key) }.value
                    await Task.detached { _ = await operations.read(key) }.value
                }
            }
        }
        await Task.detached { while !FileHandle.standardInput.availableData.isEmpty {} }.value
        for lane in lanes { lane.cancel() }
        for lane in lanes { await lane.value }
        await client.close()
    }
}

/// What such a client notes, as lines: time, process, type, `a` or `r`, key, value, position, list.
enum TrialClientNotes {
    static func line(_ action: HistoryEvent.Action, atNs: Int64) -> String {
        switch action {
        case .append(let type, let process, let key, let value, let position):
            "\(atNs) \(process) \(type.rawValue) a \(key) \(value) \(position ?? -1) -"
        case .read(let type, let process, let key, let list):
            "\(atNs) \(process) \(type.rawValue) r \(key) 0 0 [\((list ?? []).map { "\($0)" }.joined(separator: ","))]"
        case .nemesis: ""
        }
    }

    /// Adds what a client noted. A line that its end cut off says nothing.
    static func read(_ path: String, into notes: TrialNotes) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return }
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count == 8, let timeNs = Int64(fields[0]), let value = Int64(fields[5]),
                let position = Int64(fields[6]), let type = OperationType(rawValue: String(fields[2]))
            else { continue }
            let (name, key) = (HistoryName.text(String(fields[1])), HistoryName.text(String(fields[4])))
            if fields[3] == "a" {
                let action = HistoryEvent.Action.append(
                    type,
                    by: name,
                    key: key,
                    value: value,
                    position: type == .ok ? position : nil
                )
                notes.add(action, at: timeNs - notes.startNs)
            } else {
                let list = fields[7].dropFirst().dropLast().split(separator: ",").compactMap { Int64($0) }
                notes.add(.read(type, by: name, key: key, list: type == .ok ? list : nil), at: timeNs - notes.startNs)
            }
        }
    }
}
