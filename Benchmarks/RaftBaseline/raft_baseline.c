#include "raft_baseline.h"

#include <errno.h>
#include <raft.h>
#include <raft/uv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <uv.h>

struct run;

typedef struct proposal {
    struct raft_apply request;
    struct run *run;
    uint64_t proposed_ns;
} proposal;

typedef struct run {
    const raft_baseline_options *options;
    raft_baseline_result *result;
    uv_loop_t loop;
    uv_timer_t poll;
    struct raft_uv_transport transport;
    struct raft_io io;
    struct raft_fsm fsm;
    struct raft raft;
    proposal *proposals;
    uint32_t out;
    uint64_t applied;
    uint64_t start_ns;
    uint64_t start_cpu_ns;
    bool measures;
    bool ends;
} run;

static uint64_t read_clock(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buffer, void **result) {
    (void)fsm;
    (void)buffer;
    *result = NULL;
    return 0;
}

static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *buffers[], unsigned *count) {
    (void)fsm;
    *buffers = raft_malloc(sizeof **buffers);
    if (*buffers == NULL) {
        return RAFT_NOMEM;
    }
    (*buffers)[0].len = 8;
    (*buffers)[0].base = raft_calloc(1, 8);
    if ((*buffers)[0].base == NULL) {
        raft_free(*buffers);
        return RAFT_NOMEM;
    }
    *count = 1;
    return 0;
}

static int fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buffer) {
    (void)fsm;
    raft_free(buffer->base);
    return 0;
}

static void fail(run *run, const char *doing) {
    if (run->result->error[0] == 0) {
        snprintf(run->result->error, sizeof run->result->error, "%s: %s", doing, raft_errmsg(&run->raft));
    }
}

static void closed(struct raft *raft) {
    run *run = raft->data;
    uv_close((uv_handle_t *)&run->poll, NULL);
}

static void close_raft(uv_timer_t *timer) {
    run *run = timer->data;
    raft_close(&run->raft, closed);
}

/// Closes from the loop: libraft must not be closed from inside of one of its callbacks.
static void end(run *run) {
    if (!run->ends) {
        run->ends = true;
        uv_timer_start(&run->poll, close_raft, 0, 0);
    }
}

static void applied(struct raft_apply *request, int status, void *result);

static void propose(proposal *proposal) {
    run *run = proposal->run;
    struct raft_buffer buffer = {.base = raft_malloc(run->options->entry_bytes), .len = run->options->entry_bytes};
    if (buffer.base == NULL) {
        fail(run, "memory");
        end(run);
        return;
    }
    memset(buffer.base, 0x5a, buffer.len);
    proposal->proposed_ns = read_clock(CLOCK_MONOTONIC);
    if (raft_apply(&run->raft, &proposal->request, &buffer, 1, applied) != 0) {
        raft_free(buffer.base);
        fail(run, "propose");
        end(run);
        return;
    }
    run->out += 1;
}

static void applied(struct raft_apply *request, int status, void *ignored) {
    (void)ignored;
    proposal *proposal = request->data;
    run *run = proposal->run;
    raft_baseline_result *result = run->result;
    run->out -= 1;
    if (run->ends) {
        return;
    }
    if (status != 0) {
        fail(run, "apply");
        end(run);
        return;
    }
    uint64_t now = read_clock(CLOCK_MONOTONIC);
    run->applied += 1;
    if (!run->measures && run->applied >= run->options->warm_up_entries) {
        run->measures = true;
        run->start_ns = now;
        run->start_cpu_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    } else if (run->measures) {
        result->entries += 1;
        if (result->samples < run->options->samples_capacity) {
            run->options->samples[result->samples] = now - proposal->proposed_ns;
            result->samples += 1;
        } else {
            result->samples_dropped += 1;
        }
        result->elapsed_ns = now - run->start_ns;
        if ((double)result->elapsed_ns >= run->options->seconds * 1e9) {
            result->cpu_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID) - run->start_cpu_ns;
            end(run);
            return;
        }
    }
    propose(proposal);
}

/// Begins as soon as the only server has elected itself.
static void look_for_office(uv_timer_t *timer) {
    run *run = timer->data;
    if (run->ends || raft_state(&run->raft) != RAFT_LEADER) {
        return;
    }
    uv_timer_stop(timer);
    for (uint32_t index = 0; index < run->options->in_flight && !run->ends; index++) {
        propose(&run->proposals[index]);
    }
}

static int start(run *run) {
    struct raft_configuration configuration;
    raft_configuration_init(&configuration);
    int status = raft_configuration_add(&configuration, 1, run->options->address, RAFT_VOTER);
    if (status == 0) {
        status = raft_bootstrap(&run->raft, &configuration);
    }
    raft_configuration_close(&configuration);
    if (status == 0) {
        status = raft_start(&run->raft);
    }
    return status;
}

int raft_baseline_run(const raft_baseline_options *options, raft_baseline_result *result) {
    memset(result, 0, sizeof *result);
    if (options->entry_bytes < 8 || options->entry_bytes > 1u << 26 || options->in_flight < 1 ||
        options->in_flight > 1024 || !(options->seconds >= 0.001) || strlen(options->directory) > 1000) {
        return -EINVAL;
    }
    run run;
    memset(&run, 0, sizeof run);
    run.options = options;
    run.result = result;
    run.fsm = (struct raft_fsm){.version = 1, .apply = fsm_apply, .snapshot = fsm_snapshot, .restore = fsm_restore};
    run.proposals = calloc(options->in_flight, sizeof *run.proposals);
    if (run.proposals == NULL) {
        return -ENOMEM;
    }
    for (uint32_t index = 0; index < options->in_flight; index++) {
        run.proposals[index].run = &run;
        run.proposals[index].request.data = &run.proposals[index];
    }
    int outcome = -EIO;
    if (uv_loop_init(&run.loop) != 0) {
        goto freed;
    }
    if (raft_uv_tcp_init(&run.transport, &run.loop) != 0) {
        snprintf(result->error, sizeof result->error, "the transport could not be made");
        goto loop_made;
    }
    if (raft_uv_init(&run.io, &run.loop, options->directory, &run.transport) != 0) {
        snprintf(result->error, sizeof result->error, "%.200s", run.io.errmsg);
        goto transport_made;
    }
    if (raft_init(&run.raft, &run.io, &run.fsm, 1, options->address) != 0) {
        snprintf(result->error, sizeof result->error, "%.200s", raft_errmsg(&run.raft));
        goto io_made;
    }
    run.raft.data = &run;
    raft_set_election_timeout(&run.raft, 100);
    raft_set_heartbeat_timeout(&run.raft, 15);
    // The log as such: a snapshot of nothing would only add to the noise.
    raft_set_snapshot_threshold(&run.raft, 1u << 30);
    uv_timer_init(&run.loop, &run.poll);
    run.poll.data = &run;
    uv_timer_start(&run.poll, look_for_office, 1, 1);
    if (start(&run) != 0) {
        fail(&run, "start");
        end(&run);
    }
    uv_run(&run.loop, UV_RUN_DEFAULT);
    outcome = result->error[0] == 0 ? 0 : -EIO;
io_made:
    raft_uv_close(&run.io);
transport_made:
    raft_uv_tcp_close(&run.transport);
loop_made:
    uv_loop_close(&run.loop);
freed:
    free(run.proposals);
    return outcome;
}

int raft_baseline_is_in_memory(const char *path) {
    // The magic numbers of tmpfs and ramfs, as statfs(2) lists them.
    struct statfs facts;
    if (statfs(path, &facts) != 0) {
        return -errno;
    }
    return facts.f_type == 0x01021994 || facts.f_type == (long)0x858458f6;
}
