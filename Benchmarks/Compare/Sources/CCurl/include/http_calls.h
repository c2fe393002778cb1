/// POSTs by Debian's libcurl, for Swift: its interface with sockets and a timer of the caller's, on connections that are kept.
#ifndef COMPARE_HTTP_CALLS_H
#define COMPARE_HTTP_CALLS_H

#include <stddef.h>
#include <stdint.h>

/// libcurl's version; the text lasts as long as the process.
const char *compare_http_version(void);

/// A client of one server. Confined to one thread at a time.
typedef struct compare_http_client compare_http_client;

/// Opens a client; connecting begins with the first request.
/// `connections`: at the most; what is sent beyond waits in the client. `timeout_ms`: for a request once it is on a connection.
/// Returns NULL where there is no memory or descriptor.
compare_http_client *compare_http_open(uint16_t port, uint32_t connections, int64_t timeout_ms);

/// Ends what is in flight, unanswered, and frees the client.
void compare_http_close(compare_http_client *client);

/// Queues a POST. Everything is copied. `id` comes back with its answer; `header`: a line beside the usual ones, or NULL.
/// Returns 0, or -1 where there is no memory.
int compare_http_send(compare_http_client *client, uint64_t id, const char *path, const char *header, const uint8_t *body,
                      size_t size);

/// What came of a request.
typedef struct {
    uint64_t id;
    /// HTTP's; 0 where there was no answer: then `error` says why, a text that lasts as long as the process.
    long status;
    const char *error;
    /// The client's, until it is called again.
    const uint8_t *bytes;
    size_t size;
} compare_http_reply;

/// Sends what is queued and waits for an answer: as long as it takes where `ns` is negative, which is at most the requests'
/// time-out; 0 does not wait. Returns 1 with an answer, 0 when the time is over.
int compare_http_receive(compare_http_client *client, int64_t ns, compare_http_reply *reply);

#endif
