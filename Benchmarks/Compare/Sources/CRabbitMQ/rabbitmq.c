// What Swift cannot say of librabbitmq.

#include "rabbitmq_library.h"

#include <stddef.h>

amqp_connection_state_t compare_rabbitmq_open(int port) {
    amqp_connection_state_t connection = amqp_new_connection();
    if (connection == NULL) {
        return NULL;
    }
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    if (socket == NULL || amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK ||
        amqp_login(connection, "/", AMQP_DEFAULT_MAX_CHANNELS, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN, "guest",
                   "guest")
                .reply_type != AMQP_RESPONSE_NORMAL ||
        amqp_channel_open(connection, 1) == NULL) {
        amqp_destroy_connection(connection);
        return NULL;
    }
    return connection;
}

int compare_rabbitmq_declare(amqp_connection_state_t connection, const char *queue, int is_quorum) {
    amqp_table_entry_t type = {
        .key = amqp_cstring_bytes("x-queue-type"),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = amqp_cstring_bytes("quorum")}},
    };
    amqp_table_t arguments = {.num_entries = is_quorum ? 1 : 0, .entries = &type};
    amqp_queue_declare(connection, 1, amqp_cstring_bytes(queue), 0, is_quorum, 0, 0, arguments);
    return compare_rabbitmq_check(connection);
}

int compare_rabbitmq_check(amqp_connection_state_t connection) {
    return amqp_get_rpc_reply(connection).reply_type == AMQP_RESPONSE_NORMAL ? 0 : -1;
}
