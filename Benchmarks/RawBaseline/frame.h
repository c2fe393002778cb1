/// The frames of the baseline, read and written by msgpack-c: `[0, msgid, "echo", [bin]]` and `[1, msgid, nil, bin]`.
#ifndef RAW_FRAME_H
#define RAW_FRAME_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    RAW_GATHER_BYTES = 32 << 10, ///< Frames gather up to this many bytes.
    RAW_HEAD_BYTES_MAX = 24,     ///< Bytes of a frame before its payload, at most.
    RAW_ZONE_BYTES = 4 << 10,    ///< First chunk of a zone: the objects of one frame, many times over.
};

/// A frame that was read; `payload` leads into the bytes it was read from.
typedef struct raw_frame {
    uint32_t msgid;
    const char *payload;
    uint32_t payload_bytes;
} raw_frame;

/// How a frame was read.
typedef enum raw_reading {
    RAW_READ,      ///< It is in `out`, and the offset behind it.
    RAW_REFUSED,   ///< It is MessagePack but not the frame that is due; the offset is behind it.
    RAW_MALFORMED, ///< It is not MessagePack, or cut: what follows cannot be read.
} raw_reading;

// msgpack_unpack, and not msgpack_unpack_next: that one makes and frees a zone for each frame; here one serves all.
static inline bool raw_unpack(msgpack_zone *zone, const char *bytes, size_t length, size_t *offset,
                              msgpack_object *out) {
    msgpack_zone_clear(zone);
    msgpack_unpack_return status = msgpack_unpack(bytes, length, offset, zone, out);
    return status == MSGPACK_UNPACK_SUCCESS || status == MSGPACK_UNPACK_EXTRA_BYTES;
}

// Whether an object is an array that begins with `kind` and a msgid of 32 bits.
static inline bool raw_is_frame(const msgpack_object *object, uint32_t fields_min, uint32_t fields_max, uint64_t kind) {
    if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size < fields_min ||
        object->via.array.size > fields_max) {
        return false;
    }
    const msgpack_object *fields = object->via.array.ptr;
    return fields[0].type == MSGPACK_OBJECT_POSITIVE_INTEGER && fields[0].via.u64 == kind &&
           fields[1].type == MSGPACK_OBJECT_POSITIVE_INTEGER && fields[1].via.u64 <= UINT32_MAX;
}

/// Reads the request at `*offset`. A budget and an attempt behind its params are allowed, and ignored.
static inline raw_reading raw_read_request(msgpack_zone *zone, const char *bytes, size_t length, size_t *offset,
                                           raw_frame *out) {
    msgpack_object object;
    if (!raw_unpack(zone, bytes, length, offset, &object)) {
        return RAW_MALFORMED;
    }
    if (!raw_is_frame(&object, 4, 6, 0)) {
        return RAW_REFUSED;
    }
    const msgpack_object *fields = object.via.array.ptr;
    if (fields[2].type != MSGPACK_OBJECT_STR || fields[2].via.str.size != 4 ||
        memcmp(fields[2].via.str.ptr, "echo", 4) != 0) {
        return RAW_REFUSED;
    }
    if (fields[3].type != MSGPACK_OBJECT_ARRAY || fields[3].via.array.size != 1 ||
        fields[3].via.array.ptr[0].type != MSGPACK_OBJECT_BIN) {
        return RAW_REFUSED;
    }
    const msgpack_object_bin *payload = &fields[3].via.array.ptr[0].via.bin;
    *out = (raw_frame){(uint32_t)fields[1].via.u64, payload->ptr, payload->size};
    return RAW_READ;
}

/// Reads the response at `*offset`. Refused: not a response. One with an error, or a result other than a bin, has its
/// msgid in `out` and a payload of NULL.
static inline raw_reading raw_read_response(msgpack_zone *zone, const char *bytes, size_t length, size_t *offset,
                                            raw_frame *out) {
    msgpack_object object;
    if (!raw_unpack(zone, bytes, length, offset, &object)) {
        return RAW_MALFORMED;
    }
    if (!raw_is_frame(&object, 4, 4, 1)) {
        return RAW_REFUSED;
    }
    const msgpack_object *fields = object.via.array.ptr;
    uint32_t msgid = (uint32_t)fields[1].via.u64;
    if (fields[2].type == MSGPACK_OBJECT_NIL && fields[3].type == MSGPACK_OBJECT_BIN) {
        *out = (raw_frame){msgid, fields[3].via.bin.ptr, fields[3].via.bin.size};
    } else {
        *out = (raw_frame){msgid, NULL, 0};
    }
    return RAW_READ;
}

/// Packs a request up to its payload, which follows.
static inline void raw_pack_request_head(msgpack_sbuffer *buffer, uint32_t msgid, uint32_t payload_bytes) {
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 4);
    msgpack_pack_uint8(&packer, 0);
    msgpack_pack_uint32(&packer, msgid);
    msgpack_pack_str(&packer, 4);
    msgpack_pack_str_body(&packer, "echo", 4);
    msgpack_pack_array(&packer, 1);
    msgpack_pack_bin(&packer, payload_bytes);
}

/// Packs a response up to its payload, which follows.
static inline void raw_pack_response_head(msgpack_sbuffer *buffer, uint32_t msgid, uint32_t payload_bytes) {
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 4);
    msgpack_pack_uint8(&packer, 1);
    msgpack_pack_uint32(&packer, msgid);
    msgpack_pack_nil(&packer);
    msgpack_pack_bin(&packer, payload_bytes);
}

/// Makes a buffer of fixed size. False: no memory. What is packed must fit, so that it never grows.
static inline bool raw_buffer_init(msgpack_sbuffer *buffer, size_t bytes) {
    buffer->size = 0;
    buffer->data = malloc(bytes);
    buffer->alloc = buffer->data == NULL ? 0 : bytes;
    return buffer->data != NULL;
}

#endif
