// libraft, its disk part and a libuv loop in one object: opening, running, reading and closing it. The network part is the
// caller's.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aio.h"
#include "raft_log.h"
#include "virtual_disk.h"

int rm_code_of(int raft_code) {
    switch (raft_code) {
    case 0: return 0;
    case RAFT_NOMEM: return RM_RAFT_ENOMEM;
    case RAFT_NOTLEADER: return RM_RAFT_ENOTLEADER;
    case RAFT_LEADERSHIPLOST: return RM_RAFT_ELOST;
    case RAFT_BUSY:
    case RAFT_CANTCHANGE: return RM_RAFT_EBUSY;
    case RAFT_CANTBOOTSTRAP: return RM_RAFT_EEXISTS;
    case RAFT_CORRUPT:
    case RAFT_MALFORMED: return RM_RAFT_ECORRUPT;
    case RAFT_IOERR: return RM_RAFT_EIO;
    case RAFT_NOSPACE: return RM_RAFT_ENOSPACE;
    case RAFT_NAMETOOLONG:
    case RAFT_TOOBIG: return RM_RAFT_ETOOBIG;
    case RAFT_BADID:
    case RAFT_DUPLICATEID:
    case RAFT_DUPLICATEADDRESS:
    case RAFT_BADROLE:
    case RAFT_INVALID: return RM_RAFT_EINVAL;
    case RAFT_NOTFOUND: return RM_RAFT_ENOTFOUND;
    case RAFT_NOCONNECTION: return RM_RAFT_EUNREACHED;
    case RAFT_SHUTDOWN:
    case RAFT_CANCELED: return RM_RAFT_ECLOSED;
    default: return RM_RAFT_EOTHER;
    }
}

int rm_fail(rm_raft *log, int raft_code, const char *words) {
    const char *text = words != NULL && words[0] != 0 ? words : raft_strerror(raft_code);
    snprintf(log->error, sizeof log->error, "%s", text);
    return rm_code_of(raft_code);
}

// MARK: Opening

/// libraft's disk part on the loop.
static int open_disk(rm_raft *log, const char *dir, char *error, size_t capacity) {
    if (rm_vote_open(&log->vote, dir) != 0) {
        snprintf(error, capacity, "%s/%s cannot be opened", dir, RM_VOTE_FILE);
        return RAFT_IOERR;
    }
    int code = raft_uv_init(&log->io, &log->loop, dir, &log->transport);
    if (code != 0) {
        snprintf(error, capacity, "%s", log->io.errmsg);
        rm_vote_close(&log->vote);
        return code;
    }
    log->directory = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    raft_uv_set_auto_recovery(&log->io, false);
    raft_uv_set_snapshot_compression(&log->io, false);
    raft_uv_set_segment_size(&log->io, log->settings.segment_bytes);
    return 0;
}

static int open_virtual_disk(rm_raft *log, rm_virtual_disk *disk) {
    log->disk_use = rm_disk_use_open(disk, log);
    return log->disk_use == NULL ? RAFT_NOMEM : 0;
}

static void close_disk(rm_raft *log) {
    if (log->disk_use != NULL) rm_disk_use_close(log->disk_use);
    else raft_uv_close(&log->io);
    if (log->directory >= 0) close(log->directory);
    rm_vote_close(&log->vote);
}

/// On a directory, or on a disk of a simulation.
static int open_on(const char *dir, rm_virtual_disk *disk, uint64_t id, const char *address,
                   const rm_raft_callbacks *callbacks, const rm_raft_settings *settings, rm_raft **out, char *error,
                   size_t capacity) {
    *out = NULL;
    if (capacity > 0) error[0] = 0;
    if (id == 0 || strlen(address) > RM_RAFT_ADDRESS_MAX || settings->heartbeat_ms == 0 ||
        settings->heartbeat_ms >= settings->election_timeout_ms || settings->snapshot_threshold == 0) {
        return RM_RAFT_EINVAL;
    }
    (void)rm_aio_destroy_elsewhere();
    rm_raft *log = calloc(1, sizeof *log);
    if (log == NULL) return RM_RAFT_ENOMEM;
    log->callbacks = *callbacks;
    log->settings = *settings;
    log->directory = -1;
    rm_disk_set_transport(log);
    int code;
    if (uv_loop_init(&log->loop) != 0) {
        free(log);
        return RM_RAFT_ENOMEM;
    }
    code = disk != NULL ? open_virtual_disk(log, disk) : open_disk(log, dir, error, capacity);
    if (code != 0) goto failed_loop;
    rm_disk_wrap(log);
    log->fsm = (struct raft_fsm){.version = 3, .data = log, .apply = rm_proposals_apply};
    rm_snapshots_fill(&log->fsm);
    log->raft.data = log;
    code = raft_init(&log->raft, &log->io, &log->fsm, id, address);
    if (code != 0) {
        snprintf(error, capacity, "%s", log->raft.errmsg[0] != 0 ? log->raft.errmsg : log->io.errmsg);
        goto failed_io;
    }
    log->raft.data = log;
    raft_set_election_timeout(&log->raft, settings->election_timeout_ms);
    raft_set_heartbeat_timeout(&log->raft, settings->heartbeat_ms);
    raft_set_install_snapshot_timeout(&log->raft, settings->install_snapshot_timeout_ms);
    raft_set_snapshot_threshold(&log->raft, settings->snapshot_threshold);
    raft_set_snapshot_trailing(&log->raft, settings->snapshot_trailing);
    raft_set_pre_vote(&log->raft, true);
    *out = log;
    return 0;
failed_io:
    close_disk(log);
failed_loop:
    uv_run(&log->loop, UV_RUN_NOWAIT);
    uv_loop_close(&log->loop);
    free(log);
    return rm_code_of(code);
}

int rm_raft_open(const char *dir, uint64_t id, const char *address, const rm_raft_callbacks *callbacks,
                 const rm_raft_settings *settings, rm_raft **out, char *error, size_t capacity) {
    return open_on(dir, NULL, id, address, callbacks, settings, out, error, capacity);
}

int rm_raft_open_virtual(rm_virtual_disk *disk, uint64_t id, const char *address, const rm_raft_callbacks *callbacks,
                         const rm_raft_settings *settings, rm_raft **out, char *error, size_t capacity) {
    return open_on(NULL, disk, id, address, callbacks, settings, out, error, capacity);
}

int rm_raft_bootstrap(rm_raft *log, const rm_raft_server *servers, uint32_t count) {
    struct raft_configuration configuration;
    if (count == 0 || count > RM_RAFT_SERVERS_MAX) return RM_RAFT_EINVAL;
    raft_configuration_init(&configuration);
    int code = 0;
    for (uint32_t i = 0; i < count && code == 0; i++) {
        if (strlen(servers[i].address) > RM_RAFT_ADDRESS_MAX) code = RAFT_TOOBIG;
        else code = raft_configuration_add(&configuration, servers[i].id, servers[i].address, servers[i].role);
    }
    // libraft's own first write of its term does not go by way of `io`.
    if (code == 0 && rm_vote_write(&log->vote, 1, 0, 0) != 0) code = RAFT_IOERR;
    if (code == 0) code = raft_bootstrap(&log->raft, &configuration);
    raft_configuration_close(&configuration);
    return code == 0 ? 0 : rm_fail(log, code, log->io.errmsg);
}

int rm_raft_restore_vote(rm_raft *log) {
    const rm_log_vote *record = &log->vote.record;
    int code = log->disk.set_term(&log->io, record->term);
    if (code == 0 && record->vote != 0) code = log->disk.set_vote(&log->io, record->vote);
    return code == 0 ? 0 : rm_fail(log, code, log->io.errmsg);
}

int rm_raft_start(rm_raft *log) {
    log->error[0] = 0;
    uv_update_time(&log->loop);
    int code = raft_start(&log->raft);
    if (code != 0) {
        if (log->error[0] != 0) return log->failure != 0 ? log->failure : RM_RAFT_ECORRUPT;
        return rm_fail(log, code, log->raft.errmsg);
    }
    rm_begin_term(log);
    return log->failure;
}

// MARK: Running

int rm_raft_descriptor(const rm_raft *log) {
    return uv_backend_fd(&log->loop);
}

int rm_raft_timeout_ms(const rm_raft *log) {
    return log->disk_use != NULL ? rm_disk_use_timeout_ms(log->disk_use) : uv_backend_timeout(&log->loop);
}

int rm_raft_pump(rm_raft *log) {
    rm_messages_end_sends(log, log->is_closing ? RAFT_CANCELED : 0);
    do {
        if (log->disk_use != NULL) rm_disk_use_pump(log->disk_use);
        // libuv begins to watch a descriptor in the run after the one whose callbacks asked for it; hence the second.
        for (int i = 0; i < 2; i++) uv_run(&log->loop, UV_RUN_NOWAIT);
    } while (rm_writes_go_on(log));
    rm_begin_term(log);
    rm_disk_end_close(log);
    return log->is_closing ? 0 : log->failure;
}

void rm_raft_set_election_timeout(rm_raft *log, uint32_t timeout_ms) {
    log->settings.election_timeout_ms = timeout_ms;
    raft_set_election_timeout(&log->raft, timeout_ms);
}

int rm_raft_server_died(rm_raft *log, uint64_t id, uint32_t delay_ms) {
    struct raft *raft = &log->raft;
    if (raft->state != RAFT_FOLLOWER || id == 0 || raft->follower_state.current_leader.id != id) return 0;
    // Its address stays libraft's, which frees it.
    raft->follower_state.current_leader.id = 0;
    // libraft compares this with the time since it last heard from the leader.
    raft_time silence = log->io.time(&log->io) - raft->election_timer_start;
    raft->follower_state.randomized_election_timeout = (unsigned)silence + delay_ms;
    return 1;
}

// MARK: Reading

int rm_raft_state(const rm_raft *log) {
    const struct raft *raft = &log->raft;
    if (raft->state != RAFT_LEADER) return raft->state;
    return log->led_term == raft->current_term && raft->last_applied >= log->led_index ? RM_RAFT_LEADER : RM_RAFT_CANDIDATE;
}

uint64_t rm_raft_term(const rm_raft *log) {
    return log->raft.current_term;
}

uint64_t rm_raft_leader(const rm_raft *log) {
    switch (log->raft.state) {
    case RAFT_FOLLOWER: return log->raft.follower_state.current_leader.id;
    case RAFT_LEADER: return log->raft.id;
    default: return 0;
    }
}

uint64_t rm_raft_last_index(const rm_raft *log) {
    return raft_last_index((struct raft *)&log->raft);
}

uint64_t rm_raft_last_applied(const rm_raft *log) {
    return log->raft.last_applied;
}

uint64_t rm_raft_snapshot_index(const rm_raft *log) {
    return log->raft.log.snapshot.last_index;
}

const char *rm_raft_error(const rm_raft *log) {
    return log->error;
}

// MARK: Closing

static void raft_closed(struct raft *raft) {
    ((rm_raft *)raft->data)->raft_is_closed = 1;
}

void rm_raft_close(rm_raft *log) {
    if (log->is_closing) return;
    log->is_closing = 1;
    // What is known to be on disk is promised from here on. Nothing depends on it: without it less damage is seen.
    if (log->receive != NULL && log->failure == 0) rm_vote_raise(&log->vote, log->raft.last_stored);
    rm_messages_end_sends(log, RAFT_CANCELED);
    raft_close(&log->raft, raft_closed);
}

int rm_raft_is_closed(const rm_raft *log) {
    return log->raft_is_closed;
}

void rm_raft_destroy(rm_raft *log) {
    if (log == NULL) return;
    rm_raft_close(log);
    while (!log->raft_is_closed) {
        rm_messages_end_sends(log, RAFT_CANCELED);
        if (log->disk_use != NULL) rm_disk_use_pump(log->disk_use);
        int is_alive = uv_run(&log->loop, UV_RUN_ONCE);
        rm_disk_end_close(log);
        if (!is_alive && !log->raft_is_closed) break;
    }
    close_disk(log);
    uv_loop_close(&log->loop);
    if (log->snapshot != NULL) log->callbacks.release(log->snapshot);
    free(log);
}

int rm_raft_ends_segments_aside(void) {
    return rm_aio_destroy_elsewhere();
}
