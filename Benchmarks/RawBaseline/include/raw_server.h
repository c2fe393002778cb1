/// The echo server of the baseline: what a C programmer writes with libzmq and msgpack-c and nothing else.
#ifndef RAW_SERVER_H
#define RAW_SERVER_H

#include <stdint.h>

/// What a server did, written when it ends.
typedef struct raw_server_counts {
    uint64_t requests; ///< Requests answered.
    uint64_t refused;  ///< Frames dropped: not MessagePack, not a request, or of another method than "echo".
} raw_server_counts;

typedef struct raw_server_options {
    /// Where to listen, as libzmq writes it: tcp://127.0.0.1:*, ipc:///tmp/x.
    const char *endpoint;
    /// Most replies in one message; 1 sends each in a message of its own. At least 1.
    uint32_t frames_per_message_max;
    /// The server ends when this becomes readable or its other end closes. Negative: it never ends by itself. Stays the
    /// caller's.
    int stop_descriptor;
    /// Called once, on the server's thread, with the endpoint that was bound (wildcards resolved); valid during the
    /// call. May be NULL.
    void (*bound)(void *context, const char *endpoint);
    void *context; ///< Handed to `bound`.
    /// Filled when the server ends. May be NULL.
    raw_server_counts *counts;
} raw_server_options;

/// Serves "echo" on the calling thread until told to stop. Answers `[0, msgid, "echo", [bin], ...]` with
/// `[1, msgid, nil, bin]`; one message may carry many frames. Without coalescing each reply leaves at once; with it,
/// replies to one peer gather while requests are there, up to `frames_per_message_max` frames or 32 KiB.
///
/// One thread for the socket and one of libzmq's for the I/O, and a third that sleeps until the stop.
/// Returns 0 after a stop, or a negated errno (libzmq's own included: the endpoint is taken, malformed, ...).
int raw_server_run(const raw_server_options *options);

#endif
