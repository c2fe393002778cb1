/// One client of the load: a DEALER, its window of requests in flight, and the loop that keeps it full.
#ifndef RAW_CLIENT_H
#define RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

/// A request in flight, at the index that is its msgid modulo the ring's size.
typedef struct raw_slot {
    uint32_t msgid;
    bool is_busy;
    uint64_t start_ns; // 0: its latency is not asked for
} raw_slot;

/// What all requests of a client have in common.
typedef struct raw_client_options {
    uint32_t payload_bytes;
    uint32_t in_flight;
    uint32_t frames_per_message_max;
    uint64_t late_ns;
    uint32_t sample_every;
    uint32_t reply_timeout_ms;
    // Open loop: request number i of this client is due at start + offset + i * interval. 0: closed loop.
    double interval_ns;
    double offset_ns;
} raw_client_options;

/// A part of the load, warm-up or measured. It begins and ends with nothing in flight.
typedef struct raw_part {
    uint64_t start_ns;
    uint64_t end_ns;       // nothing is sent from here on; UINT64_MAX: no limit
    uint64_t requests_max; // UINT64_MAX: no limit
    uint64_t sent;
    uint64_t answered;
    uint64_t errors;
    uint64_t late;
    uint64_t unsent;
    uint32_t until_sample; // requests until the next that is timed; UINT32_MAX: none is
    uint64_t *samples;
    size_t samples_capacity;
    size_t samples_count;
    uint64_t samples_dropped;
} raw_part;

/// Confined to one thread.
typedef struct raw_client {
    raw_client_options options;
    void *socket;
    int descriptor; // ZMQ_FD
    raw_slot *ring;
    uint32_t ring_mask;
    uint32_t next_msgid;
    uint32_t in_flight;
    char *payload;
    msgpack_zone zone;
    msgpack_sbuffer gathered; // frames of the next message
    uint32_t gathered_frames;
} raw_client;

/// Makes a client and begins to connect it. Returns 0 or a negated errno; call `raw_client_destroy` in either case.
int raw_client_init(raw_client *client, const raw_client_options *options, void *context, const char *endpoint);
void raw_client_destroy(raw_client *client);

/// Runs a part to its end, and leaves there the time of its last reply as `end_ns`. Returns 0, -ETIMEDOUT if replies
/// stayed away, or another negated errno.
int raw_client_run(raw_client *client, raw_part *part);

#endif
