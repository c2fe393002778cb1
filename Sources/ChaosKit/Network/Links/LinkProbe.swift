// What is looked at on a line to say that a fault of links is there, or is not.

/// Looks at lines. Each look throws what it misses.
enum LinkProbe {
    /// Everything passes, once and in order.
    static func passes(_ line: ProbeLine, _ when: String, _ isForth: Bool = true) async throws(FaultFailure) {
        var result = ProbeResult()
        // A busy machine may lose a packet of its own accord; a fault that goes on does so again.
        for _ in 1...3 {
            let count = line.isOfPackets ? NetworkLimits.probeDatagrams : 1
            result = await line.send(forth: isForth, count, within: NetworkLimits.passageNs)
            if result.arrived == count, result.duplicates == 0, result.overtaken == 0 { return }
        }
        throw FaultFailure("a probe did not pass \(when): \(result)")
    }

    /// The effect is seen on the line.
    static func shows(
        _ effect: LinkEffect,
        on line: ProbeLine,
        _ isForth: Bool,
        _ way: String
    ) async throws(FaultFailure) {
        if effect.isBlocked {
            let result = await line.send(forth: isForth, within: NetworkLimits.silenceNs)
            guard result.arrived == 0, !result.isBroken else { throw FaultFailure("a probe came \(way): \(result)") }
        }
        if effect.delayNs > 0 { try await showsDelay(effect, line, isForth, way) }
        if let rate = effect.bytesPerSecond { try await showsBandwidth(rate, line, isForth, way) }
        if effect.lossShare > 0 {
            try await sees("no packet was lost \(way)", line, isForth) { $0.arrived < $0.sent }
        }
        if effect.duplicateShare > 0 {
            try await sees("no packet came twice \(way)", line, isForth) { $0.duplicates > 0 }
        }
        if effect.reorderShare > 0 {
            try await sees("no packet was overtaken \(way)", line, isForth) { $0.overtaken > 0 }
        }
    }

    private static func showsDelay(
        _ effect: LinkEffect,
        _ line: ProbeLine,
        _ isForth: Bool,
        _ way: String
    ) async throws(FaultFailure) {
        let limitNs = effect.delayNs + effect.jitterNs + NetworkLimits.passageNs
        let result = await line.send(forth: isForth, within: limitNs)
        guard result.arrived == 1, result.tookNs >= effect.delayNs else {
            throw FaultFailure("a probe was not \(effect.delayNs) ns late \(way): \(result)")
        }
    }

    /// What a tenth of a second carries takes about that long.
    private static func showsBandwidth(
        _ bytesPerSecond: Int64,
        _ line: ProbeLine,
        _ isForth: Bool,
        _ way: String
    ) async throws(FaultFailure) {
        let bytesEach = 1000
        let count = max(2, min(NetworkLimits.probeDatagrams, Int(bytesPerSecond) / 10 / bytesEach))
        let leastNs = Int64(Double(count * bytesEach) / Double(bytesPerSecond) * 0.8e9)
        let result = await line.send(forth: isForth, count, bytes: bytesEach, within: 4 * NetworkLimits.passageNs)
        // Packets that find the link's queue full are lost, which shows as much.
        let isSlow = result.arrived > 0 && result.tookNs >= leastNs || line.isOfPackets && result.arrived < result.sent
        guard isSlow else {
            throw FaultFailure(
                "\(count * bytesEach) bytes were not slowed to \(bytesPerSecond) a second \(way): \(result)"
            )
        }
    }

    /// Sends packets until the sign is seen.
    private static func sees(
        _ missing: String,
        _ line: ProbeLine,
        _ isForth: Bool,
        _ sign: (ProbeResult) -> Bool
    ) async throws(FaultFailure) {
        var result = ProbeResult()
        for _ in 1...NetworkLimits.probesMax {
            result = await line.send(forth: isForth, NetworkLimits.probeDatagrams, within: NetworkLimits.silenceNs)
            if sign(result) { return }
        }
        throw FaultFailure("\(missing): \(result)")
    }
}
