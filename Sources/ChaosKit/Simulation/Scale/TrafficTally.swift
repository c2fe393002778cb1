// What comes over the network of a simulation, by what it is and between whom.

import CShim
import Ringmaster
import RingmasterProtocol

/// Counts the frames that are delivered. It is told of messages outside of all turns, so that it costs no process anything.
///
/// Bytes are those of ZeroMQ messages. What ZMTP (2 or 9 bytes a part) and TCP/IP add is not in them.
final class TrafficTally {
    enum Party: String, Hashable, CaseIterable, Codable, Sendable {
        case leader, follower, worker, client
    }

    /// What a frame is, and which way it goes.
    struct Kind: Hashable {
        /// The method of a request, `reply to` before that of what is answered, the topic of a publication. Messages of a resize
        /// have their phase behind it.
        var name: String
        var from: Party
        var to: Party
    }

    struct Count: Equatable {
        var frames = 0
        var bytes = 0

        mutating func add(_ bytes: Int) {
            frames += 1
            self.bytes += bytes
        }
    }

    /// Who stands behind a process.
    private let party: (VirtualHost) -> (Party, NodeName)
    private(set) var counts: [Kind: Count] = [:]
    /// What each received, but for what goes on without a resize.
    private(set) var received: [NodeName: Count] = [:]
    /// Of each subscriber's connection the publication that came last, by topic.
    private var published: [Int: [String: UInt64]] = [:]
    /// Requests that were not answered yet.
    private var asked: [Request: String] = [:]

    private struct Request: Hashable {
        let connection: Int
        let isToServer: Bool
        let msgid: UInt32
    }

    init(party: @escaping (VirtualHost) -> (Party, NodeName)) {
        self.party = party
    }

    /// Forgets what was counted, but not who waits for an answer.
    func clear() {
        counts = [:]
        received = [:]
    }

    /// A message has come over a connection. O(bytes of its heads; all of it for messages of a resize).
    func take(_ message: VirtualMessage, over connection: VirtualConnection, toServer: Bool) {
        let (client, server) = (connection.client.host, connection.server.host)
        let (sender, receiver) = toServer ? (party(client), party(server)) : (party(server), party(client))
        func count(_ name: String, _ bytes: Int) {
            let kind = Kind(name: name, from: sender.0, to: receiver.0)
            counts[kind, default: Count()].add(bytes)
            if !kind.isPeriodic { received[receiver.1, default: Count()].add(bytes) }
        }
        guard connection.server.kind != RM_XPUB else {
            return count(name(of: message, connection.number, toServer), message.reduce(0) { $0 + $1.bytes.count })
        }
        var others = message.dropLast().reduce(0) { $0 + $1.bytes.count }
        var rest = message[message.count - 1].bytes[...]
        while !rest.isEmpty {
            var frame = rm_frame()
            let start = rest.base.baseAddress!.advanced(by: rest.startIndex).assumingMemoryBound(to: UInt8.self)
            let length = Int(rm_frame_read(start, rest.count, &frame))
            guard length > 0 else { return count("not a frame", rest.count) }
            count(name(of: frame, connection.number, toServer), length + others)
            others = 0
            rest = rest.dropFirst(length)
        }
    }

    private func name(of message: VirtualMessage, _ connection: Int, _ isToServer: Bool) -> String {
        guard !isToServer, message.count == 2 else { return "subscribe" }
        switch PublicationFrame.read(message[1].bytes, topic: message[0].bytes) {
        case .publication(_, let sequence, _):
            let topic = String(decoding: message[0].bytes, as: UTF8.self)
            let last = published[connection, default: [:]].updateValue(sequence, forKey: topic)
            return last == sequence ? topic + Kind.repeated : topic
        case .listing: return "$/topics"
        case nil: return "not a publication"
        }
    }

    private func name(of frame: rm_frame, _ connection: Int, _ isToServer: Bool) -> String {
        if frame.kind == UInt32(RM_RESPONSE) {
            let request = Request(connection: connection, isToServer: !isToServer, msgid: frame.msgid)
            return "reply to " + (asked.removeValue(forKey: request) ?? "what is not known")
        }
        var name = String(
            decoding: UnsafeRawBufferPointer(start: frame.method, count: frame.method_length),
            as: UTF8.self
        )
        if name == "member.sync" {
            let payload = UnsafeRawBufferPointer(start: frame.payload, count: frame.payload_length)
            if let sync = try? SyncMessage(decoding: payload) { name += " \(sync.phase)" }
        }
        if frame.kind == UInt32(RM_REQUEST) {
            asked[Request(connection: connection, isToServer: isToServer, msgid: frame.msgid)] = name
        }
        return name
    }
}

extension TrafficTally.Kind {
    /// Behind the topic of a publication that was sent before.
    static let repeated = " again"
    private static let periodic: Set<String> = ["member.heartbeat", "cluster.hello", "cluster.raft", "$/topics"]

    /// Whether it goes on when nothing changes: leases, questions for the coordinators, repeats of publications, and the log, whose
    /// messages also carry what a resize writes into it.
    var isPeriodic: Bool {
        Self.periodic.contains(name) || name.hasSuffix(Self.repeated)
            || name.hasPrefix("reply to ") && Self.periodic.contains(String(name.dropFirst(9)))
    }
}
