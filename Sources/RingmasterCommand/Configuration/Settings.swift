// The values in force: flags over environment over file.

import Ringmaster

/// Looks a setting up where it may have been given.
struct Settings: Sendable {
    private let environment: [String: String]
    private let file: ConfigurationFile?

    /// - Parameters:
    ///   - environment: The variables of the process.
    ///   - configuration: The file that --config names; nil takes RINGMASTER_CONFIG, or none.
    init(environment: [String: String], configuration: String? = nil) throws(CommandFailure) {
        self.environment = environment
        let named = environment["RINGMASTER_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        if let path = configuration ?? named {
            file = try ConfigurationFile(reading: path)
        } else {
            file = nil
        }
    }

    /// With a file that was read already.
    init(environment: [String: String], file: ConfigurationFile?) {
        self.environment = environment
        self.file = file
    }

    /// The texts given for a setting, and where; nil where it was given nowhere. An empty variable counts as not there.
    func given(_ setting: Setting, flag: [String]) -> (texts: [String], origin: SettingOrigin)? {
        if !flag.isEmpty { return (flag, .flag) }
        if let text = environment[setting.variable], !text.isEmpty { return ([text], .environment) }
        if let file, let texts = file.values[setting] { return (texts, .file(file.path)) }
        return nil
    }

    /// One value, read by `parse`, which gives nil for what it does not take.
    func value<Value>(
        _ setting: Setting,
        flag: String?,
        expecting: String,
        _ parse: (String) -> Value?
    ) throws(CommandFailure) -> Value? {
        guard let (texts, origin) = given(setting, flag: flag.map { [$0] } ?? []) else { return nil }
        guard texts.count == 1, let value = parse(texts[0]) else {
            let shown = origin.show(setting, texts.joined(separator: ","))
            throw CommandFailure(origin.status, "\(shown) cannot be used; expected \(expecting)")
        }
        return value
    }

    func text(_ setting: Setting, flag: String?) throws(CommandFailure) -> String? {
        try value(setting, flag: flag, expecting: "a text that is not empty") { $0.isEmpty ? nil : $0 }
    }

    func integer(_ setting: Setting, flag: String?, in range: ClosedRange<Int>) throws(CommandFailure) -> Int? {
        try value(setting, flag: flag, expecting: "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            Int($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func bool(_ setting: Setting, flag: Bool?) throws(CommandFailure) -> Bool? {
        if let flag { return flag }
        return try value(setting, flag: nil, expecting: "true or false") { text in
            switch text {
            case "true", "1", "yes": true
            case "false", "0", "no": false
            default: nil
            }
        }
    }

    func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ setting: Setting,
        flag: String?,
        _ type: Value.Type = Value.self
    ) throws(CommandFailure) -> Value? {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return try value(setting, flag: flag, expecting: "one of \(names)") { Value(rawValue: $0) }
    }

    /// Seconds, as `2`, `0.5` or `2s`; `250ms`.
    func duration(_ setting: Setting, flag: String?, atMost limit: Duration) throws(CommandFailure) -> Duration? {
        try value(setting, flag: flag, expecting: "a time above 0 and up to \(limit), as 2s, 0.5 or 250ms") { text in
            let isMs = text.hasSuffix("ms")
            let digits = isMs ? text.dropLast(2) : text.hasSuffix("s") ? text.dropLast(1) : text[...]
            guard let number = Double(digits), number.isFinite, number > 0, number < 1e9 else { return nil }
            let duration = Duration.seconds(isMs ? number / 1000 : number)
            return duration <= limit && duration > .zero ? duration : nil
        }
    }

    /// The parts of a list; each text may hold several, separated by commas.
    func list<Value>(
        _ setting: Setting,
        flag: [String],
        expecting: String,
        _ parse: (String) -> Value?
    ) throws(CommandFailure) -> [Value]? {
        guard let (texts, origin) = given(setting, flag: flag) else { return nil }
        var values: [Value] = []
        for part in texts.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            let text = String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            guard !text.isEmpty, let value = parse(text) else {
                throw CommandFailure(
                    origin.status,
                    "\(origin.show(setting, text)) cannot be used; expected \(expecting)"
                )
            }
            values.append(value)
        }
        return values
    }

    func endpoints(_ setting: Setting, flag: [String]) throws(CommandFailure) -> [Endpoint]? {
        try list(setting, flag: flag, expecting: "endpoints, as tcp://127.0.0.1:7400 or ipc:///run/ringmaster.sock") {
            try? Endpoint($0)
        }
    }

    func endpoint(_ setting: Setting, flag: String?) throws(CommandFailure) -> Endpoint? {
        try value(setting, flag: flag, expecting: "an endpoint, as tcp://127.0.0.1:7400 or ipc:///run/ringmaster.sock")
        {
            try? Endpoint($0)
        }
    }
}
