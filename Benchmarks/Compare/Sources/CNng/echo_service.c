// What a user writes for the service on nng: contexts, so that more than one request can be under work, each with an operation
// that calls back.

#include "nng_calls.h"

#include <stdbool.h>
#include <stdlib.h>

#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>

// begin calls
typedef struct {
    nng_ctx context;
    nng_aio *operation;
    bool is_answering;
} work;

static void proceed(void *argument) {
    work *work = argument;
    int error = nng_aio_result(work->operation);
    if (error == 0 && !work->is_answering) {
        // The message that came is in the operation, and goes back from there.
        work->is_answering = true;
        nng_ctx_send(work->context, work->operation);
        return;
    }
    if (work->is_answering && error != 0) {
        nng_msg_free(nng_aio_get_msg(work->operation));
    }
    if (error != NNG_ECLOSED) {
        work->is_answering = false;
        nng_ctx_recv(work->context, work->operation);
    }
}
// end calls

int compare_nng_serve_echo(const char *url, uint32_t contexts, void (*ready)(void *), void *context) {
    // begin calls
    nng_socket socket;
    int error = nng_rep0_open(&socket);
    work *works = calloc(contexts, sizeof *works);
    for (uint32_t index = 0; error == 0 && index < contexts; index += 1) {
        error = nng_aio_alloc(&works[index].operation, proceed, &works[index]);
        if (error == 0) {
            error = nng_ctx_open(&works[index].context, socket);
        }
        if (error == 0) {
            nng_ctx_recv(works[index].context, works[index].operation);
        }
    }
    if (error == 0) {
        error = nng_listen(socket, url, NULL, 0);
    }
    // end calls
    if (error != 0) {
        return error;
    }
    ready(context);
    while (true) {
        pause();
    }
}
