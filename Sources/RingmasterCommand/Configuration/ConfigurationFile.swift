// The configuration file: one JSON object whose keys are the names of settings.

import Foundation

/// The values of a configuration file, as texts.
struct ConfigurationFile: Equatable, Sendable {
    /// A configuration is a few lines; whatever is larger is another file.
    static let bytesMax = 1 << 20

    let path: String
    private(set) var values: [Setting: [String]] = [:]

    /// Reads the file.
    /// - Throws: `CommandFailure`: it is missing, no JSON object, or has a key or value that no setting has.
    init(reading path: String) throws(CommandFailure) {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw CommandFailure(
                .noInput,
                "the configuration file '\(path)' cannot be read: is it there, and readable?"
            )
        }
        let data = (try? handle.read(upToCount: Self.bytesMax + 1)) ?? Data()
        guard data.count <= Self.bytesMax else {
            throw CommandFailure(
                .configuration,
                "'\(path)' has more than \(Self.bytesMax) bytes; is it a configuration file?"
            )
        }
        try self.init(parsing: String(decoding: data, as: UTF8.self), path: path)
    }

    init(parsing text: String, path: String) throws(CommandFailure) {
        self.path = path
        let value: PlainValue
        do {
            value = try PlainValue(json: text)
        } catch {
            throw CommandFailure(.configuration, "'\(path)' is no JSON: \(error)")
        }
        guard case .map(let entries) = value else {
            throw CommandFailure(
                .configuration,
                "'\(path)' is no JSON object; write {\"cluster\": \"tcp://127.0.0.1:7400\"}"
            )
        }
        for (key, value) in entries {
            guard let setting = Setting(rawValue: key) else {
                let names = Setting.allCases.map(\.rawValue).sorted().joined(separator: ", ")
                throw CommandFailure(.configuration, "'\(path)' has the unknown key '\(key)'; the keys are: \(names)")
            }
            guard values[setting] == nil else {
                throw CommandFailure(.configuration, "'\(path)' has the key '\(key)' twice; leave one")
            }
            guard let texts = Self.texts(value) else {
                throw CommandFailure(
                    .configuration,
                    "the value of '\(key)' in '\(path)' is \(value.json); write a text, a number, a bool or an array of texts"
                )
            }
            values[setting] = texts
        }
    }

    private static func texts(_ value: PlainValue) -> [String]? {
        switch value {
        case .text(let text): return [text]
        case .integer, .unsigned, .bool, .double: return [value.json]
        case .array(let values):
            var all: [String] = []
            for value in values {
                if case .array = value { return nil }
                guard let texts = texts(value) else { return nil }
                all += texts
            }
            return all
        case .null, .map, .bytes, .ext: return nil
        }
    }
}
