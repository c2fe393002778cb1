#define _GNU_SOURCE
#include "client.h"

#include <poll.h>
#include <stdlib.h>

#include "message.h"

static int open_socket(raw_client *client, void *context, const char *endpoint) {
    int status = raw_open(context, ZMQ_DEALER, &client->socket);
    if (status < 0) {
        return status;
    }
    int timeout_ms = (int)client->options.reply_timeout_ms;
    size_t size = sizeof client->descriptor;
    if (zmq_setsockopt(client->socket, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms) < 0 ||
        zmq_getsockopt(client->socket, ZMQ_FD, &client->descriptor, &size) < 0 ||
        zmq_connect(client->socket, endpoint) < 0) {
        return -zmq_errno();
    }
    return 0;
}

int raw_client_init(raw_client *client, const raw_client_options *options, void *context, const char *endpoint) {
    *client = (raw_client){.options = *options};
    uint32_t slots = 1;
    while (slots < options->in_flight) {
        slots *= 2;
    }
    client->ring = calloc(slots, sizeof *client->ring);
    client->ring_mask = slots - 1;
    client->payload = malloc((size_t)options->payload_bytes + 1); // at least a byte: NULL then means no memory
    if (client->ring == NULL || client->payload == NULL || !raw_buffer_init(&client->gathered, RAW_GATHER_BYTES) ||
        !msgpack_zone_init(&client->zone, RAW_ZONE_BYTES)) {
        return -ENOMEM;
    }
    memset(client->payload, 0xa5, options->payload_bytes);
    return open_socket(client, context, endpoint);
}

void raw_client_destroy(raw_client *client) {
    if (client->socket != NULL) {
        zmq_close(client->socket);
    }
    if (client->zone.chunk_list.head != NULL) {
        msgpack_zone_destroy(&client->zone);
    }
    msgpack_sbuffer_destroy(&client->gathered);
    free(client->ring);
    free(client->payload);
}

static int flush(raw_client *client) {
    if (client->gathered_frames == 0) {
        return 0;
    }
    client->gathered_frames = 0;
    return raw_send_gathered(client->socket, &client->gathered);
}

// Sends a request, or gathers it if that is asked for and it is small.
static int put_request(raw_client *client, uint32_t msgid) {
    uint32_t payload_bytes = client->options.payload_bytes;
    size_t bytes_max = RAW_HEAD_BYTES_MAX + (size_t)payload_bytes;
    if (client->gathered.size + bytes_max > RAW_GATHER_BYTES) {
        int status = flush(client);
        if (status < 0) {
            return status;
        }
    }
    if (client->options.frames_per_message_max == 1 || bytes_max > RAW_GATHER_BYTES) {
        raw_pack_request_head(&client->gathered, msgid, payload_bytes);
        size_t head_bytes = client->gathered.size;
        msgpack_sbuffer_clear(&client->gathered);
        return raw_send(client->socket, client->gathered.data, head_bytes, client->payload, payload_bytes);
    }
    raw_pack_request_head(&client->gathered, msgid, payload_bytes);
    msgpack_sbuffer_write(&client->gathered, client->payload, payload_bytes);
    client->gathered_frames++;
    return client->gathered_frames >= client->options.frames_per_message_max ? flush(client) : 0;
}

// When request number `index` of an open loop is due.
static uint64_t due_ns(const raw_client *client, const raw_part *part, uint64_t index) {
    return part->start_ns + (uint64_t)(client->options.offset_ns + (double)index * client->options.interval_ns);
}

// Ends a part whose time is over. What an open loop had due and could not send is counted.
static void stop_sending(const raw_client *client, raw_part *part) {
    if (client->options.interval_ns > 0) {
        uint64_t unsent_max = part->requests_max - part->sent;
        double span_ns = (double)(part->end_ns - part->start_ns) - client->options.offset_ns;
        double due = span_ns / client->options.interval_ns;
        uint64_t count = due > (double)part->sent ? (uint64_t)due : part->sent;
        while (due_ns(client, part, count) < part->end_ns) {
            count++; // the division rounds as it likes; the due times decide
        }
        while (count > part->sent && due_ns(client, part, count - 1) >= part->end_ns) {
            count--;
        }
        part->unsent = count - part->sent < unsent_max ? count - part->sent : unsent_max;
    }
    part->requests_max = part->sent;
}

static bool is_open_loop(const raw_client *client) {
    return client->options.interval_ns > 0;
}

// Sends what may be sent at `now_ns`: while the window has room and, in an open loop, a request is due.
static int issue(raw_client *client, raw_part *part, uint64_t now_ns) {
    while (client->in_flight < client->options.in_flight && part->sent < part->requests_max) {
        raw_slot *slot = &client->ring[client->next_msgid & client->ring_mask];
        if (slot->is_busy) {
            return 0; // replies came out of order, and the oldest is still due
        }
        uint64_t start_ns = 0;
        if (is_open_loop(client)) {
            start_ns = due_ns(client, part, part->sent);
            if (start_ns > now_ns) {
                return 0;
            }
            part->late += now_ns - start_ns > client->options.late_ns;
        }
        *slot = (raw_slot){.msgid = client->next_msgid, .is_busy = true};
        if (part->until_sample == 0) {
            slot->start_ns = is_open_loop(client) ? start_ns : raw_now_ns();
            part->until_sample = client->options.sample_every;
        }
        part->until_sample--;
        part->sent++;
        client->next_msgid++;
        client->in_flight++;
        int status = put_request(client, slot->msgid);
        if (status < 0) {
            return status;
        }
    }
    return 0;
}

static void take_sample(raw_part *part, uint64_t start_ns) {
    if (part->samples_count < part->samples_capacity) {
        part->samples[part->samples_count++] = raw_now_ns() - start_ns;
    } else {
        part->samples_dropped++;
    }
}

static void take_reply(raw_client *client, raw_part *part, const raw_frame *reply) {
    raw_slot *slot = &client->ring[reply->msgid & client->ring_mask];
    if (!slot->is_busy || slot->msgid != reply->msgid) {
        part->errors++;
        return;
    }
    slot->is_busy = false;
    client->in_flight--;
    if (reply->payload == NULL || reply->payload_bytes != client->options.payload_bytes) {
        part->errors++;
        return;
    }
    part->answered++;
    if (slot->start_ns != 0) {
        take_sample(part, slot->start_ns);
    }
}

// Receives one message and takes its replies. Returns 0, or -EAGAIN: none is there, or none came in time.
static int receive(raw_client *client, raw_part *part, int flags) {
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (zmq_msg_recv(&message, client->socket, flags) < 0) {
        if (zmq_errno() != EINTR) {
            int status = -zmq_errno();
            zmq_msg_close(&message);
            return status;
        }
    }
    const char *bytes = zmq_msg_data(&message);
    size_t length = zmq_msg_size(&message);
    for (size_t offset = 0; offset < length;) {
        raw_frame reply;
        raw_reading reading = raw_read_response(&client->zone, bytes, length, &offset, &reply);
        if (reading == RAW_READ) {
            take_reply(client, part, &reply);
            continue;
        }
        part->errors++;
        if (reading == RAW_MALFORMED) {
            break;
        }
    }
    zmq_msg_close(&message);
    return 0;
}

// Waits until the socket's state may have changed, or until `until_ns`. The caller has just seen the socket empty.
static void sleep_until(raw_client *client, uint64_t until_ns) {
    int events = 0;
    size_t size = sizeof events;
    zmq_getsockopt(client->socket, ZMQ_EVENTS, &events, &size); // a send may have swallowed the descriptor's edge
    if (events & ZMQ_POLLIN) {
        return;
    }
    uint64_t now_ns = raw_now_ns();
    uint64_t wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    struct timespec timeout = {(time_t)(wait_ns / 1000000000u), (long)(wait_ns % 1000000000u)};
    struct pollfd descriptor = {.fd = client->descriptor, .events = POLLIN};
    ppoll(&descriptor, 1, &timeout, NULL);
}

// Receives what is there, up to a burst, and lets replies draw new requests in a closed loop.
static int receive_burst(raw_client *client, raw_part *part, uint64_t now_ns, int count) {
    for (; count < RAW_BURST_MESSAGES_MAX && client->in_flight > 0; count++) {
        int status = receive(client, part, ZMQ_DONTWAIT);
        if (status == 0 && !is_open_loop(client)) {
            status = issue(client, part, now_ns);
        }
        if (status < 0) {
            return status == -EAGAIN ? 0 : status;
        }
    }
    return 0;
}

static int run_closed_loop(raw_client *client, raw_part *part) {
    for (;;) {
        uint64_t now_ns = raw_now_ns();
        if (now_ns >= part->end_ns) {
            stop_sending(client, part);
        }
        int status = issue(client, part, now_ns);
        if (status == 0) {
            status = flush(client);
        }
        if (status < 0 || client->in_flight == 0) {
            return status;
        }
        status = receive(client, part, 0);
        if (status == 0) {
            status = issue(client, part, now_ns);
        }
        if (status == 0) {
            status = receive_burst(client, part, now_ns, 1);
        }
        if (status < 0) {
            return status == -EAGAIN ? -ETIMEDOUT : status;
        }
    }
}

static int run_open_loop(raw_client *client, raw_part *part) {
    uint64_t timeout_ns = (uint64_t)client->options.reply_timeout_ms * 1000000u;
    uint64_t progress_ns = raw_now_ns();
    uint64_t progress = part->answered + part->errors;
    for (;;) {
        uint64_t now_ns = raw_now_ns();
        if (now_ns >= part->end_ns && part->sent < part->requests_max) {
            stop_sending(client, part);
        }
        int status = issue(client, part, now_ns);
        if (status == 0) {
            status = flush(client);
        }
        if (status == 0) {
            status = receive_burst(client, part, now_ns, 0);
        }
        bool is_done = part->sent >= part->requests_max;
        if (status < 0 || (is_done && client->in_flight == 0)) {
            return status;
        }
        if (part->answered + part->errors != progress || client->in_flight == 0) {
            progress = part->answered + part->errors;
            progress_ns = now_ns;
        } else if (now_ns - progress_ns > timeout_ns) {
            return -ETIMEDOUT;
        }
        uint64_t until_ns = progress_ns + timeout_ns;
        bool may_send = !is_done && client->in_flight < client->options.in_flight;
        uint64_t next_ns = due_ns(client, part, part->sent);
        next_ns = next_ns < part->end_ns ? next_ns : part->end_ns;
        if (may_send && (client->in_flight == 0 || next_ns < until_ns)) {
            until_ns = next_ns;
        }
        sleep_until(client, until_ns);
    }
}

int raw_client_run(raw_client *client, raw_part *part) {
    int status = is_open_loop(client) ? run_open_loop(client, part) : run_closed_loop(client, part);
    part->end_ns = raw_now_ns();
    return status;
}
