// The checker: reads events one by one, keeps what judging them takes, and gives a verdict at any time.

/// Judges a history. It knows nothing of the run but its events.
///
/// `take` is O(1) a line, but for lists: O(bytes) to compare one with what was read before. `verdict` is O(appends + values in
/// the lists kept). Memory: a record an append, the longest list a key, and what the nemesis saw; reads take none.
public struct HistoryChecker {
    var appends = AppendTable()
    var keys: [KeyTrace] = []
    private var processes: [ProcessTrace] = []
    var nemesis = NemesisTrace()
    var counts = Verdict.Counts()
    /// The highest time so far.
    var lastNs = Int64.min

    /// What a process does at the moment.
    private struct ProcessTrace {
        var isBusy = false
        var function = HistoryLine.Function.nemesis
        var key = NameID(rawValue: 0)
        var value: Int64 = 0
        /// The place of its append in `appends`.
        var append = 0
        var invokedNs: Int64 = 0
        var invokeLine = 0
        /// When it last did something.
        var lastNs = Int64.min
    }

    public init() {}

    /// Takes the next event.
    /// - Throws: `.malformed`, if no process can have done this. Nothing can be taken after that.
    public mutating func take(_ line: HistoryLine) throws(HistoryError) {
        counts.lines = line.number
        lastNs = max(lastNs, line.timeNs)
        if line.function == .nemesis {
            try nemesis.take(line)
            return
        }
        while processes.count <= line.process.place { processes.append(ProcessTrace()) }
        while keys.count <= line.key.place { keys.append(KeyTrace()) }
        guard line.timeNs >= processes[line.process.place].lastNs else {
            throw .malformed(line: line.number, reason: "its process did something at a higher time on a line before")
        }
        processes[line.process.place].lastNs = line.timeNs
        if line.type == .invoke { try takeInvocation(line) } else { try takeCompletion(line) }
    }

    private mutating func takeInvocation(_ line: HistoryLine) throws(HistoryError) {
        let before = processes[line.process.place]
        guard !before.isBusy else {
            throw .malformed(
                line: line.number,
                reason: "its process has an operation open, invoked on line \(before.invokeLine)"
            )
        }
        counts.note(line)
        keys[line.key.place].service.noteInvocation(line, nemesis.healed)
        if line.function == .append {
            let record = AppendRecord(
                key: line.key,
                value: line.value,
                invokedNs: line.timeNs,
                invokeLine: line.number
            )
            guard let place = appends.add(record) else {
                let first = appends.records[appends.place(key: line.key, value: line.value)!].invokeLine
                throw .malformed(
                    line: line.number,
                    reason: "\(line.value) was appended to its key before, on line \(first): values are to be unique"
                )
            }
            processes[line.process.place].append = place
            if line.timeNs >= keys[line.key.place].lastAppendNs {
                keys[line.key.place].lastAppendNs = line.timeNs
                keys[line.key.place].lastAppendLine = line.number
            }
        }
        processes[line.process.place].isBusy = true
        processes[line.process.place].function = line.function
        processes[line.process.place].key = line.key
        processes[line.process.place].value = line.value
        processes[line.process.place].invokedNs = line.timeNs
        processes[line.process.place].invokeLine = line.number
    }

    private mutating func takeCompletion(_ line: HistoryLine) throws(HistoryError) {
        let operation = processes[line.process.place]
        guard operation.isBusy else {
            throw .malformed(line: line.number, reason: "it completes nothing: its process has no operation open")
        }
        guard operation.function == line.function, operation.key == line.key,
            line.function == .read || operation.value == line.value
        else {
            throw .malformed(
                line: line.number,
                reason: "it does not complete what its process invoked on line \(operation.invokeLine)"
            )
        }
        processes[line.process.place].isBusy = false
        counts.note(line)
        if line.type == .ok {
            keys[line.key.place].service.noteReply(line, invokedNs: operation.invokedNs, nemesis.healed)
        }
        switch (line.function, line.type) {
        case (.append, let type):
            appends.complete(operation.append) { append in
                append.completionLine = line.number
                switch type {
                case .ok:
                    append.outcome = .acknowledged
                    append.acknowledgedNs = line.timeNs
                    append.position = line.position
                case .fail: append.outcome = .failed
                case .info, .invoke: break
                }
            }
        case (.read, .ok):
            try keys[line.key.place].note(
                line.list,
                invokedNs: operation.invokedNs,
                invokeLine: operation.invokeLine,
                okNs: line.timeNs,
                okLine: line.number
            )
        default: break
        }
    }
}

extension HistoryChecker {
    /// Judges a whole file, in one pass.
    public static func check(path: String) throws(HistoryError) -> Verdict {
        try check(HistoryReader(path: path))
    }

    /// Judges whatever the reader has left.
    public static func check(_ reader: consuming HistoryReader) throws(HistoryError) -> Verdict {
        var checker = HistoryChecker()
        while let line = try reader.next() { try checker.take(line) }
        return checker.verdict(of: reader)
    }

    /// The verdict on the events so far. More can be taken after it.
    /// - Parameter reader: Where they came from, for the names.
    public func verdict(of reader: borrowing HistoryReader) -> Verdict {
        var judgement = Judgement()
        if reader.isCutOff {
            judgement.problems.add(.cutOff, lines: [reader.lineCount]) { "the last line has no end and is no event" }
        }
        judgeKeys(reader.keys, &judgement)
        nemesis.judge(lastNs: lastNs, &judgement)
        judgeService(reader.keys, &judgement)
        var counts = counts
        counts.lines = reader.lineCount
        counts.keys = keys.count
        counts.processes = processes.count
        counts.faults = nemesis.faults.count
        counts.rounds = nemesis.rounds.count
        return Verdict(judgement, counts)
    }

    private func judgeKeys(_ names: NameTable, _ judgement: inout Judgement) {
        var places = Places(appendCount: appends.records.count)
        for key in keys.indices {
            let id = NameID(rawValue: UInt32(key))
            let list = FinalList(keys[key], id, appends, &places)
            let check = KeyCheck(name: names.name(id), key: id, trace: keys[key], list: list, appends: appends)
            check.judgeContents(places, &judgement)
            check.judgeRealTime(places, &judgement)
            check.judgeOtherOrders(&judgement)
            check.judgeLastRead(&judgement)
        }
        judgeAcknowledgements(places, names, &judgement)
    }
}

/// All that was found.
struct Judgement {
    var anomalies = CaseTally<AnomalyKind>()
    var problems = CaseTally<ProblemKind>()
}
