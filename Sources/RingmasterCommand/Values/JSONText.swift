// JSON for people: what is typed on the command line, and what is printed.

import Ringmaster

extension PlainValue {
    /// What somebody typed: JSON where it is that, else the text itself, so that `submit set name Ada` needs no quotes.
    init(argument: String) {
        self = (try? PlainValue(json: argument)) ?? .text(argument)
    }

    /// The value as JSON on one line. Bytes are written as {"$bytes": hex}, NaN and infinities as texts.
    var json: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .double(let value): value.isFinite ? "\(value)" : "\"\(value)\""
        case .text(let value): JSONText.quote(value)
        case .bytes(let value): "{\"$bytes\":\"\(JSONText.hex(value))\"}"
        case .array(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
        case .map(let entries): "{" + entries.map { "\(JSONText.quote($0)):\($1.json)" }.joined(separator: ",") + "}"
        case .ext(let type, let data): "{\"$ext\":\(type),\"$bytes\":\"\(JSONText.hex(data))\"}"
        }
    }
}

/// Quoting.
enum JSONText {
    /// The text between quotation marks, control characters escaped.
    static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7f {
                    quoted += "\\u" + String(repeating: "0", count: scalar.value < 0x10 ? 3 : 2)
                    quoted += String(scalar.value, radix: 16)
                } else {
                    quoted.unicodeScalars.append(scalar)
                }
            }
        }
        return quoted + "\""
    }

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
