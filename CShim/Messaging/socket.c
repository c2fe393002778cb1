#include "rm_socket.h"
#include "rm_virtual.h"

#include <stdio.h>
#include <string.h>

// The opaque types are libzmq's own pointers under another name: nothing is added, so nothing is wrapped.
static void *raw(rm_socket *socket) {
    return (void *)socket;
}

static int result(int status) {
    return status >= 0 ? 0 : -zmq_errno();
}

const char *rm_error_text(int code) {
    return zmq_strerror(-code);
}

int rm_context_create(int io_threads, rm_context **out) {
    void *context = zmq_ctx_new();
    if (context == NULL) {
        return -zmq_errno();
    }
    int status = result(zmq_ctx_set(context, ZMQ_IO_THREADS, io_threads));
    if (status == 0) {
        // The default of 1023 sockets would cap a process that talks to a thousand peers.
        status = result(zmq_ctx_set(context, ZMQ_MAX_SOCKETS, 65535));
    }
    if (status < 0) {
        zmq_ctx_term(context);
        return status;
    }
    *out = (rm_context *)context;
    return 0;
}

void rm_context_destroy(rm_context *context) {
    if (rm_virtual_of(context) != NULL) {
        return; // its owner's
    }
    while (zmq_ctx_term((void *)context) < 0 && zmq_errno() == EINTR) {
    }
}

int rm_socket_open(rm_context *context, int kind, rm_socket **out) {
    const rm_virtual *virtual = rm_virtual_of(context);
    if (virtual != NULL) {
        const rm_virtual *opened = virtual->calls->open(virtual->object, kind);
        if (opened == NULL) {
            return RM_EINVAL;
        }
        *out = rm_virtual_handle(opened);
        return 0;
    }
    void *socket = zmq_socket((void *)context, kind);
    if (socket == NULL) {
        return -zmq_errno();
    }
    *out = (rm_socket *)socket;
    return 0;
}

void rm_socket_close(rm_socket *socket) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        virtual->calls->close(virtual->object);
        return;
    }
    zmq_close(raw(socket));
}

int rm_socket_set_int(rm_socket *socket, int option, int value) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        return virtual->calls->set(virtual->object, option, &value, sizeof value);
    }
    return result(zmq_setsockopt(raw(socket), option, &value, sizeof value));
}

int rm_socket_set_int64(rm_socket *socket, int option, int64_t value) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        return virtual->calls->set(virtual->object, option, &value, sizeof value);
    }
    return result(zmq_setsockopt(raw(socket), option, &value, sizeof value));
}

int rm_socket_set_bytes(rm_socket *socket, int option, const void *bytes, size_t length) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        return virtual->calls->set(virtual->object, option, bytes, length);
    }
    return result(zmq_setsockopt(raw(socket), option, bytes, length));
}

int rm_socket_last_endpoint(rm_socket *socket, char *out, size_t capacity) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        return virtual->calls->last_endpoint(virtual->object, out, capacity);
    }
    return result(zmq_getsockopt(raw(socket), ZMQ_LAST_ENDPOINT, out, &capacity));
}

int rm_socket_descriptor(rm_socket *socket) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        return virtual->calls->descriptor(virtual->object);
    }
    int descriptor = -1;
    size_t size = sizeof descriptor;
    int status = result(zmq_getsockopt(raw(socket), ZMQ_FD, &descriptor, &size));
    return status < 0 ? status : descriptor;
}

int rm_socket_events(rm_socket *socket) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        return virtual->calls->events(virtual->object);
    }
    int events = 0;
    size_t size = sizeof events;
    int status = result(zmq_getsockopt(raw(socket), ZMQ_EVENTS, &events, &size));
    return status < 0 ? status : events;
}

int rm_socket_bind(rm_socket *socket, const char *endpoint) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        return virtual->calls->bind(virtual->object, endpoint);
    }
    return result(zmq_bind(raw(socket), endpoint));
}

int rm_socket_unbind(rm_socket *socket, const char *endpoint) {
    return result(zmq_unbind(raw(socket), endpoint));
}

int rm_socket_connect(rm_socket *socket, const char *endpoint) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        return virtual->calls->connect(virtual->object, endpoint);
    }
    return result(zmq_connect(raw(socket), endpoint));
}

int rm_socket_disconnect(rm_socket *socket, const char *endpoint) {
    return result(zmq_disconnect(raw(socket), endpoint));
}

int rm_monitor_open(rm_context *context, rm_socket *socket, int events, rm_socket **out) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        *out = rm_virtual_handle(virtual->calls->monitor(virtual->object));
        return 0;
    }
    char address[64];
    snprintf(address, sizeof address, "inproc://rm.monitor.%p", (void *)socket);
    int status = result(zmq_socket_monitor(raw(socket), address, events));
    if (status < 0) {
        return status;
    }
    rm_socket *pair = NULL;
    status = rm_socket_open(context, ZMQ_PAIR, &pair);
    if (status == 0) {
        status = rm_socket_set_int(pair, ZMQ_LINGER, 0);
    }
    if (status == 0) {
        status = rm_socket_connect(pair, address);
    }
    if (status < 0) {
        if (pair != NULL) {
            rm_socket_close(pair);
        }
        zmq_socket_monitor(raw(socket), NULL, 0);
        return status;
    }
    *out = pair;
    return 0;
}

void rm_monitor_end(rm_socket *socket) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        virtual->calls->end_monitor(virtual->object);
        return;
    }
    zmq_socket_monitor(raw(socket), NULL, 0);
}

int rm_monitor_receive(rm_socket *monitor, rm_monitor_event *out) {
    const rm_virtual *virtual = rm_virtual_of(monitor);
    if (virtual != NULL) {
        return virtual->calls->take_event(virtual->object, out);
    }
    // Two parts: 16 bits of event and 32 of value, unaligned; then the endpoint. See zmq_socket_monitor(3).
    uint8_t head[6];
    int size = zmq_recv(raw(monitor), head, sizeof head, ZMQ_DONTWAIT);
    if (size < 0) {
        return -zmq_errno();
    }
    memcpy(&out->event, head, sizeof out->event);
    memcpy(&out->value, head + sizeof out->event, sizeof out->value);
    size = zmq_recv(raw(monitor), out->endpoint, sizeof out->endpoint - 1, ZMQ_DONTWAIT);
    if (size < 0) {
        return -zmq_errno();
    }
    size_t length = (size_t)size < sizeof out->endpoint - 1 ? (size_t)size : sizeof out->endpoint - 1;
    out->endpoint[length] = '\0';
    return 0;
}

int rm_curve_keypair(char public_key[RM_CURVE_KEY_LENGTH + 1], char secret_key[RM_CURVE_KEY_LENGTH + 1]) {
    return result(zmq_curve_keypair(public_key, secret_key));
}

int rm_curve_public(const char *secret_key, char public_key[RM_CURVE_KEY_LENGTH + 1]) {
    return result(zmq_curve_public(public_key, secret_key));
}

void rm_curve_text(const uint8_t key[32], char text[RM_CURVE_KEY_LENGTH + 1]) {
    zmq_z85_encode(text, key, 32);
}

void rm_zmq_version(int *major, int *minor, int *patch) {
    zmq_version(major, minor, patch);
}
