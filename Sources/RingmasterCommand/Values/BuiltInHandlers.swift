// The jobs that `ringmaster worker` knows: enough to use a cluster without writing a program.

import Ringmaster

/// Handlers on states that are one MessagePack value a key.
package enum BuiltInHandlers {
    /// What a text or byte string may grow to by `append`.
    static let appendedBytesMax = 1 << 20

    static let help = """
        Jobs of `ringmaster worker` (the argument is JSON, or a text as it stands):
          set KEY VALUE      the key's state becomes VALUE; replies with VALUE; without VALUE the key is removed
          add KEY NUMBER     adds an integer to an integer, from 0; replies with the sum
          append KEY TEXT    appends text to text, or bytes to bytes; replies with the length in bytes
          get KEY            replies with the state
          echo KEY VALUE     replies with VALUE; writes nothing
        """

    package static func add(to worker: Worker) {
        worker.handleRaw("set") { state, argument, _ in
            let value = try value(argument, of: "set")
            state.bytes = value == .null ? nil : argument
            return argument
        }
        worker.handleRaw("add") { state, argument, _ in
            guard case .integer(let summand) = try value(argument, of: "add") else {
                throw failure("add takes an integer from \(Int64.min) to \(Int64.max)")
            }
            let before = try current(state)
            guard let before else {
                state.bytes = PlainValue.integer(summand).messagePack
                return PlainValue.integer(summand).messagePack
            }
            guard case .integer(let number) = before else {
                throw failure("the key's state is no integer: \(kind(before))")
            }
            let (sum, overflows) = number.addingReportingOverflow(summand)
            guard !overflows else { throw failure("\(number) + \(summand) is beyond 64 bits; the state stays") }
            let bytes = PlainValue.integer(sum).messagePack
            state.bytes = bytes
            return bytes
        }
        worker.handleRaw("append") { state, argument, _ in
            let more = try value(argument, of: "append")
            let whole: PlainValue
            let length: Int
            switch (try current(state), more) {
            case (nil, .text(let text)): (whole, length) = (more, text.utf8.count)
            case (nil, .bytes(let bytes)): (whole, length) = (more, bytes.count)
            case (.text(let before)?, .text(let text)):
                (whole, length) = (.text(before + text), before.utf8.count + text.utf8.count)
            case (.bytes(let before)?, .bytes(let bytes)):
                (whole, length) = (.bytes(before + bytes), before.count + bytes.count)
            case (let before, _):
                throw failure(
                    "cannot append \(kind(more)) to \(before.map(kind) ?? "nothing"): only text to text, bytes to bytes"
                )
            }
            guard length <= appendedBytesMax else {
                throw failure("\(length) bytes would be above the limit of \(appendedBytesMax); the state stays")
            }
            state.bytes = whole.messagePack
            return PlainValue.integer(Int64(length)).messagePack
        }
        worker.handleRaw("get") { state, _, _ in state.bytes ?? PlainValue.null.messagePack }
        worker.handleRaw("echo") { _, argument, _ in argument }
    }

    private static func current(_ state: RawState) throws -> PlainValue? {
        guard let bytes = state.bytes else { return nil }
        do {
            return try PlainValue(messagePack: bytes)
        } catch {
            throw failure("the key's state was not written by these jobs: \(error)")
        }
    }

    private static func value(_ argument: [UInt8], of job: String) throws -> PlainValue {
        do {
            return try PlainValue(messagePack: argument)
        } catch {
            throw failure("the argument of \(job) is no MessagePack value: \(error)")
        }
    }

    private static func kind(_ value: PlainValue) -> String {
        switch value {
        case .null: "nil"
        case .bool: "a bool"
        case .integer, .unsigned: "an integer"
        case .double: "a floating-point number"
        case .text: "text"
        case .bytes: "bytes"
        case .array: "an array"
        case .map: "a map"
        case .ext: "an application's type"
        }
    }

    private static func failure(_ message: String) -> RemoteError {
        RemoteError(code: .handlerFailed, message: message)
    }
}
