// Network faults as a seed draws them.

import Foundation

extension FaultKind {
    /// The parameters of a fault of this kind; nil for kinds that meet no network.
    func plannedShape(_ random: inout RandomSource) -> NetworkShape? {
        guard isOfNetwork else { return nil }
        var shape = NetworkShape()
        // Most faults meet all links of their target; some only those to one part of the cluster, so that the ends disagree
        // about who is there.
        switch self {
        case .delay, .partition, .oneWay, .loss, .reorder:
            if random.fraction() < 0.3 { shape.far = random.one(of: [.leader, .coordinators, .workers, .clients]) }
        default: break
        }
        switch self {
        case .delay:
            let delay = random.spread(RunLimits.delayNs)
            shape.delayNs = delay
            shape.jitterNs = Int64(Double(delay) * random.fraction())
        case .bandwidth: shape.bytesPerSecond = random.spread(RunLimits.bytesPerSecond)
        case .oneWay: shape.direction = random.one(of: NetworkShape.Direction.allCases)
        case .loss: shape.packetShare = 0.02 + 0.28 * random.fraction()
        case .reorder:
            shape.packetShare = 0.05 + 0.45 * random.fraction()
            shape.overtakenNs = random.spread(RunLimits.overtakenNs)
        case .duplicate: shape.packetShare = 0.05 + 0.45 * random.fraction()
        case .lateResend: shape.lateNs = random.spread(RunLimits.lateNs)
        default: break
        }
        return shape
    }

    /// Whom it is to meet, where that is no matter of the settings.
    func plannedNetworkTarget(_ settings: RunSettings, pick: Int, _ random: inout RandomSource) -> FaultTarget? {
        switch self {
        case .isolate: return .any(.leader, pick: 0)
        case .lateResend: return .any(.clients, pick: pick)
        case .partition where random.fraction() < 0.4: return settings.plannedGroup(&random)
        default: return nil
        }
    }

    /// How long a network fault lasts: evenly over the orders of magnitude, from less than a lease to more than it takes to
    /// miss a peer.
    func plannedNetworkNs(durationNs: Int64, _ random: inout RandomSource) -> Int64 {
        let range = RunLimits.networkFaultNs
        return random.spread(range.lowerBound...max(range.lowerBound, min(range.upperBound, durationNs / 4)))
    }
}

extension RunSettings {
    /// A part of the cluster that is to be cut off as a whole: a minority of the coordinators, and some workers and clients.
    func plannedGroup(_ random: inout RandomSource) -> FaultTarget {
        func some(_ role: NodeRole, of count: Int, atMost: Int) -> [NodeName] {
            let names = (1...count).map { NodeName(role, $0) }.shuffled(using: &random)
            return Array(names.prefix(Int.random(in: 0...max(0, atMost), using: &random)))
        }
        var group = some(.coordinator, of: coordinators, atMost: (coordinators - 1) / 2)
        group += some(.worker, of: workers, atMost: workers / 2) + some(.client, of: clients, atMost: clients / 2)
        if group.isEmpty { group = [NodeName(.worker, 1)] }
        return .named(group.sorted().map(\.description).joined(separator: ","))
    }
}

extension RandomSource {
    fileprivate mutating func one<Value>(of values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &self)]
    }

    /// Evenly over the orders of magnitude.
    fileprivate mutating func spread(_ range: ClosedRange<Int64>) -> Int64 {
        let (lowest, highest) = (Double(range.lowerBound), Double(range.upperBound))
        return Int64(lowest * pow(highest / lowest, fraction()))
    }
}
