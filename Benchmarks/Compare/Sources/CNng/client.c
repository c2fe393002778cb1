// The client. nng completes an operation on a thread of its own; the answer is queued there and taken by the client's thread.

#include "nng_calls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>

/// A request that may be in flight.
typedef struct lane {
    compare_nng_client *client;
    nng_ctx context;
    nng_aio *operation;
    uint64_t id;
    bool is_sent;
    nng_msg *reply;
    int error;
    struct lane *next;
} lane;

struct compare_nng_client {
    nng_socket socket;
    lane *lanes;
    uint32_t count;
    /// Lanes without a request: the client's thread alone.
    lane *free;
    /// The lane whose answer was given last.
    lane *given;
    /// Taken from `answered` in one go, in the order of their arrival.
    lane *taken;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    /// Newest first, under the lock.
    lane *answered;
    bool waits;
};

const char *compare_nng_version(void) { return nng_version(); }

const char *compare_nng_text(int error) { return nng_strerror(error); }

static void finish(lane *lane, int error, nng_msg *reply) {
    compare_nng_client *client = lane->client;
    lane->error = error;
    lane->reply = reply;
    pthread_mutex_lock(&client->lock);
    lane->next = client->answered;
    client->answered = lane;
    bool wake = client->waits;
    client->waits = false;
    pthread_mutex_unlock(&client->lock);
    if (wake) {
        pthread_cond_signal(&client->arrived);
    }
}

/// A lane's send or receive has ended.
static void advance(void *argument) {
    lane *lane = argument;
    int error = nng_aio_result(lane->operation);
    if (error != 0) {
        if (!lane->is_sent) {
            nng_msg_free(nng_aio_get_msg(lane->operation));
        }
        finish(lane, error, NULL);
    } else if (!lane->is_sent) {
        lane->is_sent = true;
        nng_ctx_recv(lane->context, lane->operation);
    } else {
        finish(lane, 0, nng_aio_get_msg(lane->operation));
    }
}

static int open_lane(compare_nng_client *client, lane *lane, int32_t timeout_ms) {
    lane->client = client;
    int error = nng_aio_alloc(&lane->operation, advance, lane);
    if (error != 0) {
        return error;
    }
    nng_aio_set_timeout(lane->operation, timeout_ms);
    error = nng_ctx_open(&lane->context, client->socket);
    if (error != 0) {
        nng_aio_free(lane->operation);
        return error;
    }
    lane->next = client->free;
    client->free = lane;
    client->count += 1;
    return 0;
}

int compare_nng_open(compare_nng_client **opened, const char *url, uint32_t in_flight_max, int32_t timeout_ms) {
    compare_nng_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return NNG_ENOMEM;
    }
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&client->arrived, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&client->lock, NULL);
    int error = nng_req0_open(&client->socket);
    if (error != 0) {
        free(client);
        return error;
    }
    client->lanes = calloc(in_flight_max, sizeof *client->lanes);
    error = client->lanes == NULL ? NNG_ENOMEM : nng_dial(client->socket, url, NULL, 0);
    for (uint32_t index = 0; error == 0 && index < in_flight_max; index += 1) {
        error = open_lane(client, &client->lanes[index], timeout_ms);
    }
    if (error != 0) {
        compare_nng_close(client);
        return error;
    }
    *opened = client;
    return 0;
}

void compare_nng_close(compare_nng_client *client) {
    nng_close(client->socket);
    for (uint32_t index = 0; index < client->count; index += 1) {
        lane *lane = &client->lanes[index];
        // Waits for its callback.
        nng_aio_free(lane->operation);
        nng_msg_free(lane->reply);
    }
    free(client->lanes);
    pthread_mutex_destroy(&client->lock);
    pthread_cond_destroy(&client->arrived);
    free(client);
}

static void recycle(compare_nng_client *client) {
    lane *lane = client->given;
    if (lane == NULL) {
        return;
    }
    nng_msg_free(lane->reply);
    lane->reply = NULL;
    lane->next = client->free;
    client->free = lane;
    client->given = NULL;
}

int compare_nng_send(compare_nng_client *client, uint64_t id, const uint8_t *bytes, size_t size) {
    recycle(client);
    lane *lane = client->free;
    if (lane == NULL) {
        return NNG_EBUSY;
    }
    nng_msg *message = NULL;
    int error = nng_msg_alloc(&message, size);
    if (error != 0) {
        return error;
    }
    memcpy(nng_msg_body(message), bytes, size);
    client->free = lane->next;
    lane->id = id;
    lane->is_sent = false;
    nng_aio_set_msg(lane->operation, message);
    nng_ctx_send(lane->context, lane->operation);
    return 0;
}

/// All that was answered, oldest first, after waiting for the first.
static lane *take_answered(compare_nng_client *client, int64_t ns) {
    struct timespec end;
    if (ns > 0) {
        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_sec += (time_t)(ns / 1000000000);
        end.tv_nsec += (long)(ns % 1000000000);
        if (end.tv_nsec >= 1000000000) {
            end.tv_sec += 1;
            end.tv_nsec -= 1000000000;
        }
    }
    pthread_mutex_lock(&client->lock);
    bool is_over = ns == 0;
    while (client->answered == NULL && !is_over) {
        client->waits = true;
        is_over = ns < 0 ? pthread_cond_wait(&client->arrived, &client->lock) != 0
                         : pthread_cond_timedwait(&client->arrived, &client->lock, &end) != 0;
    }
    client->waits = false;
    lane *newest = client->answered;
    client->answered = NULL;
    pthread_mutex_unlock(&client->lock);
    lane *oldest = NULL;
    while (newest != NULL) {
        lane *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

int compare_nng_receive(compare_nng_client *client, int64_t ns, compare_nng_reply *reply) {
    recycle(client);
    if (client->taken == NULL) {
        client->taken = take_answered(client, ns);
    }
    lane *lane = client->taken;
    if (lane == NULL) {
        return 0;
    }
    client->taken = lane->next;
    client->given = lane;
    reply->id = lane->id;
    reply->error = lane->error;
    reply->bytes = lane->reply == NULL ? NULL : nng_msg_body(lane->reply);
    reply->size = lane->reply == NULL ? 0 : nng_msg_len(lane->reply);
    return 1;
}
