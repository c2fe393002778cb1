// One way of a connection through the proxy: what was read and has not left yet.

import Glibc

/// Bytes on their way from one socket to another. Confined to the network's thread.
final class ProxyStream {
    private struct Part {
        var bytes: ArraySlice<UInt8>
        let leavesNs: Int64
    }

    /// How the source ended.
    enum Ending {
        case closed, reset
    }

    /// What sending came to.
    enum Outcome: Equatable {
        /// All that was due is gone.
        case done
        /// The sink takes no more now.
        case full
        /// The sink is gone.
        case broken
    }

    var link = LinkState.free
    /// Kept until somebody lets it go, whatever the rules: it is read, and stays.
    var isKept = false
    var ending: Ending?
    private var parts: [Part] = []
    private var first = 0
    private(set) var heldBytes = 0
    private(set) var passedBytes = 0

    private var bytesMax: Int {
        isKept ? NetworkLimits.lateBytesMax : link.bytesAtOnceMax ?? NetworkLimits.streamBytesMax
    }
    /// What may be read now.
    var room: Int { max(0, min(NetworkLimits.readBytesMax, bytesMax - heldBytes)) }
    var isEmpty: Bool { first == parts.count }
    var reads: Bool { ending == nil && !link.isBlocked && heldBytes < bytesMax }
    /// When the first part leaves; nil where none is to.
    var nextNs: Int64? { isEmpty || link.isBlocked || isKept ? nil : parts[first].leavesNs }

    /// Other rules are in force: what waits because of former ones goes as by the new ones.
    func follow(_ link: LinkState, nowNs: Int64) {
        // Of others' links.
        guard link.ruleIDs != self.link.ruleIDs else { return }
        self.link = link
        let waiting = parts[first...].map { Part(bytes: $0.bytes, leavesNs: min($0.leavesNs, nowNs)) }
        parts = waiting
        first = 0
    }

    /// Takes what was read. Returns at once what leaves at once.
    func take(_ bytes: UnsafeRawBufferPointer, nowNs: Int64, _ random: inout RandomSource) -> Bool {
        if link.isFree, isEmpty, !isKept { return true }
        let last = isEmpty ? nowNs : parts[parts.count - 1].leavesNs
        let leavesNs = link.streamLeavesNs(bytes: bytes.count, nowNs: nowNs, notBeforeNs: last, &random)
        keep(bytes, leavesNs: leavesNs)
        return false
    }

    /// Keeps what the sink did not take.
    func keep(_ bytes: UnsafeRawBufferPointer, leavesNs: Int64) {
        parts.append(Part(bytes: ArraySlice(bytes), leavesNs: leavesNs))
        heldBytes += bytes.count
    }

    /// Sends what is due.
    func send(to sink: Int32, nowNs: Int64) -> Outcome {
        while let next = nextNs, next <= nowNs {
            let count = parts[first].bytes.withUnsafeBytes { Self.send($0, to: sink) }
            if count < 0 { return errno == EAGAIN ? .full : .broken }
            passed(count)
            heldBytes -= count
            parts[first].bytes = parts[first].bytes.dropFirst(count)
            guard parts[first].bytes.isEmpty else { return .full }
            first += 1
            if first == parts.count || first > 64 {
                parts.removeFirst(first)
                first = 0
            }
        }
        return .done
    }

    func passed(_ count: Int) {
        passedBytes += count
    }

    static func send(_ bytes: UnsafeRawBufferPointer, to sink: Int32) -> Int {
        Glibc.send(sink, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Forgets what was to go, as there is nobody to go to.
    func drop() {
        parts = []
        first = 0
        heldBytes = 0
    }
}
