/// The load of the baseline: clients in plain C on libzmq and msgpack-c that keep requests in flight and time them.
#ifndef RAW_LOAD_H
#define RAW_LOAD_H

#include <stddef.h>
#include <stdint.h>

typedef struct raw_load_options {
    /// The server's endpoint, as libzmq writes it.
    const char *endpoint;
    /// Bytes each request carries, and its reply must.
    uint32_t payload_bytes;
    /// Requests each client keeps in flight; in an open loop, the most it may have. 1...2^24.
    uint32_t in_flight;
    /// Most requests in one message; 1 sends each in a message of its own. At least 1.
    uint32_t frames_per_message_max;
    /// Clients: each a thread with a socket and a connection of its own. 1...1024.
    uint32_t clients;

    /// The warm-up of each client lasts this long...
    double warm_up_seconds;
    /// ...or this many requests of all clients together. The first limit reached ends it; 0 is no limit, and both 0 is
    /// no warm-up.
    uint64_t warm_up_requests;
    /// The measured part, limited in the same way. At least one limit is set.
    double seconds;
    uint64_t requests;

    /// Open loop: requests a second of all clients together, at most 10^9. Each is sent when it is due, or as soon
    /// after that as the window has room. 0: closed loop, a request leaves when a reply has come.
    double requests_per_second;
    /// An open-loop request counts as late if it was sent more than this after it was due.
    uint64_t late_ns;

    /// Times one request in this many of each client, beginning with the first. 0: none.
    uint32_t sample_every;
    /// Where latencies go, in ns: room for `samples_capacity` of them, shared evenly among the clients. The caller's.
    uint64_t *samples;
    size_t samples_capacity;

    /// A client that waits this long for a reply gives up.
    uint32_t reply_timeout_ms;
} raw_load_options;

typedef struct raw_load_result {
    uint64_t requests;        ///< Requests sent in the measured part and rightly answered.
    uint64_t errors;          ///< Replies that are malformed, to an unknown msgid, an error, or of the wrong length.
    uint64_t late;            ///< Open loop: requests sent late.
    uint64_t unsent;          ///< Open loop: requests due before the time was over that could not be sent in it.
    uint64_t elapsed_ns;      ///< From the common start of the measured part to the last client's last reply.
    uint64_t cpu_ns;          ///< User and system time of the whole process in that span.
    size_t samples;           ///< Latencies written, in the order of the clients, then of their replies.
    uint64_t samples_dropped; ///< Latencies for which there was no room.
} raw_load_result;

/// Runs the load. Each part, warm-up and measured, begins with nothing in flight and ends when its last reply is there;
/// what it sent is what it counts. The latency of a request is the time from when it was packed, or in an open loop
/// from when it was due, until its reply was read.
///
/// Returns 0; -EINVAL for options out of range; -ETIMEDOUT if replies stayed away; or another negated errno. `result`
/// is filled in any case, as far as it is known.
int raw_load_run(const raw_load_options *options, raw_load_result *result);

#endif
