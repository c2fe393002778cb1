// An event in place turned into one of its own, for whoever wants to keep it.

import RingmasterProtocol

extension HistoryReader {
    /// The event of a line that this reader has just given. O(bytes of the line).
    /// - Throws: `.malformed` where a list or the value of a nemesis is not what it should be.
    public func event(of line: HistoryLine) throws(HistoryError) -> HistoryEvent {
        switch line.function {
        case .append:
            HistoryEvent(
                timeNs: line.timeNs,
                .append(
                    line.type,
                    by: processes.name(line.process),
                    key: keys.name(line.key),
                    value: line.value,
                    position: line.type == .ok ? line.position : nil
                )
            )
        case .read:
            HistoryEvent(
                timeNs: line.timeNs,
                .read(
                    line.type,
                    by: processes.name(line.process),
                    key: keys.name(line.key),
                    list: line.type == .ok ? try line.list.elements(line: line.number) : nil
                )
            )
        case .nemesis: HistoryEvent(timeNs: line.timeNs, .nemesis(try line.nemesisEvent()))
        }
    }
}

extension HistoryLine {
    /// What a nemesis did or saw. Of a line of the nemesis alone.
    public func nemesisEvent() throws(HistoryError) -> NemesisEvent {
        precondition(function == .nemesis, "a client's event is no nemesis'")
        let function = nemesisFunction.string
        do throws(ScanFailure) {
            let value = try NemesisValue(nemesisValue)
            switch function {
            case "fault-begin":
                return .faultBegan(
                    FaultID(try value.integer("fault")),
                    kind: try value.text("kind"),
                    target: try value.text("target"),
                    isVerified: value.isTrue("verified")
                )
            case "fault-end":
                return .faultEnded(FaultID(try value.integer("fault")), isVerified: value.isTrue("verified"))
            case "resize-begin":
                return .roundBegan(
                    try value.epoch(),
                    mode: value.textIfAny("mode") ?? "",
                    members: try value.texts("members")
                )
            case "resize-commit": return .roundCommitted(try value.epoch())
            case "resize-end": return .roundEnded(try value.epoch(), outcome: value.textIfAny("outcome") ?? "")
            case "epoch":
                return .epochSeen(
                    process: try value.text("process"),
                    incarnation: try value.integerIfAny("incarnation") ?? 0,
                    try value.epoch()
                )
            case "replica-hash":
                return .replicaHash(
                    process: try value.text("process"),
                    logIndex: try value.integer("index"),
                    hash: try value.text("hash")
                )
            case "healed": return .healed(boundNs: try value.integerIfAny("bound"))
            default: return .note(function, json: String(decoding: nemesisValue, as: UTF8.self))
            }
        } catch {
            throw .malformed(line: number, reason: "\(function): \(error.reason)")
        }
    }
}

/// The fields of a nemesis' value. Seldom read: there are a few lines of a nemesis among thousands of clients'.
private struct NemesisValue {
    private var fields: [String: UnsafeBufferPointer<UInt8>] = [:]

    /// - Parameter bytes: A valid value. One that is no object has no fields.
    init(_ bytes: UnsafeBufferPointer<UInt8>) throws(ScanFailure) {
        var scanner = JSONScanner(bytes)
        guard scanner.take(0x7b), !scanner.take(0x7d) else { return }
        repeat {
            let name = try scanner.text()
            try scanner.expect(0x3a, "':'")
            _ = scanner.peek()
            let start = scanner.next
            try scanner.skipValue()
            fields[name.string] = UnsafeBufferPointer(start: start, count: scanner.next - start)
        } while scanner.take(0x2c)
    }

    func integer(_ name: StaticString) throws(ScanFailure) -> Int64 {
        guard let integer = try integerIfAny(name) else {
            throw ScanFailure(reason: "'\(name)' is missing in its value")
        }
        return integer
    }

    func integerIfAny(_ name: StaticString) throws(ScanFailure) -> Int64? {
        guard let bytes = fields[name.description] else { return nil }
        var scanner = JSONScanner(bytes)
        return try scanner.integer(name)
    }

    func text(_ name: StaticString) throws(ScanFailure) -> String {
        guard let text = textIfAny(name) else {
            throw ScanFailure(reason: "'\(name)', a string, is missing in its value")
        }
        return text
    }

    func textIfAny(_ name: StaticString) -> String? {
        guard let bytes = fields[name.description] else { return nil }
        var scanner = JSONScanner(bytes)
        return try? scanner.text().string
    }

    func texts(_ name: StaticString) throws(ScanFailure) -> [String] {
        guard let bytes = fields[name.description] else { return [] }
        var scanner = JSONScanner(bytes)
        var texts: [String] = []
        try scanner.expect(0x5b, "a list")
        if scanner.take(0x5d) { return [] }
        repeat { texts.append(try scanner.text().string) } while scanner.take(0x2c)
        return texts
    }

    func isTrue(_ name: StaticString) -> Bool {
        fields[name.description].map { $0.elementsEqual("true".utf8) } ?? false
    }

    func epoch() throws(ScanFailure) -> Epoch {
        let number = try integer("epoch")
        guard number >= 0, let epoch = Epoch(rawValue: UInt64(number)) else {
            throw ScanFailure(reason: "'epoch' is \(number): 0 to \(Epoch.wireMax) expected")
        }
        return epoch
    }
}
