/// Debian's librabbitmq, and in C what Swift cannot say of it: calls with variable arguments, and tables.
#ifndef RABBITMQ_LIBRARY_H
#define RABBITMQ_LIBRARY_H

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>

/// Connects to 127.0.0.1 as guest, with channel 1 open and TCP_NODELAY as the library sets it. Returns NULL where that fails; the
/// caller destroys it with `amqp_destroy_connection`.
amqp_connection_state_t compare_rabbitmq_open(int port);

/// Declares a queue, which may exist alike: a classic one in memory, or a quorum one on disk. Returns 0, or -1 where it failed.
int compare_rabbitmq_declare(amqp_connection_state_t connection, const char *queue, int is_quorum);

/// Says of the last call that waited for an answer: 0 if it was what was asked for, or -1.
int compare_rabbitmq_check(amqp_connection_state_t connection);

#endif
