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

/// A client of a server. Confined to a thread at a time, which does its input and output too, while it waits.
typedef struct compare_grpc_client compare_grpc_client;

/// Opens a client; connecting begins with the first call.
/// `target`: as "127.0.0.1:1234", or "ipv4:127.0.0.1:1234,127.0.0.1:1235" for several servers of one service.
/// `config`: gRPC's service config in JSON, which has its retries and its way of choosing a server, or NULL for none. With one, calls
/// wait for a connection until their deadline (wait_for_ready). Both are copied.
/// `timeout_ms`: a call's deadline. Returns NULL where there is no memory.
compare_grpc_client *compare_grpc_open(const char *target, const char *config, int64_t timeout_ms);

/// Ends what is in flight, unanswered, and frees the client.
void compare_grpc_close(compare_grpc_client *client);

/// Has waits of `compare_grpc_receive` be gRPC's own, which cost nothing and may end up to 1 ms late.
void compare_grpc_wait_idly(compare_grpc_client *client);

/// Begins a call of a method, as "/package.Service/Method". `id` comes back with its answer; the message is copied.
void compare_grpc_send(compare_grpc_client *client, uint64_t id, const char *method, const uint8_t *message, size_t size);

/// A call with many messages either way; without a deadline.
typedef struct compare_grpc_stream compare_grpc_stream;

/// Begins one with its first message. `id` comes back with each message from the server, and with the end of it, which has a status
/// even where that is 0. The stream is the client's: it is gone after its end.
compare_grpc_stream *compare_grpc_stream_begin(compare_grpc_client *client, uint64_t id, const char *method,
                                               const uint8_t *message, size_t size);

/// Sends one more message.
void compare_grpc_stream_write(compare_grpc_stream *stream, const uint8_t *message, size_t size);

/// What came of a call.
typedef struct {
    uint64_t id;
    /// 0, or gRPC's status code: then `bytes` is its text.
    int status;
    /// Whether it is the end of a stream.
    int is_end;
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

/// A server of any unary methods, for a worker that takes what has come and answers it together. Confined to one thread.
typedef struct compare_grpc_server compare_grpc_server;

/// Listens on `endpoint`. Returns NULL where it cannot be bound.
compare_grpc_server *compare_grpc_server_open(const char *endpoint);

/// A call that has come.
typedef struct {
    uint64_t id;
    /// As "/package.Service/Method". It and the message last until the call is answered.
    const char *method;
    const uint8_t *bytes;
    size_t size;
} compare_grpc_request;

/// Waits for a call, for so many ms at the most; 0 does not wait. Returns 1 with a call, 0 when the time is over.
int compare_grpc_server_next(compare_grpc_server *server, int64_t ms, compare_grpc_request *request);

/// Answers a call, once. The message is copied.
void compare_grpc_server_answer(compare_grpc_server *server, uint64_t id, const uint8_t *message, size_t size);

/// Takes no more calls, sends the answers that are on their way, and frees the server. Calls without their answer fail.
void compare_grpc_server_close(compare_grpc_server *server);

#ifdef __cplusplus
}
#endif

#endif
