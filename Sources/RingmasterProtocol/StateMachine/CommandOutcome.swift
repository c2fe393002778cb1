// What a command did, for the coordinator that proposed it: one for each command of an entry, in order.

/// The outcome of one command.
public enum CommandOutcome: Equatable, Sendable {
    case deltas(DeltaOutcomes)
    /// A session is open under that id.
    case sessionOpened(ClientID)
    /// So many sessions were removed.
    case sessionsExpired(Int)
    /// Whether there was such a session.
    case sessionClosed(Bool)
    /// Whether this command founded the cluster: false when it was founded before.
    case initialised(Bool)
    /// Whether the intent is now in force.
    case proposed(Epoch, accepted: Bool)
    /// Whether the view of that epoch is now in force.
    case committed(Epoch, accepted: Bool)
}
