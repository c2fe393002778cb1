// Publications and listings, as subscribers read them.

import Ringmaster

/// The body of a message from a publisher; its topic is the name in most bodies.
final class PublicationTarget: FuzzTarget {
    let name: StaticString = "publications"
    private let memory = GuardedMemory(capacity: Mutator.bytesMax)
    private static let topic = Array("jobs/done".utf8)

    let seeds: [[UInt8]] = {
        let values: [[UInt8]] = [[0xc4, 2, 1, 2], [0xc5, 0, 1, 7], [0xc0], [0x82, 0xa1, 97, 1, 0xa1, 98, 0x91, 2]]
        let publications = values.enumerated().map { index, value in
            var body: [UInt8] = []
            let sequence = UInt64(1 + index * 200)
            PublicationFrame.writeHead(topic: topic, publisher: .max - 3, sequence: sequence, into: &body)
            return body + value
        }
        let listing = PublicationFrame.listing(publisher: 5, prefix: topic, count: 3, sequence: 900)
        return publications + [listing]
    }()

    func read(_ input: [UInt8], _ random: inout SplitMix64) throws(BrokenPromise) -> String {
        let body = memory.place(input)
        let topic = random.oneIn(8) ? [] : Self.topic
        let read = topic.withUnsafeBytes { PublicationFrame.read(body, topic: $0) }
        switch read {
        case nil: return "refused"
        case .listing(_, let prefix, _, _):
            try promise("a listing is of the prefix that it came under", prefix == topic)
            return "read: a listing"
        case .publication(_, let sequence, let value):
            try promise("sequences count from 1", sequence > 0)
            switch value {
            case .bytes(let bytes):
                try promise("bytes lie at the end of the body", bytes.count <= body.count && ends(bytes, body))
                return "read: bytes"
            case .encoded(let bytes):
                try promise("a value lies at the end of the body", !bytes.isEmpty && ends(bytes, body))
                return "read: a value"
            }
        }
    }

    private func ends(_ part: UnsafeRawBufferPointer, _ whole: UnsafeRawBufferPointer) -> Bool {
        part.isEmpty || part.baseAddress! + part.count == whole.baseAddress! + whole.count
    }
}
