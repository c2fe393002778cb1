#include "rm_frame.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

// msgpack-c's packing template, over a bare cursor: minimal encodings, no callback and no buffer of its own.
#include <msgpack/sysdep.h>
#include <msgpack/timestamp.h>
#define msgpack_pack_inline_func(name) static inline void put##name
#define msgpack_pack_inline_func_cint(name) static inline void put##name
#define msgpack_pack_inline_func_fixint(name) static inline void put_fix##name
#define msgpack_pack_user uint8_t **
#define msgpack_pack_append_buffer(user, buffer, length)                                                               \
    do {                                                                                                               \
        memcpy(*(user), buffer, length);                                                                               \
        *(user) += (length);                                                                                           \
    } while (0)
#include <msgpack/pack_template.h>

// Reading: a cursor that never passes its end.
typedef struct cursor {
    const uint8_t *at;
    const uint8_t *end;
} cursor;

static uint64_t big_endian(const uint8_t *bytes, unsigned width) {
    uint64_t value = 0;
    for (unsigned index = 0; index < width; index++) {
        value = value << 8 | bytes[index];
    }
    return value;
}

// Takes a big-endian number of `width` bytes behind the type byte `offset` 0.
static int take_number(cursor *c, unsigned width, uint64_t *out) {
    if ((size_t)(c->end - c->at) < width + 1u) {
        return RM_ETRUNCATED;
    }
    *out = big_endian(c->at + 1, width);
    c->at += width + 1;
    return 0;
}

static int take_uint(cursor *c, uint64_t max, uint64_t *out) {
    if (c->at == c->end) {
        return RM_ETRUNCATED;
    }
    uint8_t type = *c->at;
    int status = 0;
    if (type <= 0x7f) {
        *out = type;
        c->at++;
    } else if (type >= 0xcc && type <= 0xcf) {
        status = take_number(c, 1u << (type - 0xcc), out);
    } else {
        return RM_EMALFORMED;
    }
    return status == 0 && *out > max ? RM_EMALFORMED : status;
}

static int take_bytes(cursor *c, size_t length, const uint8_t **out) {
    if ((size_t)(c->end - c->at) < length) {
        return RM_ETRUNCATED;
    }
    *out = c->at;
    c->at += length;
    return 0;
}

// Takes the length of an array; other types are malformed.
static int take_array(cursor *c, uint64_t *count) {
    if (c->at == c->end) {
        return RM_ETRUNCATED;
    }
    uint8_t type = *c->at;
    if (type >= 0x90 && type <= 0x9f) {
        *count = type & 0x0f;
        c->at++;
        return 0;
    }
    if (type == 0xdc || type == 0xdd) {
        return take_number(c, type == 0xdc ? 2 : 4, count);
    }
    return RM_EMALFORMED;
}

static int take_name(cursor *c, const uint8_t **name, size_t *length) {
    if (c->at == c->end) {
        return RM_ETRUNCATED;
    }
    uint8_t type = *c->at;
    uint64_t count = 0;
    if (type >= 0xa0 && type <= 0xbf) {
        count = type & 0x1f;
        c->at++;
    } else if (type >= 0xd9 && type <= 0xdb) {
        int status = take_number(c, 1u << (type - 0xd9), &count);
        if (status < 0) {
            return status;
        }
    } else {
        return RM_EMALFORMED;
    }
    if (count == 0 || count > RM_METHOD_LENGTH_MAX) {
        return RM_EMALFORMED;
    }
    *length = (size_t)count;
    return take_bytes(c, (size_t)count, name);
}

static bool is_bin(const cursor *c) {
    return c->at != c->end && *c->at >= 0xc4 && *c->at <= 0xc6;
}

static int take_bin(cursor *c, const uint8_t **bytes, size_t *length) {
    uint64_t count = 0;
    int status = take_number(c, 1u << (*c->at - 0xc4), &count);
    if (status < 0) {
        return status;
    }
    *length = (size_t)count;
    return take_bytes(c, (size_t)count, bytes);
}

// One value's header: how many bytes of it follow, and how many values inside it.
static int take_header(cursor *c, uint64_t *bytes, uint64_t *values) {
    *bytes = 0;
    *values = 0;
    uint8_t type = *c->at;
    if (type <= 0x7f || type >= 0xe0) { // fixint
        c->at++;
        return 0;
    }
    if (type <= 0x8f) { // fixmap
        *values = 2 * (uint64_t)(type & 0x0f);
        c->at++;
        return 0;
    }
    if (type <= 0x9f) { // fixarray
        *values = type & 0x0f;
        c->at++;
        return 0;
    }
    if (type <= 0xbf) { // fixstr
        *bytes = type & 0x1f;
        c->at++;
        return 0;
    }
    int status = 0;
    switch (type) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
        c->at++;
        return 0;
    case 0xc4: // bin
    case 0xc5:
    case 0xc6:
        return take_number(c, 1u << (type - 0xc4), bytes);
    case 0xc7: // ext
    case 0xc8:
    case 0xc9:
        status = take_number(c, 1u << (type - 0xc7), bytes);
        *bytes += 1;
        return status;
    case 0xca: // float
    case 0xcb:
        *bytes = type == 0xca ? 4 : 8;
        c->at++;
        return 0;
    case 0xcc: // uint
    case 0xcd:
    case 0xce:
    case 0xcf:
        *bytes = 1u << (type - 0xcc);
        c->at++;
        return 0;
    case 0xd0: // int
    case 0xd1:
    case 0xd2:
    case 0xd3:
        *bytes = 1u << (type - 0xd0);
        c->at++;
        return 0;
    case 0xd4: // fixext
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
        *bytes = 1 + (1u << (type - 0xd4));
        c->at++;
        return 0;
    case 0xd9: // str
    case 0xda:
    case 0xdb:
        return take_number(c, 1u << (type - 0xd9), bytes);
    case 0xdc: // array
    case 0xdd:
        return take_number(c, type == 0xdc ? 2 : 4, values);
    case 0xde: // map
    case 0xdf:
        status = take_number(c, type == 0xde ? 2 : 4, values);
        *values *= 2;
        return status;
    default: // 0xc1 is never used
        return RM_EMALFORMED;
    }
}

// Passes over one value of any type. Its depth is bounded by a stack of counts, its cost by the bytes that are there.
static int skip_value(cursor *c) {
    uint64_t left[RM_DEPTH_MAX + 1];
    int depth = 0;
    left[0] = 1;
    while (depth >= 0) {
        if (left[depth] == 0) {
            depth--;
            continue;
        }
        left[depth]--;
        if (c->at == c->end) {
            return RM_ETRUNCATED;
        }
        uint64_t bytes, values;
        int status = take_header(c, &bytes, &values);
        if (status < 0) {
            return status;
        }
        if ((uint64_t)(c->end - c->at) < bytes) {
            return RM_ETRUNCATED;
        }
        c->at += bytes;
        if (values > 0) {
            // Each value inside takes a byte at least: a count beyond the bytes there can be refused at once.
            if (values > (uint64_t)(c->end - c->at)) {
                return RM_ETRUNCATED;
            }
            if (depth == RM_DEPTH_MAX) {
                return RM_ETOODEEP;
            }
            left[++depth] = values;
        }
    }
    return 0;
}

static int take_params(cursor *c, rm_frame *out) {
    out->value = c->at;
    uint64_t count;
    cursor inside = *c;
    int status = take_array(&inside, &count);
    if (status < 0) {
        return status;
    }
    if (count == 1 && is_bin(&inside)) {
        status = take_bin(&inside, &out->payload, &out->payload_length);
        c->at = inside.at;
    } else {
        status = skip_value(c);
    }
    out->value_length = (size_t)(c->at - out->value);
    return status;
}

static int take_result(cursor *c, rm_frame *out) {
    out->value = c->at;
    int status = is_bin(c) ? take_bin(c, &out->payload, &out->payload_length) : skip_value(c);
    out->value_length = (size_t)(c->at - out->value);
    return status;
}

static int take_error(cursor *c, rm_frame *out) {
    if (c->at == c->end) {
        return RM_ETRUNCATED;
    }
    if (*c->at == 0xc0) {
        c->at++;
        return 0;
    }
    out->error = c->at;
    int status = skip_value(c);
    out->error_length = (size_t)(c->at - out->error);
    return status;
}

static int take_msgid(cursor *c, uint32_t kind, rm_frame *out) {
    uint64_t msgid;
    int status = take_uint(c, UINT32_MAX, &msgid);
    if (status == 0) {
        out->msgid = (uint32_t)msgid;
        out->kind = kind;
    }
    return status;
}

static int take_request(cursor *c, uint64_t fields, rm_frame *out) {
    if (fields < 4 || fields > 6) {
        return RM_EMALFORMED;
    }
    uint64_t attempt = 0;
    int status = take_msgid(c, RM_REQUEST, out);
    if (status == 0) {
        status = take_name(c, &out->method, &out->method_length);
    }
    if (status == 0) {
        status = take_params(c, out);
    }
    if (status == 0 && fields >= 5) {
        status = take_uint(c, UINT64_MAX, &out->budget_us);
    }
    if (status == 0 && fields == 6) {
        status = take_uint(c, UINT32_MAX, &attempt);
    }
    out->attempt = (uint32_t)attempt;
    return status;
}

static int take_response(cursor *c, uint64_t fields, rm_frame *out) {
    if (fields != 4) {
        return RM_EMALFORMED;
    }
    int status = take_msgid(c, RM_RESPONSE, out);
    if (status == 0) {
        status = take_error(c, out);
    }
    return status == 0 ? take_result(c, out) : status;
}

static int take_notification(cursor *c, uint64_t fields, rm_frame *out) {
    if (fields != 3) {
        return RM_EMALFORMED;
    }
    int status = take_name(c, &out->method, &out->method_length);
    if (status == 0) {
        status = take_params(c, out);
    }
    out->kind = RM_NOTIFICATION;
    return status;
}

int64_t rm_frame_read(const uint8_t *bytes, size_t length, rm_frame *out) {
    *out = (rm_frame){.kind = UINT32_MAX};
    cursor c = {bytes, bytes + length};
    uint64_t fields, kind;
    int status = take_array(&c, &fields);
    if (status == 0) {
        status = take_uint(&c, UINT64_MAX, &kind);
    }
    if (status < 0) {
        return status;
    }
    switch (kind) {
    case RM_REQUEST:
        status = take_request(&c, fields, out);
        break;
    case RM_RESPONSE:
        status = take_response(&c, fields, out);
        break;
    case RM_NOTIFICATION:
        status = take_notification(&c, fields, out);
        break;
    default:
        return RM_EMALFORMED;
    }
    if (status < 0) {
        if (out->kind != RM_REQUEST) {
            out->kind = UINT32_MAX;
        }
        return status;
    }
    return c.at - bytes;
}

// Writing.

static uint8_t *put_bytes(uint8_t *to, const void *bytes, size_t length) {
    if (length > 0) { // bytes may be NULL then, which memcpy does not allow
        memcpy(to, bytes, length);
    }
    return to + length;
}

uint8_t *rm_frame_put_request(uint8_t *to, uint32_t fields, uint32_t msgid, const uint8_t *method,
                              size_t method_length) {
    *to++ = (uint8_t)(0x90 | fields);
    *to++ = RM_REQUEST;
    put_uint32(&to, msgid);
    return put_bytes(to, method, method_length);
}

uint8_t *rm_frame_put_tail(uint8_t *to, uint32_t fields, uint64_t budget_us, uint32_t attempt) {
    if (fields >= 5) {
        put_uint64(&to, budget_us);
    }
    if (fields == 6) {
        put_uint32(&to, attempt);
    }
    return to;
}

uint8_t *rm_frame_put_payload_request(uint8_t *to, uint32_t fields, uint32_t msgid, const uint8_t *method,
                                      size_t method_length, const void *payload, uint32_t payload_length,
                                      uint64_t budget_us, uint32_t attempt) {
    to = rm_frame_put_request(to, fields, msgid, method, method_length);
    *to++ = 0x91;
    put_bin(&to, payload_length);
    to = put_bytes(to, payload, payload_length);
    return rm_frame_put_tail(to, fields, budget_us, attempt);
}

uint8_t *rm_frame_put_response(uint8_t *to, uint32_t msgid) {
    *to++ = 0x94;
    *to++ = RM_RESPONSE;
    put_uint32(&to, msgid);
    *to++ = 0xc0;
    return to;
}

uint8_t *rm_frame_put_payload_response(uint8_t *to, uint32_t msgid, const void *payload, uint32_t payload_length) {
    to = rm_frame_put_response(to, msgid);
    put_bin(&to, payload_length);
    return put_bytes(to, payload, payload_length);
}

uint8_t *rm_frame_put_payload_result(uint8_t *to, uint32_t length) {
    put_bin(&to, length);
    return to;
}

uint8_t *rm_frame_put_error(uint8_t *to, uint32_t msgid, int32_t code, const uint8_t *message, size_t message_length) {
    *to++ = 0x94;
    *to++ = RM_RESPONSE;
    put_uint32(&to, msgid);
    *to++ = 0x92;
    put_int32(&to, code);
    size_t length = message_length;
    if (length > 1024) {
        // Peers that check their text must not meet half a character: no byte that continues one comes first behind the cut.
        length = 1024;
        while (length > 1020 && (message[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    put_str(&to, length);
    to = put_bytes(to, message, length);
    *to++ = 0xc0;
    return to;
}

uint8_t *rm_frame_put_notification(uint8_t *to, const uint8_t *method, size_t method_length) {
    *to++ = 0x93;
    *to++ = RM_NOTIFICATION;
    return put_bytes(to, method, method_length);
}

uint8_t *rm_frame_put_cancel(uint8_t *to, uint32_t msgid) {
    static const uint8_t name[] = {0xa8, '$', '/', 'c', 'a', 'n', 'c', 'e', 'l'};
    to = rm_frame_put_notification(to, name, sizeof name);
    *to++ = 0x91;
    put_uint32(&to, msgid);
    return to;
}

uint8_t *rm_frame_put_name(uint8_t *to, const uint8_t *name, size_t length) {
    put_str(&to, length);
    return put_bytes(to, name, length);
}
