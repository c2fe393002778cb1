// The states of the coordinators, by the hash of each at an index of the log.

/// The first hash seen at each index, and where another differed.
struct ReplicaTrace {
    private struct Sighting {
        var process: String
        var hash: String
        var line: Int
    }

    private var first: [Int64: Sighting] = [:]
    private var found: [(logIndex: Int64, Sighting, Sighting)] = []

    mutating func note(_ process: String, _ logIndex: Int64, _ hash: String, _ line: Int) {
        let sighting = Sighting(process: process, hash: hash, line: line)
        if let before = first[logIndex] {
            if before.hash != hash { found.append((logIndex, before, sighting)) }
        } else {
            first[logIndex] = sighting
        }
    }

    func judge(_ judgement: inout Judgement) {
        for (logIndex, one, other) in found {
            judgement.anomalies.add(.divergedReplicas, lines: [one.line, other.line]) {
                "after entry \(logIndex) the state of \(one.process) has the hash \(one.hash), that of \(other.process) \(other.hash)"
            }
        }
    }
}
