// The epochs that processes worked with.

import RingmasterProtocol

/// The highest epoch of each incarnation of each process, and where one went back.
struct EpochTrace {
    private struct Incarnation: Hashable {
        var process: String
        var number: Int64
    }

    private var highest: [Incarnation: (epoch: Epoch, line: Int)] = [:]
    private var found: [(process: String, from: (epoch: Epoch, line: Int), to: (epoch: Epoch, line: Int))] = []

    mutating func note(_ process: String, _ incarnation: Int64, _ epoch: Epoch, _ line: Int) {
        let who = Incarnation(process: process, number: incarnation)
        if let before = highest[who] {
            if epoch < before.epoch { found.append((process, before, (epoch, line))) }
            // The later line of the same epoch: the shorter evidence.
            if epoch < before.epoch { return }
        }
        highest[who] = (epoch, line)
    }

    func judge(_ judgement: inout Judgement) {
        for (process, from, to) in found {
            judgement.anomalies.add(.epochWentBack, lines: [from.line, to.line]) {
                "\(process) was at epoch \(from.epoch), and then at \(to.epoch)"
            }
        }
    }
}
