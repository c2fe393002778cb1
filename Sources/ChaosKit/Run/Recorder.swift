// Everything that happens in a run comes together here, and goes into its history.

import Ringmaster

/// The only writer of history.jsonl. It collects what the clients' processes noted, and takes what the run itself did and saw.
actor Recorder {
    private let writer: HistoryWriter
    private let startNs: Int64
    private var notes = ClientNotes()
    private var openRounds: Set<UInt64> = []
    private var highestEpoch: UInt64 = 0
    private var detections = Detections()
    private(set) var failure: HistoryError?
    private(set) var figures = LiveFigures()
    private(set) var faultCounts: [String: Int] = [:]
    /// Processes that were ended by SIGKILL.
    private(set) var killCount = 0

    init(path: String, startNs: Int64) throws(HistoryError) {
        writer = try HistoryWriter(path: path)
        self.startNs = startNs
    }

    nonisolated var nowNs: Int64 { MonotonicTime.now.nanoseconds - startNs }

    // MARK: Operations

    func follow(notes path: String, process: String) {
        notes.follow(path, process: process)
    }

    /// The keys that were used: all below this.
    var keyCount: Int { notes.keyCount }

    /// Takes what clients noted until now.
    func collect() {
        collect(until: nowNs)
    }

    private func collect(until cutNs: Int64) {
        for event in notes.take(until: cutNs, { figures.count($0) }) { append(event) }
        figures.nowNs = nowNs
        figures.epoch = highestEpoch
        do throws(HistoryError) { try writer.flush() } catch { failure = failure ?? error }
    }

    // MARK: The run itself

    /// Says that a fault is about to be applied, so that its detection is known for what it is.
    func watch(for fault: FaultID, on targets: [NodeName]) {
        detections.watch(for: fault, on: targets)
    }

    func record(_ event: NemesisEvent, at timeNs: Int64? = nil) {
        if case .faultBegan(_, let kind, let target, let isVerified) = event {
            faultCounts[kind, default: 0] += 1
            if isVerified, let kills = FaultKind(rawValue: kind)?.kills {
                killCount += kills * target.split(separator: ",").count
            }
        }
        append(HistoryEvent(timeNs: timeNs ?? nowNs, .nemesis(event)))
    }

    /// A note for people and reports: its value is an object of strings, numbers and lists.
    func note(_ function: String, _ value: some Encodable, at timeNs: Int64? = nil) {
        record(.note(function, json: CompactJSON.text(value)), at: timeNs)
    }

    /// Records the processor time that the run itself has used under load.
    func noteOwnCost(us: Int) {
        note("counters", CountersNote(process: "run", totals: [SuiteCost.counterName: us]))
    }

    /// Records what a process told. Gives the epoch of a round that was now seen to be committed.
    func took(_ report: NodeReport, from name: NodeName, life: Int) -> UInt64? {
        let timeNs = report.atNs - startNs
        switch report.content {
        case .ready: note("node-ready", NodeNote(node: "\(name)", life: life), at: timeNs)
        case .epoch(let epoch, let incarnation):
            // A coordinator that starts anew may be behind what it knew.
            let incarnation = name.role == .coordinator ? Int64(life) : incarnation
            record(.epochSeen(process: "\(name)", incarnation: incarnation, Epoch(epoch)), at: timeNs)
            return name.role == .coordinator ? committed(epoch, at: timeNs) : nil
        case .roundBegan(let epoch, let mode, let members):
            openRounds.insert(epoch)
            record(.roundBegan(Epoch(epoch), mode: mode, members: members), at: timeNs)
        case .roundMoves(let epoch, let slots):
            note("moved", ["epoch": Int(clamping: epoch), "slots": slots], at: timeNs)
        case .roundEnded(let epoch, let outcome, let bytes):
            if outcome == "committed" {
                note("moved", ["epoch": Int(clamping: epoch), "bytes": bytes], at: timeNs)
            }
            let isCommitted = outcome == "committed" ? committed(epoch, at: timeNs) : nil
            openRounds.remove(epoch)
            record(.roundEnded(Epoch(epoch), outcome: outcome), at: timeNs)
            return isCommitted
        case .workerLost(let worker, let reason):
            note("lost", ["node": worker, "by": "\(name)", "reason": reason], at: timeNs)
            if let fault = detections.lost(worker) { note("detected", ["fault": fault.rawValue], at: timeNs) }
        case .role(let role):
            note("role", ["node": "\(name)", "role": role], at: timeNs)
            if let fault = detections.took(role, of: name) { note("detected", ["fault": fault.rawValue], at: timeNs) }
        case .counters(let totals):
            note("counters", CountersNote(process: "\(name).\(life)", totals: totals), at: timeNs)
        case .stateHash(let logIndex, let hash):
            let event = NemesisEvent.replicaHash(
                process: "\(name)",
                logIndex: Int64(clamping: logIndex),
                hash: String(hash, radix: 16)
            )
            record(event, at: timeNs)
        case .note(let function, let details):
            note("log", LogNote(node: "\(name)", message: function, details: details), at: timeNs)
        }
        return nil
    }

    /// A coordinator works by this epoch, so its round was committed; whoever led may have died before it could say so.
    private func committed(_ epoch: UInt64, at timeNs: Int64) -> UInt64? {
        guard epoch > highestEpoch else { return nil }
        highestEpoch = epoch
        if openRounds.remove(epoch) != nil { record(.roundCommitted(Epoch(epoch)), at: timeNs) }
        return epoch
    }

    private func append(_ event: HistoryEvent) {
        do throws(HistoryError) { try writer.append(event) } catch { failure = failure ?? error }
    }

    /// The figures since they were taken last.
    func takeFigures() -> (figures: LiveFigures, count: Int, p99Ns: Int64?) {
        let (count, p99Ns) = figures.take()
        return (figures, count, p99Ns)
    }

    /// Writes all that is left.
    func close() throws(HistoryError) {
        collect(until: .max)
        if let failure { throw failure }
        try writer.close()
    }
}

private struct NodeNote: Encodable {
    let node: String
    let life: Int
}

/// One object: the process, and each counter by its name.
private struct CountersNote: Encodable {
    let process: String
    let totals: [String: Int]

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        var fields = totals.mapValues { Field.number($0) }
        fields["process"] = .text(process)
        try container.encode(fields)
    }

    private enum Field: Encodable {
        case number(Int)
        case text(String)

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .text(let text): try container.encode(text)
            }
        }
    }
}

private struct LogNote: Encodable {
    let node: String
    let message: String
    let details: [String: String]
}
