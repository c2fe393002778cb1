/// ZeroMQ contexts and sockets: create, bind, connect, options, keys, monitor events.
///
/// A context may be used from any thread. A socket belongs to the thread that uses it: it is not thread-safe, and moves
/// to another thread only across a full memory barrier. See zmq_socket(3).
#ifndef RM_SOCKET_H
#define RM_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "rm_error.h"

typedef struct rm_context rm_context;
typedef struct rm_socket rm_socket;

/// Kinds of socket, with libzmq's numbers.
enum {
    RM_PAIR = ZMQ_PAIR,
    RM_SUB = ZMQ_SUB,
    RM_REP = ZMQ_REP,
    RM_DEALER = ZMQ_DEALER,
    RM_ROUTER = ZMQ_ROUTER,
    RM_XPUB = ZMQ_XPUB,
};

/// Bits of `rm_socket_events`.
enum { RM_READABLE = ZMQ_POLLIN, RM_WRITABLE = ZMQ_POLLOUT };

/// Makes a context with `io_threads` (1...64) background threads. `*out` is the caller's until `rm_context_destroy`.
int rm_context_create(int io_threads, rm_context **out);

/// Ends a context. Blocks until every socket of it is closed and its linger time is over.
void rm_context_destroy(rm_context *context);

/// Makes a socket of one of the kinds above. `*out` is the caller's until `rm_socket_close`.
int rm_socket_open(rm_context *context, int kind, rm_socket **out);

/// Closes a socket. What it has not sent is kept for its linger time by the context. `socket` is gone afterwards.
void rm_socket_close(rm_socket *socket);

/// Sets an integer option (ZMQ_LINGER, ZMQ_SNDHWM, ...). RM_EINVAL: unknown option, or a value out of its range.
int rm_socket_set_int(rm_socket *socket, int option, int value);

/// Sets a 64-bit option (ZMQ_MAXMSGSIZE).
int rm_socket_set_int64(rm_socket *socket, int option, int64_t value);

/// Sets a byte-string option (ZMQ_ROUTING_ID, ZMQ_SUBSCRIBE, ZMQ_CURVE_SERVERKEY, ...). The bytes are copied.
int rm_socket_set_bytes(rm_socket *socket, int option, const void *bytes, size_t length);

/// Writes the endpoint last bound to (wildcards resolved) into `out`, NUL-terminated. RM_EINVAL: `capacity` too small.
int rm_socket_last_endpoint(rm_socket *socket, char *out, size_t capacity);

/// The descriptor that becomes readable when the socket's state may have changed: an edge, not a level. After it fires,
/// and after every send or receive, only `rm_socket_events` tells the state. Owned by the socket. Negative on failure.
int rm_socket_descriptor(rm_socket *socket);

/// The socket's readiness now, as RM_READABLE | RM_WRITABLE bits; re-arms the descriptor. Negative on failure.
int rm_socket_events(rm_socket *socket);

int rm_socket_bind(rm_socket *socket, const char *endpoint);
int rm_socket_unbind(rm_socket *socket, const char *endpoint);
int rm_socket_connect(rm_socket *socket, const char *endpoint);
int rm_socket_disconnect(rm_socket *socket, const char *endpoint);

/// Starts reporting `events` (ZMQ_EVENT_... bits) of `socket`, and gives the PAIR socket on which they arrive. The PAIR
/// is the caller's; close it before `socket`. Both are used by the same thread.
int rm_monitor_open(rm_context *context, rm_socket *socket, int events, rm_socket **out);

/// Stops reporting, before the PAIR is closed: a monitor that reports to nobody would block libzmq's I/O thread.
void rm_monitor_end(rm_socket *socket);

/// One event of a monitored socket.
typedef struct rm_monitor_event {
    uint16_t event;     ///< One ZMQ_EVENT_... bit.
    uint32_t value;     ///< Its value: a descriptor, an errno, a reconnect interval in ms, a status code.
    char endpoint[256]; ///< The endpoint it concerns, NUL-terminated, cut where longer.
} rm_monitor_event;

/// Takes the next event from a monitor's PAIR without waiting. RM_EAGAIN: none is there.
int rm_monitor_receive(rm_socket *monitor, rm_monitor_event *out);

/// Length of a CURVE key in Z85 text, without its NUL.
enum { RM_CURVE_KEY_LENGTH = 40 };

/// Makes a new CURVE key pair as Z85 text. RM_EINVAL (negated ENOTSUP): libzmq was built without CURVE.
int rm_curve_keypair(char public_key[RM_CURVE_KEY_LENGTH + 1], char secret_key[RM_CURVE_KEY_LENGTH + 1]);

/// Derives the public key of a secret one, both Z85 text. RM_EINVAL: the text is no key.
int rm_curve_public(const char *secret_key, char public_key[RM_CURVE_KEY_LENGTH + 1]);

/// Writes a 32-byte key as Z85 text.
void rm_curve_text(const uint8_t key[32], char text[RM_CURVE_KEY_LENGTH + 1]);

/// The version of the libzmq in use.
void rm_zmq_version(int *major, int *minor, int *patch);

#endif
