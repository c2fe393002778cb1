// What one client asks for, and when: a pure sequence, fixed by the seed.

/// The operations of one client from the beginning of the run on, without end.
public struct LoadPlan: Sequence, IteratorProtocol, Sendable {
    public struct Operation: Equatable, Sendable {
        /// When it is to be asked for, from the beginning of the load; nil for a load without a rate.
        public var intendedNs: Int64?
        public var isRead: Bool
        /// The key's number.
        public var key: Int

        public init(intendedNs: Int64?, isRead: Bool, key: Int) {
            self.intendedNs = intendedNs
            self.isRead = isRead
            self.key = key
        }
    }

    private let load: LoadSettings
    private let clients: Int
    private let keys: Int
    private var random: RandomSource
    private var timeNs = 0.0
    private var count = 0

    /// - Parameter client: Its number among `settings.clients`, from 1.
    public init(_ settings: RunSettings, seed: UInt64, client: Int) {
        load = settings.load
        clients = settings.clients
        keys = settings.keys
        random = RandomSource(seed: seed, stream: 1000 + UInt64(client))
        // Clients of a fixed spacing ask in turn, not all at once.
        if load.spacing == .fixed, let interval { timeNs = interval * Double(client - 1) / Double(clients) }
    }

    /// Between two operations of this client.
    private var interval: Double? { load.perSecond.map { 1e9 * Double(clients) / $0 } }

    public mutating func next() -> Operation? {
        let intendedNs = interval.map { interval in
            if load.spacing == .poisson { timeNs += random.interval(perUnit: 1) * interval }
            defer { if load.spacing == .fixed { timeNs += interval } }
            return Int64(timeNs)
        }
        let isRead = random.fraction() < load.readShare
        let generation = Int(Double(count * clients) * (1 - load.readShare)) / (keys * RunLimits.valuesPerKey)
        let key = generation * keys + Int(random.next() % UInt64(keys))
        count += 1
        return Operation(intendedNs: intendedNs, isRead: isRead, key: key)
    }
}
