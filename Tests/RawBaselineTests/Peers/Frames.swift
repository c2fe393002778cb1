// Frames as docs/PROTOCOL.md lays them out, byte by byte.

/// `[0, msgid, "echo", [bin]]` for a msgid below 128 and a payload below 256 bytes, with `tail` behind the params.
func echoRequest(_ msgid: UInt8, _ payload: [UInt8], tail: [UInt8] = [], fields: UInt8 = 4) -> [UInt8] {
    [0x90 | fields, 0x00, msgid, 0xa4] + Array("echo".utf8) + [0x91, 0xc4, UInt8(payload.count)] + payload + tail
}

/// `[1, msgid, nil, bin]`, within the same limits.
func echoResponse(_ msgid: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [0x94, 0x01, msgid, 0xc0, 0xc4, UInt8(payload.count)] + payload
}
