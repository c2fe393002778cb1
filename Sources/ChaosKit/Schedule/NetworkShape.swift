// What a schedule says of a fault of the network, besides its kind and target.

/// The parameters of one network fault; only what its kind needs is set.
public struct NetworkShape: Codable, Equatable, Sendable {
    /// Whose links to the target are met; nil: everybody's.
    public var far: TargetRole?
    /// Which way; nil: both.
    public var direction: Direction?
    /// Of `delay`: what everything takes longer, and by how much more at the most, evenly.
    public var delayNs: Int64?
    public var jitterNs: Int64?
    /// Of `bandwidth`: all links of the target together, each way.
    public var bytesPerSecond: Int64?
    /// Of `loss`, `reorder` and `duplicate`: of so many packets in all, 0 to 1.
    public var packetShare: Double?
    /// Of `reorder`: by how much such a packet is overtaken.
    public var overtakenNs: Int64?
    /// Of `late-resend`: from the loss of the connection to the arrival of what was sent on it.
    public var lateNs: Int64?

    public enum Direction: String, Codable, Sendable, CaseIterable {
        /// To the target.
        case into
        /// From the target.
        case outOf = "out-of"
    }

    public init() {}

    /// What cannot be, for a person; nil where nothing is wrong.
    var mistake: String? {
        let numbers = [delayNs, jitterNs, overtakenNs, lateNs].compactMap { $0 }
        if numbers.contains(where: { !(0...60_000_000_000).contains($0) }) { return "a time outside 0 to 60 s" }
        if let bytesPerSecond, bytesPerSecond < 1000 { return "a bandwidth below 1000 bytes a second" }
        if let packetShare, !(0...1).contains(packetShare) { return "a share of packets outside 0 to 1" }
        return nil
    }
}

extension FaultKind {
    /// Kinds that meet links rather than processes.
    public var isOfNetwork: Bool { network != nil }

    /// The network that it needs; nil for kinds that need none.
    var network: NetworkMode.Need? {
        switch self {
        case .delay, .bandwidth, .partition, .oneWay, .isolate: .any
        case .halfOpen, .reset, .lateResend: .connections
        case .loss, .reorder, .duplicate: .packets
        default: nil
        }
    }
}
