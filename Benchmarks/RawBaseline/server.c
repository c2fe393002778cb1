// The echo server: a ROUTER that reads frames, and answers each with its payload.

#include "raw_server.h"

#include "frame.h"
#include "message.h"
#include "peers.h"
#include "stop_watch.h"

typedef struct server {
    void *socket;
    uint32_t frames_max;
    msgpack_zone zone;
    msgpack_sbuffer head; // of the reply that is not gathered
    raw_peers peers;
    raw_peer *due; // peers with gathered replies
    raw_server_counts counts;
} server;

// Names the peer to which the next message goes.
static int address(server *s, const void *id, size_t id_bytes) {
    while (zmq_send(s->socket, id, id_bytes, ZMQ_SNDMORE) < 0) {
        if (zmq_errno() != EINTR) {
            return -zmq_errno();
        }
    }
    return 0;
}

static int send_gathered(server *s, raw_peer *peer) {
    if (peer->frames == 0) {
        return 0;
    }
    peer->frames = 0;
    int status = address(s, peer->id, peer->id_bytes);
    return status < 0 ? status : raw_send_gathered(s->socket, &peer->gathered);
}

static int send_all_gathered(server *s) {
    int status = 0;
    while (s->due != NULL && status == 0) {
        raw_peer *peer = s->due;
        s->due = peer->next_due;
        peer->is_due = false;
        status = send_gathered(s, peer);
    }
    return status;
}

static int answer_at_once(server *s, const void *id, size_t id_bytes, const raw_frame *request) {
    msgpack_sbuffer_clear(&s->head);
    raw_pack_response_head(&s->head, request->msgid, request->payload_bytes);
    int status = address(s, id, id_bytes);
    if (status < 0) {
        return status;
    }
    return raw_send(s->socket, s->head.data, s->head.size, request->payload, request->payload_bytes);
}

static int gather_answer(server *s, raw_peer *peer, const raw_frame *request) {
    size_t bytes_max = RAW_HEAD_BYTES_MAX + (size_t)request->payload_bytes;
    if (peer->gathered.size + bytes_max > RAW_GATHER_BYTES) {
        int status = send_gathered(s, peer);
        if (status < 0) {
            return status;
        }
        if (bytes_max > RAW_GATHER_BYTES) {
            return answer_at_once(s, peer->id, peer->id_bytes, request);
        }
    }
    raw_pack_response_head(&peer->gathered, request->msgid, request->payload_bytes);
    msgpack_sbuffer_write(&peer->gathered, request->payload, request->payload_bytes);
    peer->frames++;
    if (peer->frames >= s->frames_max) {
        return send_gathered(s, peer);
    }
    if (!peer->is_due) {
        peer->is_due = true;
        peer->next_due = s->due;
        s->due = peer;
    }
    return 0;
}

// Answers the frames of one message. The first malformed one ends it: nothing tells where the next would begin.
static int answer(server *s, zmq_msg_t *id, zmq_msg_t *body) {
    const char *bytes = zmq_msg_data(body);
    size_t length = zmq_msg_size(body);
    raw_peer *peer = NULL;
    if (s->frames_max > 1) {
        peer = raw_peers_find(&s->peers, zmq_msg_data(id), zmq_msg_size(id));
        if (peer == NULL) {
            return -ENOMEM;
        }
    }
    for (size_t offset = 0; offset < length;) {
        raw_frame request;
        raw_reading reading = raw_read_request(&s->zone, bytes, length, &offset, &request);
        if (reading != RAW_READ) {
            s->counts.refused++;
            if (reading == RAW_MALFORMED) {
                break;
            }
            continue;
        }
        int status = peer != NULL ? gather_answer(s, peer, &request)
                                  : answer_at_once(s, zmq_msg_data(id), zmq_msg_size(id), &request);
        if (status < 0) {
            return status;
        }
        s->counts.requests++;
    }
    return 0;
}

// Receives one message of routing id and body, and answers it. Parts beyond are dropped.
static int receive(server *s, int flags) {
    zmq_msg_t parts[2];
    zmq_msg_init(&parts[0]);
    zmq_msg_init(&parts[1]);
    int status = zmq_msg_recv(&parts[0], s->socket, flags) < 0 ? -zmq_errno() : 0;
    if (status == 0 && zmq_msg_more(&parts[0])) {
        status = zmq_msg_recv(&parts[1], s->socket, 0) < 0 ? -zmq_errno() : 0;
        while (status == 0 && zmq_msg_more(&parts[1])) {
            zmq_msg_t surplus;
            zmq_msg_init(&surplus);
            status = zmq_msg_recv(&surplus, s->socket, 0) < 0 ? -zmq_errno() : 0;
            int more = zmq_msg_more(&surplus);
            zmq_msg_close(&surplus);
            if (!more) {
                break;
            }
        }
        if (status == 0) {
            status = answer(s, &parts[0], &parts[1]);
        }
    }
    zmq_msg_close(&parts[0]);
    zmq_msg_close(&parts[1]);
    return status;
}

// A blocking receive begins a burst. Replies that gather make it worth to look for more; the others have left already.
static int serve(server *s) {
    for (;;) {
        int status = receive(s, 0);
        for (int burst = 1; s->frames_max > 1 && status == 0 && burst < RAW_BURST_MESSAGES_MAX; burst++) {
            status = receive(s, ZMQ_DONTWAIT);
        }
        if (status == 0 || status == -EAGAIN || status == -EINTR) {
            status = send_all_gathered(s);
        }
        if (status == -ETERM) {
            return 0;
        }
        if (status < 0) {
            return status;
        }
    }
}

static int bind_and_report(server *s, const raw_server_options *options) {
    char endpoint[512];
    size_t size = sizeof endpoint;
    if (zmq_bind(s->socket, options->endpoint) < 0 ||
        zmq_getsockopt(s->socket, ZMQ_LAST_ENDPOINT, endpoint, &size) < 0) {
        return -zmq_errno();
    }
    if (options->bound != NULL) {
        options->bound(options->context, endpoint);
    }
    return 0;
}

static int run(server *s, const raw_server_options *options, void *context) {
    int status = raw_open(context, ZMQ_ROUTER, &s->socket);
    if (status < 0) {
        return status;
    }
    raw_stop_watch watch;
    status = bind_and_report(s, options);
    if (status == 0) {
        status = raw_stop_watch_begin(&watch, context, options->stop_descriptor);
    }
    if (status == 0) {
        status = serve(s);
        raw_stop_watch_end(&watch);
    }
    zmq_close(s->socket);
    return status;
}

int raw_server_run(const raw_server_options *options) {
    if (options->frames_per_message_max < 1) {
        return -EINVAL;
    }
    void *context = zmq_ctx_new(); // with one I/O thread, libzmq's default
    if (context == NULL) {
        return -zmq_errno();
    }
    server s = {.frames_max = options->frames_per_message_max};
    int status = raw_peers_init(&s.peers);
    if (status == 0 && !raw_buffer_init(&s.head, RAW_HEAD_BYTES_MAX)) {
        status = -ENOMEM;
    }
    if (status == 0 && !msgpack_zone_init(&s.zone, RAW_ZONE_BYTES)) {
        status = -ENOMEM;
    }
    if (status == 0) {
        status = run(&s, options, context);
        msgpack_zone_destroy(&s.zone);
    }
    msgpack_sbuffer_destroy(&s.head);
    raw_peers_destroy(&s.peers);
    while (zmq_ctx_term(context) < 0 && zmq_errno() == EINTR) {
    }
    if (options->counts != NULL) {
        *options->counts = s.counts;
    }
    return status;
}
