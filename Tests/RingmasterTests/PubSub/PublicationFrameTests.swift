// That a publication reads back as it was written, and anything else is refused without harm.

import Testing

@testable import Ringmaster

struct PublicationFrameTests {
    private enum Read: Equatable {
        case bytes(publisher: UInt64, sequence: UInt64, [UInt8])
        case encoded(publisher: UInt64, sequence: UInt64, [UInt8])
        case listing(publisher: UInt64, prefix: [UInt8], count: UInt64, sequence: UInt64)
    }

    private func read(_ body: [UInt8], topic: [UInt8]) -> Read? {
        body.withUnsafeBytes { body in
            topic.withUnsafeBytes { topic in
                switch PublicationFrame.read(body, topic: topic) {
                case nil: nil
                case .publication(let publisher, let sequence, .bytes(let value)):
                    .bytes(publisher: publisher, sequence: sequence, Array(value))
                case .publication(let publisher, let sequence, .encoded(let value)):
                    .encoded(publisher: publisher, sequence: sequence, Array(value))
                case .listing(let publisher, let prefix, let count, let sequence):
                    .listing(publisher: publisher, prefix: prefix, count: count, sequence: sequence)
                }
            }
        }
    }

    private func publication(_ topic: [UInt8], _ publisher: UInt64, _ sequence: UInt64, _ value: [UInt8]) -> [UInt8] {
        var body: [UInt8] = []
        PublicationFrame.writeHead(topic: topic, publisher: publisher, sequence: sequence, into: &body)
        PublicationFrame.writeBinHead(value.count, into: &body)
        return body + value
    }

    @Test func theLayoutIsTheDocumentedOne() {
        let body = publication(Array("ab".utf8), 5, 0x0102, [9, 8])
        let expected: [UInt8] = [
            0x93, 2, 0xa2, 0x61, 0x62, 0x93, 5, 0xcf, 0, 0, 0, 0, 0, 0, 1, 2, 0xc4, 2, 9, 8,
        ]
        #expect(body == expected)
        let listing = PublicationFrame.listing(publisher: 5, prefix: [], count: 3, sequence: 0)
        #expect(listing == [0x93, 2, 0xa8] + Array("$/topics".utf8) + [0x94, 5, 0xa0, 3, 0])
    }

    @Test func whatWasWrittenReadsBack() {
        for topicLength in [1, 31, 32, 255] {
            let topic = [UInt8](repeating: 0x61, count: topicLength)
            for valueLength in [0, 1, 255, 256, 65_535, 65_536] {
                let value = [UInt8](repeating: 7, count: valueLength)
                for number: UInt64 in [1, 127, 128, 1 << 32, .max] {
                    let body = publication(topic, number, number, value)
                    #expect(read(body, topic: topic) == .bytes(publisher: number, sequence: number, value))
                }
            }
        }
        let listing = PublicationFrame.listing(publisher: 9, prefix: [0x61], count: 300, sequence: 128)
        #expect(read(listing, topic: [0x61]) == .listing(publisher: 9, prefix: [0x61], count: 300, sequence: 128))
    }

    @Test func otherEncodersAreUnderstood() {
        // array16, str8, uint8, uint16 and uint32, where shorter forms would do.
        let body: [UInt8] = [0xdc, 0, 3, 2, 0xd9, 1, 0x61, 0xdc, 0, 3, 0xcc, 5, 0xcd, 0, 6, 0xc4, 1, 9]
        #expect(read(body, topic: [0x61]) == .bytes(publisher: 5, sequence: 6, [9]))
        let map: [UInt8] = [0x93, 2, 0xa1, 0x61, 0x93, 5, 0xce, 0, 0, 0, 6, 0x81, 0xa1, 0x6b, 0xc3]
        #expect(read(map, topic: [0x61]) == .encoded(publisher: 5, sequence: 6, [0x81, 0xa1, 0x6b, 0xc3]))
    }

    @Test(
        arguments: [
            [],
            [0xc0],
            [0x93, 2, 0xa1, 0x62, 0x93, 5, 6, 0xc4, 1, 9],  // another topic
            [0x93, 2, 0xa1, 0x61, 0x93, 5, 0, 0xc4, 1, 9],  // sequence 0
            [0x93, 2, 0xa1, 0x61, 0x93, 0xff, 6, 0xc4, 1, 9],  // a negative publisher
            [0x93, 2, 0xa1, 0x61, 0x93, 5, 0xa1, 0x36, 0xc4, 1, 9],  // a sequence of text
            [0x93, 2, 0xa1, 0x61, 0x92, 5, 6],  // no value
            [0x93, 2, 0xa1, 0x61, 0x94, 5, 6, 7, 8],  // too much
            [0x93, 2, 0xa1, 0x61, 0x90],
            [0x93, 2, 0xa1, 0x61, 0x91, 0xc4, 1, 9],  // a payload request's params
            [0x93, 2, 0xa1, 0x61, 0x93, 5, 6, 0xc4, 1, 9, 0],  // something behind
            [0x94, 0, 1, 0xa1, 0x61, 0x93, 5, 6, 7],  // a request
            // A listing of another prefix, and one that ends before its prefix does.
            [0x93, 2, 0xa8, 0x24, 0x2f, 0x74, 0x6f, 0x70, 0x69, 0x63, 0x73, 0x94, 5, 0xa1, 0x62, 0, 0],
            [0x93, 2, 0xa8, 0x24, 0x2f, 0x74, 0x6f, 0x70, 0x69, 0x63, 0x73, 0x94, 5, 0xdb, 0xff, 0xff, 0xff, 0xff, 0],
        ] as [[UInt8]]
    )
    func whatIsNoPublicationOfTheTopicIsRefused(body: [UInt8]) {
        #expect(read(body, topic: [0x61]) == nil)
    }

    @Test func everyTruncationIsRefused() {
        let bodies = [
            publication([0x61], .max, 1 << 40, [1, 2, 3]),
            PublicationFrame.listing(publisher: .max, prefix: [0x61], count: 1000, sequence: 1 << 40),
        ]
        for body in bodies {
            for length in 0..<body.count { #expect(read(Array(body[..<length]), topic: [0x61]) == nil) }
        }
    }

    @Test func noMutationDoesHarm() {
        var generator = SplitMix64(seed: 1)
        let bodies = [
            publication([0x61], .max, 1 << 40, [1, 2, 3]),
            PublicationFrame.listing(publisher: .max, prefix: [0x61], count: 1000, sequence: 1 << 40),
        ]
        var refused = 0
        for _ in 0..<100_000 {
            var body = bodies.randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                body[Int.random(in: 0..<body.count, using: &generator)] = .random(in: 0 ... .max, using: &generator)
            }
            if read(body, topic: [0x61]) == nil { refused += 1 }
        }
        #expect(refused > 10_000)
    }
}
