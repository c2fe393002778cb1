// The load: its clients, each on a thread, a common start, and the sum of what they saw.

#include "raw_load.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "client.h"
#include "gate.h"
#include "message.h"

typedef struct load load;

typedef struct runner {
    load *load;
    uint32_t index;
    pthread_t thread;
    raw_part part; // the measured one
    int status;
} runner;

struct load {
    const raw_load_options *options;
    void *context;
    raw_gate warm; // all clients are warm; opens when the start is set
    raw_gate done; // all have their last reply; opens when the clocks are read
    uint64_t start_ns;
    runner *runners;
};

static uint64_t cpu_ns(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000u +
           ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000u;
}

// The share of client `index` in `total`: the first ones take one more where it does not divide.
static uint64_t share(uint64_t total, uint32_t clients, uint32_t index) {
    return total / clients + (index < total % clients ? 1 : 0);
}

// A part of `seconds` and `requests`, of which 0 is no limit.
static raw_part make_part(const runner *r, uint64_t start_ns, double seconds, uint64_t requests) {
    const raw_load_options *options = r->load->options;
    return (raw_part){
        .start_ns = start_ns,
        .end_ns = seconds > 0 ? start_ns + (uint64_t)(seconds * 1e9) : UINT64_MAX,
        .requests_max = requests > 0 ? share(requests, options->clients, r->index) : UINT64_MAX,
        .until_sample = UINT32_MAX,
    };
}

static int run_parts(runner *r, raw_client *client) {
    const raw_load_options *options = r->load->options;
    int status = 0;
    if (options->warm_up_seconds > 0 || options->warm_up_requests > 0) {
        raw_part part = make_part(r, raw_now_ns(), options->warm_up_seconds, options->warm_up_requests);
        status = raw_client_run(client, &part);
    }
    raw_gate_pass(&r->load->warm);
    r->part = make_part(r, r->load->start_ns, options->seconds, options->requests);
    if (options->sample_every > 0) {
        r->part.until_sample = 0;
        r->part.samples_capacity = options->samples_capacity / options->clients;
        r->part.samples = options->samples + r->index * r->part.samples_capacity;
    }
    if (status == 0) {
        status = raw_client_run(client, &r->part);
    }
    raw_gate_pass(&r->load->done);
    return status;
}

static void *runner_run(void *argument) {
    runner *r = argument;
    const raw_load_options *options = r->load->options;
    double rate = options->requests_per_second;
    raw_client_options client_options = {
        .payload_bytes = options->payload_bytes,
        .in_flight = options->in_flight,
        .frames_per_message_max = options->frames_per_message_max,
        .late_ns = options->late_ns,
        .sample_every = options->sample_every,
        .reply_timeout_ms = options->reply_timeout_ms,
        .interval_ns = rate > 0 ? 1e9 * options->clients / rate : 0,
        .offset_ns = rate > 0 ? 1e9 * r->index / rate : 0,
    };
    prctl(PR_SET_TIMERSLACK, 1UL); // the default of 50 us would be in every latency of an open loop
    raw_client client;
    r->status = raw_client_init(&client, &client_options, r->load->context, options->endpoint);
    if (r->status == 0) {
        r->status = run_parts(r, &client);
    } else {
        raw_gate_pass(&r->load->warm);
        raw_gate_pass(&r->load->done);
    }
    raw_client_destroy(&client);
    return NULL;
}

// Adds what one client saw, and moves its samples behind those of the clients before.
static void add(raw_load_result *result, const runner *r, uint64_t *samples) {
    result->requests += r->part.answered;
    result->errors += r->part.errors;
    result->late += r->part.late;
    result->unsent += r->part.unsent;
    result->samples_dropped += r->part.samples_dropped;
    if (r->part.samples_count > 0) {
        memmove(samples + result->samples, r->part.samples, r->part.samples_count * sizeof *samples);
        result->samples += r->part.samples_count;
    }
    if (r->status == 0 && r->part.end_ns - r->part.start_ns > result->elapsed_ns) {
        result->elapsed_ns = r->part.end_ns - r->part.start_ns;
    }
}

static int run(load *l, raw_load_result *result) {
    uint32_t clients = l->options->clients;
    uint32_t started = 0;
    int status = 0;
    for (; started < clients && status == 0; started++) {
        runner *r = &l->runners[started];
        *r = (runner){.load = l, .index = started};
        status = -pthread_create(&r->thread, NULL, runner_run, r);
        if (status < 0) {
            break;
        }
    }
    raw_gate_await(&l->warm, started);
    uint64_t cpu_before = cpu_ns();
    l->start_ns = raw_now_ns();
    raw_gate_open(&l->warm);
    raw_gate_await(&l->done, started);
    result->cpu_ns = cpu_ns() - cpu_before;
    raw_gate_open(&l->done);
    for (uint32_t index = 0; index < started; index++) {
        runner *r = &l->runners[index];
        pthread_join(r->thread, NULL);
        add(result, r, l->options->samples);
        status = status == 0 ? r->status : status;
    }
    return status;
}

static bool are_valid(const raw_load_options *options) {
    bool has_limit = options->seconds > 0 || options->requests > 0;
    bool has_room = options->sample_every == 0 || options->samples != NULL || options->samples_capacity == 0;
    return options->endpoint != NULL && options->in_flight >= 1 && options->in_flight <= 1u << 24 &&
           options->frames_per_message_max >= 1 && options->clients >= 1 && options->clients <= 1024 &&
           options->reply_timeout_ms >= 1 && options->reply_timeout_ms <= INT32_MAX &&
           options->requests_per_second >= 0 && options->requests_per_second <= 1e9 && has_limit && has_room;
}

int raw_load_run(const raw_load_options *options, raw_load_result *result) {
    *result = (raw_load_result){0};
    if (!are_valid(options)) {
        return -EINVAL;
    }
    load l = {.options = options, .warm = RAW_GATE_INITIAL, .done = RAW_GATE_INITIAL};
    l.runners = calloc(options->clients, sizeof *l.runners);
    l.context = zmq_ctx_new(); // with one I/O thread, libzmq's default
    if (l.runners == NULL || l.context == NULL) {
        free(l.runners);
        if (l.context != NULL) {
            zmq_ctx_term(l.context);
        }
        return -ENOMEM;
    }
    zmq_ctx_set(l.context, ZMQ_MAX_SOCKETS, 2048); // beyond the clients allowed; the default is 1023
    int status = run(&l, result);
    while (zmq_ctx_term(l.context) < 0 && zmq_errno() == EINTR) {
    }
    free(l.runners);
    return status;
}
