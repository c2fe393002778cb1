// The handlers of a worker, by the names of their jobs. Made first, then served.

import RingmasterProtocol

/// The state of a key as a handler of values sees it. A key that was never written, or was removed, begins as `init()`.
public protocol KeyedState: Codable, Sendable {
    init()
}

/// A set of named job handlers. A value, so it does not change under the worker.
public struct JobHandlers: Sendable {
    /// A handler of bytes, on the worker's loop: it must be quick, as everything of the worker waits for it. Whatever it
    /// throws is the job's reply, an error; the key's state stays as it was.
    public typealias Raw = @Sendable (_ state: inout RawState, _ argument: [UInt8], _ job: Job) throws -> [UInt8]
    typealias Async = @Sendable (RawState, [UInt8], Job) async throws -> (RawState, [UInt8])

    enum Handler: Sendable {
        case raw(Raw)
        case async(Async)
    }

    private(set) var handlers: [String: Handler] = [:]

    public init() {}

    /// The names, in order.
    public var names: [String] { handlers.keys.sorted() }

    /// Adds a handler of bytes that runs on the worker's loop.
    /// - Precondition: There is none of that name.
    public mutating func handleRaw(_ name: String, _ body: @escaping Raw) {
        add(name, .raw(body))
    }

    /// Adds a handler of values. Handlers of different keys run beside each other, those of one key one after the other.
    ///
    ///     handlers.handle("deposit", state: Account.self) { (account: inout Account, amount: Int, job: Job) in
    ///         account.balance += amount
    ///         return account.balance
    ///     }
    ///
    /// What it throws is the job's reply, an error; the key's state stays as it was.
    /// - Precondition: There is none of that name.
    public mutating func handle<
        State: KeyedState,
        Argument: Decodable & SendableMetatype,
        Output: Encodable & SendableMetatype
    >(
        _ name: String,
        state: State.Type,
        _ body: @escaping @Sendable @concurrent (inout State, Argument, Job) async throws -> Output
    ) {
        add(
            name,
            .async { raw, argument, job in
                var raw = raw
                let before = raw.bytes
                var value = try before.map { try MessagePackDecoder().decode(State.self, from: $0) } ?? State()
                let argument = try MessagePackDecoder().decode(Argument.self, from: argument)
                let output = try MessagePackEncoder().encode(try await body(&value, argument, job))
                let after = try MessagePackEncoder().encode(value)
                // A job that only looks writes nothing.
                if after != before { raw.bytes = after }
                return (raw, output)
            }
        )
    }

    private mutating func add(_ name: String, _ handler: Handler) {
        precondition(handlers[name] == nil, "the job '\(name)' has a handler already")
        precondition((1...255).contains(name.utf8.count), "a job's name has 1 to 255 bytes: '\(name)'")
        handlers[name] = handler
    }
}

/// Handlers by the bytes of their names, with the last find kept in front: jobs of one name come in runs.
struct HandlerTable {
    private let entries: [(name: [UInt8], handler: JobHandlers.Handler)]
    private let places: [String: Int]
    private var last = 0

    init(_ handlers: JobHandlers) {
        let names = handlers.names
        entries = names.map { (Array($0.utf8), handlers.handlers[$0]!) }
        places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    }

    /// O(bytes of the name); nothing is allocated for the name that was asked for last.
    mutating func handler(named name: UnsafeRawBufferPointer) -> JobHandlers.Handler? {
        if last < entries.count, name.elementsEqual(entries[last].name) { return entries[last].handler }
        guard let place = places[String(decoding: name, as: UTF8.self)] else { return nil }
        last = place
        return entries[place].handler
    }
}
