/// Sending and the clock, shared by both sides of the baseline.
#ifndef RAW_MESSAGE_H
#define RAW_MESSAGE_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "frame.h"

enum {
    RAW_BURST_MESSAGES_MAX = 64,    ///< Messages received before what they caused is sent.
    RAW_COPIED_BYTES_MAX = 2 << 10, ///< Gathered frames below this are cheaper to copy than to hand over.
};

/// CLOCK_MONOTONIC in ns.
static inline uint64_t raw_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline int raw_send_message(void *socket, zmq_msg_t *message) {
    while (zmq_msg_send(message, socket, 0) < 0) {
        if (zmq_errno() != EINTR) {
            int status = -zmq_errno();
            zmq_msg_close(message);
            return status;
        }
    }
    return 0;
}

/// Sends a message of two pieces, each copied once. `tail` may be NULL if it has no bytes. Returns 0 or -errno.
static inline int raw_send(void *socket, const void *head, size_t head_bytes, const void *tail, size_t tail_bytes) {
    zmq_msg_t message;
    if (zmq_msg_init_size(&message, head_bytes + tail_bytes) < 0) {
        return -zmq_errno();
    }
    char *to = zmq_msg_data(&message);
    memcpy(to, head, head_bytes);
    if (tail_bytes > 0) {
        memcpy(to + head_bytes, tail, tail_bytes);
    }
    return raw_send_message(socket, &message);
}

static inline void raw_free_sent(void *bytes, void *hint) {
    (void)hint;
    free(bytes);
}

/// Sends what is in a buffer of RAW_GATHER_BYTES and leaves it empty: copied if it is little, else handed over to
/// libzmq, and replaced. Returns 0 or a negated errno.
static inline int raw_send_gathered(void *socket, msgpack_sbuffer *buffer) {
    if (buffer->size < RAW_COPIED_BYTES_MAX) {
        int status = raw_send(socket, buffer->data, buffer->size, NULL, 0);
        msgpack_sbuffer_clear(buffer);
        return status;
    }
    zmq_msg_t message;
    if (zmq_msg_init_data(&message, buffer->data, buffer->size, raw_free_sent, NULL) < 0) {
        return -zmq_errno();
    }
    msgpack_sbuffer_release(buffer);
    if (!raw_buffer_init(buffer, RAW_GATHER_BYTES)) {
        zmq_msg_close(&message);
        return -ENOMEM;
    }
    return raw_send_message(socket, &message);
}

/// Opens a socket whose queues have no limit: the windows of the clients bound what can be in them. Unsent messages die
/// with it. Returns 0 or a negated errno.
static inline int raw_open(void *context, int kind, void **out) {
    void *socket = zmq_socket(context, kind);
    if (socket == NULL) {
        return -zmq_errno();
    }
    int none = 0;
    zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none);
    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    *out = socket;
    return 0;
}

#endif
