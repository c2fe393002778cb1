// Whether every key was served again once all faults were healed.

/// The operations on one key that were invoked after all faults were healed.
struct ServiceTrace {
    /// The line of the `healed` that this is about; 0 before any operation after one.
    private(set) var healedLine = 0
    private(set) var invokedNs = Int64.max
    private(set) var invokeLine = 0
    private(set) var okNs = Int64.max
    private(set) var okLine = 0

    @inline(__always) mutating func noteInvocation(_ line: HistoryLine, _ healed: NemesisTrace.Healed?) {
        guard let healed, line.timeNs >= healed.timeNs else { return }
        if healedLine != healed.line {
            self = ServiceTrace()
            healedLine = healed.line
        }
        if line.timeNs < invokedNs { (invokedNs, invokeLine) = (line.timeNs, line.number) }
    }

    @inline(__always) mutating func noteReply(_ line: HistoryLine, invokedNs: Int64, _ healed: NemesisTrace.Healed?) {
        guard let healed, invokedNs >= healed.timeNs, healedLine == healed.line else { return }
        if line.timeNs < okNs { (okNs, okLine) = (line.timeNs, line.number) }
    }
}

extension HistoryChecker {
    func judgeService(_ names: NameTable, _ judgement: inout Judgement) {
        guard let healed = nemesis.healed else {
            if !nemesis.faults.isEmpty {
                judgement.problems.add(.returnNotShown, lines: []) {
                    "there were faults, and no line says that all are healed"
                }
            }
            return
        }
        let used = keys.indices.filter { keys[$0].service.healedLine == healed.line }
        if used.isEmpty {
            judgement.problems.add(.returnNotShown, lines: [healed.line]) {
                "nothing was asked for after all was healed"
            }
        }
        for key in used { judgeKey(key, healed, names, &judgement) }
    }

    private func judgeKey(
        _ key: Int,
        _ healed: NemesisTrace.Healed,
        _ names: NameTable,
        _ judgement: inout Judgement
    ) {
        let service = keys[key].service
        let name = names.name(NameID(rawValue: UInt32(key)))
        let deadline = service.invokedNs.addingReportingOverflow(healed.boundNs ?? .max)
        let deadlineNs = deadline.overflow ? .max : deadline.partialValue
        if service.okLine > 0, service.okNs <= deadlineNs { return }
        if service.okLine > 0 || lastNs > deadlineNs {
            let lines = [healed.line, service.invokeLine, service.okLine]
            judgement.anomalies.add(.serviceDidNotReturn, key: name, lines: lines) {
                "all was healed, and nothing asked of \(name) was answered within the bound"
            }
        } else {
            judgement.problems.add(.returnNotShown, key: name, lines: [healed.line, service.invokeLine]) {
                "nothing asked of \(name) after all was healed was answered, and the history ends before it must be"
            }
        }
    }
}
