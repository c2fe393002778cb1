/// Sockets, contexts and pollers that are not libzmq's and the kernel's but a simulation's.
///
/// A handle of either kind is a pointer, and those of libzmq and malloc are even: an odd one leads to an `rm_virtual`, whose
/// functions are called instead. The test costs a branch a call, and nothing a frame.
#ifndef RM_VIRTUAL_H
#define RM_VIRTUAL_H

#include <stddef.h>
#include <stdint.h>

#include "rm_socket.h"

typedef struct rm_virtual_calls rm_virtual_calls;

/// What a handle leads to. Its owner keeps it for as long as anybody may use the handle.
typedef struct rm_virtual {
    const rm_virtual_calls *calls;
    void *object;
} rm_virtual;

/// What each kind of object can do; each function has the object first. A place that a kind does not need is NULL. Those that
/// return int return 0 or a negative code, as the functions of the same name in rm_socket.h, rm_batch.h and rm_poller.h.
struct rm_virtual_calls {
    // Of a context. NULL: no socket of this kind.
    const rm_virtual *(*open)(void *context, int kind);
    // Of a socket.
    void (*close)(void *socket);
    int (*set)(void *socket, int option, const void *bytes, size_t length);
    int (*bind)(void *socket, const char *endpoint);
    int (*connect)(void *socket, const char *endpoint);
    int (*last_endpoint)(void *socket, char *out, size_t capacity);
    int (*descriptor)(void *socket);
    int (*events)(void *socket);
    /// Takes the next part that came; the bytes live until the next call. `*more` tells that the next part is of the same message.
    int (*receive)(void *socket, const uint8_t **bytes, size_t *length, int *more);
    int (*send)(void *socket, const void *bytes, size_t length, int more);
    const rm_virtual *(*monitor)(void *socket);
    void (*end_monitor)(void *socket);
    int (*take_event)(void *monitor, rm_monitor_event *out);
    // Of a poller.
    int (*add)(void *poller, int descriptor, uint64_t token);
    int (*remove)(void *poller, int descriptor);
    int (*set_alarm)(void *poller, int64_t time_ns);
    int (*wait)(void *poller, int64_t timeout_ns, uint64_t *tokens, int capacity);
    int (*wake)(void *poller);
};

/// The handle of an object: an `rm_socket *`, `rm_context *` or `rm_poller *` by another name.
static inline void *rm_virtual_handle(const rm_virtual *object) {
    return (char *)object + 1;
}

/// What a handle leads to; NULL for one of libzmq or the kernel.
static inline const rm_virtual *rm_virtual_of(const void *handle) {
    return __builtin_expect((uintptr_t)handle & 1, 0) ? (const rm_virtual *)((const char *)handle - 1) : NULL;
}

#endif
