/// Request and reply on Debian's nng, for Swift: a context for each request that may be in flight, and a queue of answers, as nng's
/// own threads call back.
#ifndef COMPARE_NNG_CALLS_H
#define COMPARE_NNG_CALLS_H

#include <stddef.h>
#include <stdint.h>

/// nng's version; the text lasts as long as the process.
const char *compare_nng_version(void);

/// What an error's number means; the text lasts as long as the process.
const char *compare_nng_text(int error);

/// A client. Confined to one thread at a time.
typedef struct compare_nng_client compare_nng_client;

/// Connects to `url`, as "tcp://127.0.0.1:1234", for `in_flight_max` requests at a time. Returns 0, or nng's error.
int compare_nng_open(compare_nng_client **client, const char *url, uint32_t in_flight_max, int32_t timeout_ms);

/// Ends what is in flight, unanswered, and frees the client.
void compare_nng_close(compare_nng_client *client);

/// Sends a request; the message is copied. `id` comes back with its answer. Returns 0, or nng's error: NNG_EBUSY where as many as
/// may be are in flight.
int compare_nng_send(compare_nng_client *client, uint64_t id, const uint8_t *message, size_t size);

/// What came of a request.
typedef struct {
    uint64_t id;
    /// 0, or nng's error.
    int error;
    /// The client's, until it is called again.
    const uint8_t *bytes;
    size_t size;
} compare_nng_reply;

/// Waits for an answer: as long as it takes where `ns` is negative, which is at most the requests' time-out; 0 does not wait.
/// Returns 1 with an answer, 0 when the time is over.
int compare_nng_receive(compare_nng_client *client, int64_t ns, compare_nng_reply *reply);

/// Sends back what it gets on `url`, with so many requests under work at a time. Calls `ready` with `context` when the port is
/// bound. Returns nng's error, and only where that happens before.
int compare_nng_serve_echo(const char *url, uint32_t contexts, void (*ready)(void *), void *context);

#endif
