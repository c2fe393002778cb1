// What the code writes where docs/PROTOCOL.md has an example.

import CShim

@testable import Ringmaster

/// The page's examples, by their names, as the code writes them.
enum Written {
    static let all: [String: [UInt8]] = frames.merging(messages.mapValues { $0.encoded() }) { first, _ in first }

    static let messages: [String: SyncMessage] = [
        "sync-1-coordinator":
            .fromCoordinator(
                "c1",
                Epoch(8),
                .propose(base: Epoch(7), mode: .handoff, members: [Member("w1"), Member("w2")])
            ),
        "sync-1-member": .fromMember("w1", Epoch(8), .report(currentJob: JobID(1000))),
        "sync-2-coordinator":
            .fromCoordinator(
                "c1",
                Epoch(8),
                .synchronise(base: Epoch(7), syncTo: JobID(1000), members: [Member("w1"), Member("w2")])
            ),
        "sync-2-coordinator-weights":
            .fromCoordinator(
                "c1",
                Epoch(8),
                .synchronise(base: Epoch(7), syncTo: JobID(1000), members: [Member("w1"), heavy("w2", 3)])
            ),
        "sync-2-member": .fromMember("w1", Epoch(8), .synchronised),
        "sync-3-coordinator": .fromCoordinator("c1", Epoch(8), .notify),
        "sync-3-member": .fromMember("w1", Epoch(8), .notified),
    ]

    private static let frames: [String: [UInt8]] = [
        "request": rawRequest(fields: 6),
        "request-bare": rawRequest(fields: 4),
        "request-budget": rawRequest(fields: 5),
        "request-values": valueRequest,
        "response": frame { rm_frame_put_payload_response($0, 1, Array("hi".utf8), 2) },
        "response-value": frame {
            let end = rm_frame_put_response($0, 2)!
            end.pointee = 42
            return end + 1
        },
        "response-error": frame {
            let message = Array("no method 'ad'".utf8)
            return rm_frame_put_error($0, 3, RPCErrorCode.unknownMethod.rawValue, message, message.count)
        },
        "notification": frame {
            let method = RPCMethod("log").encoded
            return append([0x92, 0xa2, 0x68, 0x69, 0xc3], to: rm_frame_put_notification($0, method, method.count)!)
        },
        "cancel": frame { rm_frame_put_cancel($0, 3) },
        "many": rawRequest(fields: 4) + valueRequest,
        "publication-topic": Array("jobs/done".utf8),
        "publication": publication,
        "listing-prefix": Array("jobs/".utf8),
        "listing": PublicationFrame.listing(
            publisher: 0x1122_3344_5566_7788,
            prefix: Array("jobs/".utf8),
            count: 1,
            sequence: 0
        ),
    ]

    private static func rawRequest(fields: UInt32) -> [UInt8] {
        let method = RPCMethod("echo").encoded
        return frame {
            rm_frame_put_payload_request($0, fields, 1, method, method.count, Array("hi".utf8), 2, 5_000_000, 1)
        }
    }

    private static var valueRequest: [UInt8] {
        let method = RPCMethod("add").encoded
        return frame { append([0x92, 40, 2], to: rm_frame_put_request($0, 4, 2, method, method.count)!) }
    }

    private static var publication: [UInt8] {
        var body: [UInt8] = []
        PublicationFrame.writeHead(
            topic: Array("jobs/done".utf8),
            publisher: 0x1122_3344_5566_7788,
            sequence: 1,
            into: &body
        )
        PublicationFrame.writeBinHead(2, into: &body)
        return body + Array("hi".utf8)
    }

    private static func heavy(_ id: WorkerID, _ weight: Int) -> Member {
        guard let member = try? Member(id, weight: weight) else { preconditionFailure("no weight: \(weight)") }
        return member
    }

    private static func append(_ bytes: [UInt8], to end: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        end.update(from: bytes, count: bytes.count)
        return end + bytes.count
    }

    /// The frame that `write` puts at the place it is given; it returns the frame's end.
    private static func frame(_ write: (UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8>?) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 512) { buffer, count in
            count = write(buffer.baseAddress!)! - buffer.baseAddress!
        }
    }
}
