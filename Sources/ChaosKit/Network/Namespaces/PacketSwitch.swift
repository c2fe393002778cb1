// The switch between the namespaces of a run: takes the packets of each, and gives them to whom they are for, as the rules
// in force will have it.

import Glibc

/// Carries IPv4 packets between devices, on a thread of its own.
///
/// @unchecked Sendable: all state is confined to the thread; what is called from elsewhere hops over.
final class PacketSwitch: @unchecked Sendable {
    private struct Port {
        /// nil: the run itself.
        let name: NodeName?
        let descriptor: Int32
    }

    private struct Way: Hashable {
        let source: UInt32
        let destination: UInt32
    }

    private let thread = NetworkThread()
    private var ports: [UInt32: Port] = [:]
    private var rules: [ImposedRule] = []
    private var links: [Way: LinkState] = [:]
    /// Of the run's own probes, by their UDP ports: the rule that they are to show.
    private var probes: [UInt16: Int64] = [:]
    private var random = RandomSource(seed: UInt64(getpid()))
    private var packet = [UInt8](repeating: 0, count: 65_536)

    // MARK: From elsewhere

    /// Carries the packets of a device from now on, which it owns.
    func plug(_ name: NodeName?, address: UInt32, packets descriptor: Int32) {
        thread.post { [self] in
            ports[address] = Port(name: name, descriptor: descriptor)
            links = [:]
            thread.watch(descriptor, .reads) { [unowned self] _ in carry(from: descriptor) }
        }
    }

    func impose(_ rule: LinkRule) async {
        await thread.perform { [self] in
            rules.append(ImposedRule(rule))
            links = [:]
        }
    }

    func lift(_ id: Int64) async -> LinkCounts {
        await thread.perform { [self] in
            let counts = rules.first { $0.rule.id == id }?.counts
            rules.removeAll { $0.rule.id == id }
            links = [:]
            return counts ?? LinkCounts()
        }
    }

    /// Says that packets from and to these UDP ports are there to show a rule, and meet no other.
    func expectProbe(_ udpPorts: [UInt16], rule: Int64) async {
        await thread.perform { [self] in for port in udpPorts { probes[port] = rule } }
    }

    func close() async {
        await thread.perform { [self] in
            for port in ports.values { thread.close(port.descriptor) }
            ports = [:]
            thread.stop()
        }
    }

    // MARK: On the thread

    private func carry(from descriptor: Int32) {
        for _ in 0..<NetworkLimits.packetsPerTurn {
            let count = read(descriptor, &packet, packet.count)
            guard count > 0 else { return }
            packet.withUnsafeBytes { pass(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    private func pass(_ packet: UnsafeRawBufferPointer) {
        // Of IPv6 there are but the kernel's own questions, which nobody answers.
        guard packet.count >= 20, packet[0] >> 4 == 4 else { return }
        let way = Way(
            source: UInt32(bigEndian: packet.loadUnaligned(fromByteOffset: 12, as: UInt32.self)),
            destination: UInt32(bigEndian: packet.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
        )
        guard let port = ports[way.destination] else { return }
        let link = link(way, packet)
        guard !link.isFree else { return deliver(packet, to: port.descriptor) }
        let nowNs = thread.nowNs
        guard case .leaves(let atNs, let againAtNs) = link.packet(bytes: packet.count, nowNs: nowNs, &random) else {
            return
        }
        for time in [atNs, againAtNs].compactMap({ $0 }) {
            if time <= nowNs {
                deliver(packet, to: port.descriptor)
            } else {
                let copy = Array(packet)
                thread.at(time) { [weak self] in copy.withUnsafeBytes { self?.deliver($0, to: port.descriptor) } }
            }
        }
    }

    private func link(_ way: Way, _ packet: UnsafeRawBufferPointer) -> LinkState {
        let (sender, receiver) = (ports[way.source]?.name, ports[way.destination]?.name)
        if let probe = probe(packet) { return LinkState(rules, from: sender, to: receiver, only: probe) }
        if let link = links[way] { return link }
        let link = LinkState(rules, from: sender, to: receiver)
        links[way] = link
        return link
    }

    /// The rule that a packet is there to show, if it is a probe's.
    private func probe(_ packet: UnsafeRawBufferPointer) -> Int64? {
        let head = Int(packet[0] & 15) * 4
        guard !probes.isEmpty, packet[9] == UInt8(IPPROTO_UDP), packet.count >= head + 8 else { return nil }
        return probes[UInt16(bigEndian: packet.loadUnaligned(fromByteOffset: head + 2, as: UInt16.self))]
    }

    private func deliver(_ packet: UnsafeRawBufferPointer, to descriptor: Int32) {
        // A device whose queue is full loses it, as any would.
        _ = write(descriptor, packet.baseAddress, packet.count)
    }
}
