// `rm_frame_read` of the C shim: what every request, reply and publication goes through first.

import CShim
import RingmasterProtocol

/// Message bodies, read frame by frame as servers and clients do, at the edge of memory that may be read.
final class FrameTarget: FuzzTarget {
    let name: StaticString = "frames"
    private let memory = GuardedMemory(capacity: Mutator.bytesMax)
    private let smaller = GuardedMemory(capacity: Mutator.bytesMax)

    let seeds: [[UInt8]] = {
        let requests = (4...6).map { FrameWriter.request(fields: $0, msgid: 7, value: [0x91, 0xc4, 2, 104, 105]) }
        let wide: [UInt8] = [
            0xdc, 0, 4, 0xcf, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0xd9, 1, 97, 0xdd, 0, 0, 0, 1, 0xc6, 0, 0, 0, 1, 0,
        ]
        return requests + [
            FrameWriter.request(fields: 4, msgid: .max, value: [0x90]),
            FrameWriter.request(fields: 6, msgid: 300, value: [0x93, 1, 0xa1, 97, 0x81, 0xa1, 98, 0xc3]),
            FrameWriter.response(msgid: 7, value: [0xc4, 2, 104, 105]),
            FrameWriter.response(msgid: 70_000, value: [0x81, 0xa1, 97, 0x92, 1, 2]),
            FrameWriter.error(msgid: 9, code: -3, message: Array("no method 'ad'".utf8)),
            FrameWriter.notification(value: [0x92, 0xa2, 104, 105, 0xc3]),
            FrameWriter.cancel(msgid: 3),
            requests.flatMap { $0 },
            wide,
        ]
    }()

    func make(_ random: inout SplitMix64) -> [UInt8]? {
        var body: [UInt8] = []
        for _ in 0...random.below(3) {
            var writer = MessagePackWriter()
            let msgid = UInt32(truncatingIfNeeded: random.next() >> UInt64(random.below(64)))
            switch random.below(4) {
            case 0:
                Tree.array((0..<random.below(4)).map { _ in Tree.random(size: 12, &random) }).write(to: &writer)
                body += FrameWriter.request(fields: 4 + random.below(3), msgid: msgid, value: writer.bytes)
            case 1:
                Tree.random(size: 24, &random).write(to: &writer)
                body += FrameWriter.response(msgid: msgid, value: writer.bytes)
            case 2:
                let message = (0..<random.below(1100)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                body += FrameWriter.error(
                    msgid: msgid,
                    code: Int32(truncatingIfNeeded: random.next()),
                    message: message
                )
            default:
                Tree.array([Tree.random(size: 12, &random)]).write(to: &writer)
                body += FrameWriter.notification(value: writer.bytes)
            }
        }
        return body.count <= Mutator.bytesMax ? body : nil
    }

    func read(_ input: [UInt8], _ random: inout SplitMix64) throws(BrokenPromise) -> String {
        let body = memory.place(input)
        var at = 0
        var frames = 0
        var last = "an empty body"
        while at < body.count {
            let rest = UnsafeRawBufferPointer(rebasing: body[at...])
            var frame = rm_frame()
            let status = rm_frame_read(rest.baseAddress?.assumingMemoryBound(to: UInt8.self), rest.count, &frame)
            try checkAgainstModel(rest, status, frame)
            guard status > 0 else {
                last = try refusal(status, frame)
                return frames == 0 ? last : "\(last), behind frames that were read"
            }
            let bytes = UnsafeRawBufferPointer(rebasing: rest[..<Int(status)])
            try checkPointers(bytes, frame)
            try checkRewriting(bytes, frame)
            try checkPrefixes(bytes, &random)
            last =
                frame.kind == UInt32(RM_REQUEST)
                ? "request" : frame.kind == UInt32(RM_RESPONSE) ? "response" : "notification"
            if frame.payload != nil { last += " with bytes" }
            if frame.error != nil { last += " with an error" }
            at += Int(status)
            frames += 1
        }
        return frames > 1 ? "read: many frames" : "read: \(last)"
    }

    private func refusal(_ status: Int64, _ frame: rm_frame) throws(BrokenPromise) -> String {
        try promise(
            "a refused frame tells a request's msgid or no kind",
            [UInt32(RM_REQUEST), .max].contains(frame.kind)
        )
        let answered = frame.kind == UInt32(RM_REQUEST) ? ", can be answered" : ""
        switch Int(status) {
        case Int(RM_ETRUNCATED): return "refused: truncated\(answered)"
        case Int(RM_EMALFORMED): return "refused: malformed\(answered)"
        case Int(RM_ETOODEEP): return "refused: too deep\(answered)"
        default: throw BrokenPromise("rm_frame_read returns a length or one of three codes, not \(status)")
        }
    }

    /// The same grammar, read by the other reader of MessagePack that the project has.
    private func checkAgainstModel(
        _ bytes: UnsafeRawBufferPointer,
        _ status: Int64,
        _ frame: rm_frame
    ) throws(BrokenPromise) {
        let model = FrameModel(bytes)
        guard let model else {
            return try promise("what the model refuses is refused (it was read as \(status) bytes)", status < 0)
        }
        try promise(
            "what the model reads is read, to the same length (\(model.length), not \(status))",
            model.length == status
        )
        try promise("the kind is that of the model", model.kind == frame.kind)
        try promise("the msgid is that of the model", model.msgid == frame.msgid)
        try promise("the budget is that of the model", model.budget == frame.budget_us)
        try promise("the attempt is that of the model", model.attempt == frame.attempt)
        try promise(
            "the payload is found where the model finds it",
            model.payload == range(frame.payload, frame.payload_length, bytes)
        )
    }

    private func range(
        _ start: UnsafePointer<UInt8>?,
        _ count: Int,
        _ bytes: UnsafeRawBufferPointer
    ) -> Range<Int>? {
        guard let start, let base = bytes.baseAddress else { return nil }
        let offset = UnsafeRawPointer(start) - base
        return offset..<offset + count
    }

    private func checkPointers(_ bytes: UnsafeRawBufferPointer, _ frame: rm_frame) throws(BrokenPromise) {
        let parts = [
            (frame.method, frame.method_length), (frame.value, frame.value_length),
            (frame.payload, frame.payload_length), (frame.error, frame.error_length),
        ]
        for (start, count) in parts {
            guard let range = range(start, count, bytes) else { continue }
            try promise("every part lies within its frame", range.lowerBound >= 0 && range.upperBound <= bytes.count)
        }
        let isNotification = frame.kind == UInt32(RM_NOTIFICATION)
        let isResponse = frame.kind == UInt32(RM_RESPONSE)
        try promise("a frame has a value", frame.value != nil && frame.value_length > 0)
        try promise("a response alone has no method", (frame.method == nil) == isResponse)
        try promise("a method has 1 to 255 bytes", isResponse || (1...255).contains(frame.method_length))
        try promise("a response alone has an error", isResponse || frame.error == nil)
        try promise("a notification has no msgid", !isNotification || frame.msgid == 0)
    }

    /// What was read is written and read again: it says the same, and writing it once more gives the same bytes.
    private func checkRewriting(_ bytes: UnsafeRawBufferPointer, _ frame: rm_frame) throws(BrokenPromise) {
        guard let once = FrameWriter.rewrite(frame) else { return }
        var again = rm_frame()
        let placed = smaller.place(once)
        let status = rm_frame_read(placed.baseAddress?.assumingMemoryBound(to: UInt8.self), placed.count, &again)
        try promise("what was written is read whole", Int(status) == once.count)
        try promise("what was written is of the same kind", again.kind == frame.kind && again.msgid == frame.msgid)
        try promise(
            "what was written has the same budget",
            again.budget_us == frame.budget_us && again.attempt == frame.attempt
        )
        try promise(
            "what was written has the same method",
            same(again.method, again.method_length, frame.method, frame.method_length)
        )
        // An error is written without the result that came with it.
        if frame.error == nil, frame.payload != nil {
            try promise(
                "what was written has the same payload",
                same(again.payload, again.payload_length, frame.payload, frame.payload_length)
            )
        } else if frame.error == nil {
            try promise(
                "what was written has the same value",
                same(again.value, again.value_length, frame.value, frame.value_length)
            )
        }
        try promise("writing is stable", FrameWriter.rewrite(again) == once)
        // An error's text is mended where it is not UTF-8, which may lengthen it.
        try promise("what is written is in the shortest form", frame.error != nil || once.count <= bytes.count)
    }

    private func same(_ a: UnsafePointer<UInt8>?, _ aCount: Int, _ b: UnsafePointer<UInt8>?, _ bCount: Int) -> Bool {
        UnsafeBufferPointer(start: a, count: aCount).elementsEqual(UnsafeBufferPointer(start: b, count: bCount))
    }

    /// A frame that was read is truncated at every byte: each of its beginnings is refused as that, at the edge of memory.
    private func checkPrefixes(_ bytes: UnsafeRawBufferPointer, _ random: inout SplitMix64) throws(BrokenPromise) {
        let step = bytes.count <= 48 ? 1 : 1 + random.below(bytes.count / 16)
        for length in stride(from: 0, to: bytes.count, by: step) {
            let prefix = smaller.place(bytes[..<length])
            var frame = rm_frame()
            let status = rm_frame_read(prefix.baseAddress?.assumingMemoryBound(to: UInt8.self), length, &frame)
            try promise(
                "the first \(length) bytes of a frame are truncated (\(status))",
                Int(status) == Int(RM_ETRUNCATED)
            )
        }
    }
}
