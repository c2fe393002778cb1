/// Unary calls on Debian's C++ gRPC, for Swift: the asynchronous interface with completion queues, messages as bytes. Whoever calls
/// encodes and decodes them, so that neither protoc nor its library is needed.
#ifndef COMPARE_GRPC_CALLS_H
#define COMPARE_GRPC_CALLS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// gRPC's version; the text lasts as long as the process.
const char *compare_grpc_version(void);

/// A client of one method. Confined to a thread at a time, which does its input and output too, while it waits.
typedef struct compare_grpc_client compare_grpc_client;

/// Opens a client; connecting begins with the first call.
/// `target`: as "127.0.0.1:1234"; `method`: as "/package.Service/Method". Both are copied.
/// `timeout_ms`: a call's deadline. Returns NULL where there is no memory.
compare_grpc_client *compare_grpc_open(const char *target, const char *method, int64_t timeout_ms);

/// Ends what is in flight, unanswered, and frees the client.
void compare_grpc_close(compare_grpc_client *client);

/// Begins a call. `id` comes back with its answer; the message is copied.
void compare_grpc_send(compare_grpc_client *client, uint64_t id, const uint8_t *message, size_t size);

/// What came of a call.
typedef struct {
    uint64_t id;
    /// 0, or gRPC's status code: then `bytes` is its text.
    int status;
    /// The client's, until it is called again.
    const uint8_t *bytes;
    size_t size;
} compare_grpc_reply;

/// Waits for an answer: as long as it takes where `ns` is negative, which is at most the calls' deadline; 0 does not wait.
/// Returns 1 with an answer, 0 when the time is over.
int compare_grpc_receive(compare_grpc_client *client, int64_t ns, compare_grpc_reply *reply);

/// Serves "/compare.Echo/Echo", which sends back what it gets, on `endpoint`, with so many threads, each with a completion queue.
/// Calls `ready` with `context` when the port is bound. Returns only where it cannot be bound: -1.
int compare_grpc_serve_echo(const char *endpoint, int threads, void (*ready)(void *), void *context);

#ifdef __cplusplus
}
#endif

#endif
