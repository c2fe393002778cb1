// Frames as the C shim writes them.

import CShim
import RingmasterProtocol

/// Writes frames into arrays.
enum FrameWriter {
    private static let echo: [UInt8] = [0xa4, 101, 99, 104, 111]

    static func request(fields: Int, msgid: UInt32, value: [UInt8]) -> [UInt8] {
        frame(of: value.count) {
            let head = rm_frame_put_request($0, UInt32(fields), msgid, echo, echo.count)!
            return rm_frame_put_tail(append(value, to: head), UInt32(fields), 5_000_000, 1)
        }
    }

    static func response(msgid: UInt32, value: [UInt8]) -> [UInt8] {
        frame(of: value.count) { append(value, to: rm_frame_put_response($0, msgid)!) }
    }

    static func error(msgid: UInt32, code: Int32, message: [UInt8]) -> [UInt8] {
        frame(of: 1024) { rm_frame_put_error($0, msgid, code, message, message.count) }
    }

    static func notification(value: [UInt8]) -> [UInt8] {
        frame(of: value.count) { append(value, to: rm_frame_put_notification($0, echo, echo.count)!) }
    }

    static func cancel(msgid: UInt32) -> [UInt8] {
        frame(of: 0) { rm_frame_put_cancel($0, msgid) }
    }

    /// Writes what was read; nil for an error that is none.
    static func rewrite(_ frame: rm_frame) -> [UInt8]? {
        switch frame.kind {
        case UInt32(RM_REQUEST): rewriteRequest(frame)
        case UInt32(RM_RESPONSE): rewriteResponse(frame)
        default:
            Self.frame(of: frame.value_length) {
                let name = Self.name(frame)
                return append(value(frame), to: rm_frame_put_notification($0, name, name.count)!)
            }
        }
    }

    private static func rewriteRequest(_ frame: rm_frame) -> [UInt8] {
        let name = Self.name(frame)
        let fields: UInt32 = frame.attempt > 0 ? 6 : frame.budget_us > 0 ? 5 : 4
        return Self.frame(of: frame.value_length) {
            if let payload = frame.payload {
                let count = UInt32(frame.payload_length)
                return rm_frame_put_payload_request(
                    $0,
                    fields,
                    frame.msgid,
                    name,
                    name.count,
                    payload,
                    count,
                    frame.budget_us,
                    frame.attempt
                )
            }
            let head = rm_frame_put_request($0, fields, frame.msgid, name, name.count)!
            return rm_frame_put_tail(append(value(frame), to: head), fields, frame.budget_us, frame.attempt)
        }
    }

    private static func rewriteResponse(_ frame: rm_frame) -> [UInt8]? {
        if let error = frame.error {
            let bytes = UnsafeRawBufferPointer(start: error, count: frame.error_length)
            guard let error = try? WireError(decoding: bytes) else { return nil }
            return Self.error(msgid: frame.msgid, code: error.code.rawValue, message: Array(error.message.utf8))
        }
        return Self.frame(of: frame.value_length) {
            if let payload = frame.payload {
                return rm_frame_put_payload_response($0, frame.msgid, payload, UInt32(frame.payload_length))
            }
            return append(value(frame), to: rm_frame_put_response($0, frame.msgid)!)
        }
    }

    /// A frame's method as an encoded name.
    private static func name(_ frame: rm_frame) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: frame.method_length + 2) { buffer, count in
            count = rm_frame_put_name(buffer.baseAddress, frame.method, frame.method_length)! - buffer.baseAddress!
        }
    }

    private static func value(_ frame: rm_frame) -> [UInt8] {
        Array(UnsafeBufferPointer(start: frame.value, count: frame.value_length))
    }

    private static func append(_ bytes: [UInt8], to end: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        end.update(from: bytes, count: bytes.count)
        return end + bytes.count
    }

    /// The frame that `write` puts at the place it is given, where there is the room that the shim's header asks for.
    private static func frame(
        of count: Int,
        _ write: (UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8>?
    ) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: RM_HEAD_MAX + count + RM_TAIL_MAX) { buffer, length in
            let end = write(buffer.baseAddress!)!
            length = end - buffer.baseAddress!
            precondition(length <= buffer.count, "the shim wrote beyond the room that it asks for")
        }
    }
}
