// What the run's own networks bound, each with its reason.

/// Sizes and times of the proxy, the packet switch and the probes.
enum NetworkLimits {
    /// What one direction of a connection keeps before it stops reading: what a kernel's socket would.
    static let streamBytesMax = 256 << 10
    /// What is kept of a connection for `late-resend`: more than a client has under way.
    static let lateBytesMax = 4 << 20
    /// Read at once.
    static let readBytesMax = 64 << 10
    /// A connection's ping and pong are shorter, a job is longer.
    static let jobBytesMin = 48
    /// What a link of limited bandwidth queues; beyond, packets are lost.
    static let linkQueueNs: Int64 = 1_000_000_000
    /// Packets that the switch reads of one link before it looks at the next.
    static let packetsPerTurn = 64
    /// How often the owner of a connection is looked for, as a process may only just be starting.
    static let ownerLooksMax = 10
    static let ownerPauseNs: Int64 = 20_000_000
    /// Between the arrival of what is late and that of what was sent after it.
    static let latePauseNs: Int64 = 20_000_000
    /// What must not pass is waited for so long.
    static let silenceNs: Int64 = 250_000_000
    /// What must pass may take so long beyond the fault's own delay, on a busy machine.
    static let passageNs: Int64 = 5_000_000_000
    /// After the last packet of a probe a duplicate may come so much later.
    static let echoNs: Int64 = 20_000_000
    /// What a link of limited bandwidth takes of one connection at a time, so that others have their turn.
    static let linkShareNs: Int64 = 20_000_000
    /// What a client may take to have something under way.
    static let lateCollectNs: Int64 = 3_000_000_000
    /// Datagrams of one probe for lost packets, and probes until none lost means that none are lost.
    static let probeDatagrams = 100
    static let probesMax = 20
}
