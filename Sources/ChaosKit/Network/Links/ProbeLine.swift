// A line between two processes' places that the run itself uses, to see what the network does to it.

import CShimNetwork
import Glibc
import Ringmaster
import RingmasterCommand

/// What a probe saw.
struct ProbeResult: Equatable, Sendable {
    var sent = 0
    /// Different messages that came.
    var arrived = 0
    var duplicates = 0
    /// Messages that came after a later one.
    var overtaken = 0
    /// From the beginning of sending to the last arrival.
    var tookNs: Int64 = 0
    /// An end of the line was told that the line is broken.
    var isBroken = false
}

/// Two sockets whose bytes pass the network under test: a TCP connection through the proxy, or UDP between namespaces.
///
/// The sockets block nobody but the threads that `send` starts. Owned by whoever made it; ended by `close`.
final class ProbeLine: Sendable {
    /// By their side: 0 is the sender's place, 1 the receiver's.
    private let descriptors: [Int32]
    /// Of datagrams: where each side is reached.
    private let places: [SocketPlace]?

    init(stream one: Int32, _ other: Int32) {
        descriptors = [one, other]
        places = nil
    }

    init(datagrams one: Int32, at onePlace: SocketPlace, _ other: Int32, at otherPlace: SocketPlace) {
        descriptors = [one, other]
        places = [onePlace, otherPlace]
    }

    /// Whether it has packets, each of which may be lost, rather than a stream.
    var isOfPackets: Bool { places != nil }

    /// Sends so many messages of so many bytes, and waits until all have come or the time is over.
    func send(forth: Bool, _ count: Int = 1, bytes: Int = 16, within limitNs: Int64) async -> ProbeResult {
        await withCheckedContinuation { continuation in
            startThread { [self] in
                continuation.resume(returning: exchange(forth, count, max(bytes, 8), limitNs))
            }
        }
    }

    private func exchange(_ forth: Bool, _ count: Int, _ bytes: Int, _ limitNs: Int64) -> ProbeResult {
        let (source, sink) = forth ? (descriptors[0], descriptors[1]) : (descriptors[1], descriptors[0])
        let beganNs = MonotonicTime.now.nanoseconds
        return places == nil
            ? stream(source, sink, count * bytes, beganNs, limitNs)
            : datagrams(source, sink, count, bytes, beganNs, limitNs, to: forth ? 1 : 0)
    }

    private func stream(_ source: Int32, _ sink: Int32, _ bytes: Int, _ beganNs: Int64, _ limitNs: Int64) -> ProbeResult
    {
        var result = ProbeResult()
        var (unsent, uncome) = (bytes, bytes)
        var room = [UInt8](repeating: 0x2a, count: NetworkLimits.readBytesMax)
        while uncome > 0 {
            let leftNs = beganNs + limitNs - MonotonicTime.now.nanoseconds
            guard leftNs > 0 else { break }
            if unsent > 0 {
                let count = Glibc.send(source, room, min(unsent, room.count), Int32(MSG_NOSIGNAL))
                if count > 0 { unsent -= count } else if errno != EAGAIN { result.isBroken = true }
            }
            _ = InternetSocket.wait(sink, POLLIN, unsent > 0 ? 1 : Int32(clamping: leftNs / 1_000_000 + 1))
            let count = recv(sink, &room, min(room.count, uncome), 0)
            if count > 0 { uncome -= count } else if count == 0 || errno != EAGAIN { result.isBroken = true }
            if result.isBroken { break }
        }
        result.sent = unsent == 0 ? 1 : 0
        result.arrived = uncome == 0 ? 1 : 0
        result.tookNs = MonotonicTime.now.nanoseconds - beganNs
        return result
    }

    private func datagrams(
        _ source: Int32,
        _ sink: Int32,
        _ count: Int,
        _ bytes: Int,
        _ beganNs: Int64,
        _ limitNs: Int64,
        to side: Int
    ) -> ProbeResult {
        var result = ProbeResult()
        var room = [UInt8](repeating: 0, count: 2048)
        var seen: Set<UInt64> = []
        var highest: UInt64 = 0
        for number in 0..<UInt64(count) {
            let mark = UInt64(bitPattern: beganNs) &+ number
            let message = withUnsafeBytes(of: mark) { Array($0) } + [UInt8](repeating: 0, count: bytes - 8)
            if let places, InternetSocket.sendTo(source, message, places[side]) { result.sent += 1 }
        }
        while true {
            // Once all have come, some may still come twice.
            let endNs = seen.count == count ? beganNs + result.tookNs + NetworkLimits.echoNs : beganNs + limitNs
            let leftNs = endNs - MonotonicTime.now.nanoseconds
            guard leftNs > 0, InternetSocket.wait(sink, POLLIN, Int32(clamping: leftNs / 1_000_000 + 1)) else { break }
            while recv(sink, &room, room.count, 0) >= 8 {
                let mark = room.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
                // Of an earlier probe.
                guard mark >= UInt64(bitPattern: beganNs) else { continue }
                if !seen.insert(mark).inserted { result.duplicates += 1 }
                if mark < highest { result.overtaken += 1 }
                highest = max(highest, mark)
                result.tookNs = MonotonicTime.now.nanoseconds - beganNs
            }
        }
        result.arrived = seen.count
        return result
    }

    /// Whether an end of the line was told within a time that the line is broken or over. Only for connections.
    func isTold(forth: Bool, within limitNs: Int64) async -> Bool {
        await withCheckedContinuation { continuation in
            startThread { [self] in
                let end = descriptors[forth ? 1 : 0]
                let isTold = rm_wait_for_end(end, Int32(clamping: limitNs / 1_000_000)) == 1
                continuation.resume(returning: isTold)
            }
        }
    }

    /// Ends one side, as a process that ends does.
    func closeSide(_ side: Int) {
        shutdown(descriptors[side], Int32(SHUT_RDWR))
    }

    func close() {
        for descriptor in descriptors { Glibc.close(descriptor) }
    }
}
