/// MessagePack-RPC frames, read and written in place; docs/PROTOCOL.md has their layout.
///
///     request       [0, msgid, method, params]  or with  budget_us  or with  budget_us, attempt  behind
///     response      [1, msgid, error, result]
///     notification  [2, method, params]
///
/// A message body holds one or many frames back to back. Nothing here allocates or keeps state.
#ifndef RM_FRAME_H
#define RM_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "rm_error.h"

/// The type codes of a frame.
enum { RM_REQUEST = 0, RM_RESPONSE = 1, RM_NOTIFICATION = 2 };

/// Why a frame was refused.
enum {
    RM_ETRUNCATED = -10001, ///< The bytes end inside the frame.
    RM_EMALFORMED = -10002, ///< Not MessagePack, not a frame, or a field of another type than the layout has.
    RM_ETOODEEP = -10003,   ///< A value is nested beyond RM_DEPTH_MAX.
};

/// Limits of the layout.
enum {
    RM_METHOD_LENGTH_MAX = 255, ///< Bytes of a method's name.
    RM_DEPTH_MAX = 32,          ///< Nesting of arrays and maps inside params, error and result.
    RM_HEAD_MAX = 288,          ///< Bytes before a payload at the most: type, msgid, name, params and bin headers.
    RM_TAIL_MAX = 14,           ///< Bytes behind params at the most: budget_us and attempt.
};

/// A frame that was read. Pointers lead into the bytes it was read from; fields of other kinds of frame are zero.
typedef struct rm_frame {
    uint32_t kind;
    uint32_t msgid;
    const uint8_t *method; ///< The name, without its MessagePack header.
    size_t method_length;
    const uint8_t *value; ///< Encoded params (an array) or result (any value), header included.
    size_t value_length;
    const uint8_t *payload; ///< The bytes inside, where value is [bin] (request) or bin (response); else NULL.
    size_t payload_length;
    const uint8_t *error; ///< Encoded error of a response; NULL where it is nil.
    size_t error_length;
    uint64_t budget_us; ///< How long the caller still waits; 0: it did not say.
    uint32_t attempt;   ///< 0: the call is not marked idempotent. Above 1: a resend.
} rm_frame;

/// Reads the frame at the start of `bytes`. Returns its length (above 0), or RM_ETRUNCATED, RM_EMALFORMED, RM_ETOODEEP.
/// On a failure after the msgid of a request was read, `out->kind` and `out->msgid` tell it, so that it can be answered;
/// otherwise `out->kind` is UINT32_MAX. O(length of the frame) for nested values, O(1) for a payload.
int64_t rm_frame_read(const uint8_t *bytes, size_t length, rm_frame *out);

/// Writes a whole request with params `[bin]`. Needs RM_HEAD_MAX + `payload_length` + RM_TAIL_MAX bytes; the arguments are
/// those of `rm_frame_put_request` and `rm_frame_put_tail`.
uint8_t *rm_frame_put_payload_request(uint8_t *to, uint32_t fields, uint32_t msgid, const uint8_t *method,
                                      size_t method_length, const void *payload, uint32_t payload_length,
                                      uint64_t budget_us, uint32_t attempt);

/// Writes a whole successful response with a bin result. Needs RM_HEAD_MAX + `payload_length` bytes.
uint8_t *rm_frame_put_payload_response(uint8_t *to, uint32_t msgid, const void *payload, uint32_t payload_length);

/// Writes a request up to its params. `fields` is 4, 5 or 6: how many the frame will have. `method` is the name already
/// encoded as a MessagePack str (`rm_frame_put_name`). Returns the end of what was written; needs RM_HEAD_MAX bytes.
uint8_t *rm_frame_put_request(uint8_t *to, uint32_t fields, uint32_t msgid, const uint8_t *method, size_t method_length);

/// Writes what follows params: `budget_us` for fields >= 5, `attempt` for fields == 6. Needs RM_TAIL_MAX bytes.
uint8_t *rm_frame_put_tail(uint8_t *to, uint32_t fields, uint64_t budget_us, uint32_t attempt);

/// Writes a successful response up to its result, which follows.
uint8_t *rm_frame_put_response(uint8_t *to, uint32_t msgid);

/// Writes the header of a bin result of `length` bytes, which follow.
uint8_t *rm_frame_put_payload_result(uint8_t *to, uint32_t length);

/// Writes a whole response with error `[code, message]`. The message is cut to 1024 bytes or, where that would be inside a
/// character of UTF-8, before it. Needs RM_HEAD_MAX + 1024.
uint8_t *rm_frame_put_error(uint8_t *to, uint32_t msgid, int32_t code, const uint8_t *message, size_t message_length);

/// Writes the notification `method` up to its params, which follow.
uint8_t *rm_frame_put_notification(uint8_t *to, const uint8_t *method, size_t method_length);

/// Writes the notification "$/cancel" with params `[msgid]`.
uint8_t *rm_frame_put_cancel(uint8_t *to, uint32_t msgid);

/// Writes a name of at most RM_METHOD_LENGTH_MAX bytes as a MessagePack str; needs 2 bytes more than the name.
uint8_t *rm_frame_put_name(uint8_t *to, const uint8_t *name, size_t length);

#endif
