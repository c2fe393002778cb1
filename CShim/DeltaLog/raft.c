// libraft, its disk part and a libuv loop in one object. The network part is the caller's.

#include <raft.h>
#include <raft/uv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "rm_raft.h"

/// A send request that libraft waits for.
struct sent {
    struct raft_io_send *request;
    raft_io_send_cb done;
    struct sent *next;
};

/// A write to disk, watched for its result.
struct append {
    struct raft_io_append request;
    struct raft_io_append *inner;
    raft_io_append_cb done;
    rm_raft *log;
};

struct proposal {
    struct raft_apply request;
    uint64_t id;
};

struct change {
    struct raft_change request;
    struct raft_transfer transfer;
    uint64_t id;
};

struct rm_raft_sink {
    uint8_t *bytes;
    size_t length;
};

struct rm_raft {
    uv_loop_t loop;
    struct raft_uv_transport transport;
    struct raft_io io;
    struct raft_fsm fsm;
    struct raft raft;
    rm_raft_callbacks callbacks;
    rm_raft_settings settings;

    // What raft_uv has in the places of `io` that are replaced.
    int (*start)(struct raft_io *, unsigned, raft_io_tick_cb, raft_io_recv_cb);
    int (*append)(struct raft_io *, struct raft_io_append *, const struct raft_entry[], unsigned, raft_io_append_cb);
    void (*close)(struct raft_io *, raft_io_close_cb);
    raft_io_tick_cb tick;
    raft_io_recv_cb receive;
    raft_io_close_cb closed;

    struct sent *sent;
    void *snapshot;        // what was captured and not released
    uint64_t led_term;     // the last term that this server led, and the first entry of it
    uint64_t led_index;
    struct raft_barrier barrier;
    int barrier_is_open;
    int wants_snapshot;
    struct raft_barrier snapshot_barrier;
    int snapshot_barrier_is_open;
    int failure;           // of the disk; for good
    int is_closing;
    int disk_is_closed;
    int raft_is_closed;
    char sender[RM_RAFT_ADDRESS_MAX + 1];
    char error[RAFT_ERRMSG_BUF_SIZE + 64];
};

static int code_of(int raft_code) {
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

/// Keeps the words of a failure and gives its code.
static int fail(rm_raft *log, int raft_code, const char *words) {
    const char *text = words != NULL && words[0] != 0 ? words : raft_strerror(raft_code);
    snprintf(log->error, sizeof log->error, "%s", text);
    return code_of(raft_code);
}

// MARK: A transport that carries nothing

static int transport_init(struct raft_uv_transport *transport, raft_id id, const char *address) {
    (void)transport, (void)id, (void)address;
    return 0;
}

static int transport_listen(struct raft_uv_transport *transport, raft_uv_accept_cb accept) {
    (void)transport, (void)accept;
    return 0;
}

static int transport_connect(struct raft_uv_transport *transport, struct raft_uv_connect *request, raft_id id,
                             const char *address, raft_uv_connect_cb done) {
    (void)transport, (void)request, (void)id, (void)address, (void)done;
    return RAFT_NOCONNECTION;
}

static void transport_close(struct raft_uv_transport *transport, raft_uv_transport_close_cb done) {
    done(transport);
}

// MARK: The parts of raft_io that are replaced

static rm_raft *log_of(struct raft_io *io) {
    return ((struct raft *)io->data)->data;
}

static void barrier_done(struct raft_barrier *request, int status) {
    (void)status;
    ((rm_raft *)request->data)->barrier_is_open = 0;
}

/// Begins a term as leader with an empty entry. libraft has none of its own, and would count copies of entries of earlier
/// terms as committed, which may be overwritten still (Ongaro's thesis, section 3.6.2).
static void begin_term(rm_raft *log) {
    struct raft *raft = &log->raft;
    if (raft->state != RAFT_LEADER || log->led_term == raft->current_term || log->is_closing) return;
    // Of an earlier term; its request has ended, since that leadership has.
    log->led_term = raft->current_term;
    log->led_index = raft_last_index(raft) + 1;
    log->barrier.data = log;
    log->barrier_is_open = 1;
    int code = raft_barrier(raft, &log->barrier, barrier_done);
    if (code == 0) return;
    log->barrier_is_open = 0;
    if (log->failure == 0) log->failure = fail(log, code, raft_errmsg(raft));
}

static void io_tick(struct raft_io *io) {
    rm_raft *log = log_of(io);
    log->tick(io);
    begin_term(log);
}

static int io_start(struct raft_io *io, unsigned ms, raft_io_tick_cb tick, raft_io_recv_cb receive) {
    rm_raft *log = log_of(io);
    log->tick = tick;
    log->receive = receive;
    return log->start(io, ms, io_tick, receive);
}

static int io_send(struct raft_io *io, struct raft_io_send *request, const struct raft_message *message,
                   raft_io_send_cb done) {
    rm_raft *log = log_of(io);
    struct raft_buffer buffer;
    struct sent *sent = NULL;
    request->cb = done;
    if (done != NULL) {
        sent = malloc(sizeof *sent);
        if (sent == NULL) return RAFT_NOMEM;
    }
    if (rm_message_encode(message, log->settings.message_bytes_max, &buffer) != 0) {
        free(sent);
        return RAFT_NOMEM;
    }
    log->callbacks.send(log->callbacks.context, buffer.base, buffer.len, message->server_id);
    raft_free(buffer.base);
    if (sent != NULL) {
        *sent = (struct sent){request, done, log->sent};
        log->sent = sent;
    }
    return 0;
}

static void end_sends(rm_raft *log, int status) {
    struct sent *sent = log->sent;
    log->sent = NULL;
    while (sent != NULL) {
        struct sent *next = sent->next;
        sent->done(sent->request, status);
        free(sent);
        sent = next;
    }
}

static void append_done(struct raft_io_append *request, int status) {
    struct append *append = request->data;
    rm_raft *log = append->log;
    // libraft goes on as if nothing had happened, with a log in memory that is not the one on disk.
    if (status != 0 && !log->is_closing && log->failure == 0) log->failure = fail(log, status, log->io.errmsg);
    struct raft_io_append *inner = append->inner;
    raft_io_append_cb done = append->done;
    free(append);
    done(inner, status);
}

static int io_append(struct raft_io *io, struct raft_io_append *request, const struct raft_entry entries[], unsigned n,
                     raft_io_append_cb done) {
    rm_raft *log = log_of(io);
    struct append *append = malloc(sizeof *append);
    if (append == NULL) return RAFT_NOMEM;
    request->cb = done;
    append->request.data = append;
    append->inner = request;
    append->done = done;
    append->log = log;
    int code = log->append(io, &append->request, entries, n, append_done);
    if (code != 0) free(append);
    return code;
}

static void disk_closed(struct raft_io *io) {
    log_of(io)->disk_is_closed = 1;
}

/// raft_uv may tell twice that it is closed, and libraft would free what it has each time.
static void io_close(struct raft_io *io, raft_io_close_cb done) {
    rm_raft *log = log_of(io);
    log->closed = done;
    log->close(io, disk_closed);
}

/// Tells libraft that its disk is closed: once, and when nothing of it is left on the loop.
static void end_close(rm_raft *log) {
    if (!log->disk_is_closed || log->closed == NULL || uv_loop_alive(&log->loop)) return;
    raft_io_close_cb closed = log->closed;
    log->closed = NULL;
    closed(&log->io);
}

// MARK: The state machine

static int fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buffer, void **result) {
    rm_raft *log = fsm->data;
    *result = NULL;
    const uint8_t *bytes = buffer->base;
    uint64_t length = bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24;
    if (length + 4 > buffer->len) return RAFT_MALFORMED;
    // libraft counts an entry as applied after this call.
    log->callbacks.apply(log->callbacks.context, bytes + 4, length, raft_last_applied(&log->raft) + 1);
    return 0;
}

static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *buffers[], unsigned *count) {
    rm_raft *log = fsm->data;
    *buffers = NULL;
    *count = 0;
    void *snapshot = log->callbacks.capture(log->callbacks.context);
    if (snapshot == NULL) return RAFT_BUSY;
    log->snapshot = snapshot;
    log->wants_snapshot = 0;
    raft_set_snapshot_threshold(&log->raft, log->settings.snapshot_threshold);
    return 0;
}

/// On a thread of libuv's pool.
static int fsm_snapshot_async(struct raft_fsm *fsm, struct raft_buffer *buffers[], unsigned *count) {
    rm_raft *log = fsm->data;
    struct rm_raft_sink sink = {NULL, 0};
    int code = log->callbacks.encode(log->snapshot, &sink);
    if (code != 0 || sink.bytes == NULL) {
        raft_free(sink.bytes);
        return code == RM_RAFT_ENOMEM ? RAFT_NOMEM : RAFT_INVALID;
    }
    rm_snapshot_seal(sink.bytes, sink.length - RM_SNAPSHOT_HEAD);
    *buffers = raft_malloc(sizeof **buffers);
    if (*buffers == NULL) {
        raft_free(sink.bytes);
        return RAFT_NOMEM;
    }
    (*buffers)[0] = (struct raft_buffer){sink.bytes, sink.length};
    *count = 1;
    return 0;
}

static int fsm_snapshot_finalize(struct raft_fsm *fsm, struct raft_buffer *buffers[], unsigned *count) {
    rm_raft *log = fsm->data;
    if (*buffers != NULL) {
        raft_free((*buffers)[0].base);
        raft_free(*buffers);
    }
    *buffers = NULL;
    *count = 0;
    if (log->snapshot != NULL) log->callbacks.release(log->snapshot);
    log->snapshot = NULL;
    return 0;
}

static int fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buffer) {
    rm_raft *log = fsm->data;
    const uint8_t *content;
    size_t length;
    if (rm_snapshot_open(buffer->base, buffer->len, &content, &length) != 0) {
        snprintf(log->error, sizeof log->error, "the snapshot's checksum is not that of its content");
        return RAFT_CORRUPT;
    }
    int code = log->callbacks.restore(log->callbacks.context, content, length);
    if (code != 0) {
        snprintf(log->error, sizeof log->error, "the state machine cannot read the snapshot");
        // While it runs the log on disk has been replaced already.
        if (log->failure == 0) log->failure = RM_RAFT_ERESTORE;
        return RAFT_INVALID;
    }
    raft_free(buffer->base);
    return 0;
}

int rm_raft_sink_fill(rm_raft_sink *sink, const void *bytes, size_t length) {
    sink->bytes = raft_malloc(RM_SNAPSHOT_HEAD + length);
    if (sink->bytes == NULL) return RM_RAFT_ENOMEM;
    sink->length = RM_SNAPSHOT_HEAD + length;
    if (length > 0) memcpy(sink->bytes + RM_SNAPSHOT_HEAD, bytes, length);
    return 0;
}

// MARK: Opening

int rm_raft_open(const char *dir, uint64_t id, const char *address, const rm_raft_callbacks *callbacks,
                 const rm_raft_settings *settings, rm_raft **out, char *error, size_t capacity) {
    *out = NULL;
    if (capacity > 0) error[0] = 0;
    if (id == 0 || strlen(address) > RM_RAFT_ADDRESS_MAX || settings->heartbeat_ms == 0 ||
        settings->heartbeat_ms >= settings->election_timeout_ms || settings->snapshot_threshold == 0) {
        return RM_RAFT_EINVAL;
    }
    rm_raft *log = calloc(1, sizeof *log);
    if (log == NULL) return RM_RAFT_ENOMEM;
    log->callbacks = *callbacks;
    log->settings = *settings;
    log->transport.init = transport_init;
    log->transport.listen = transport_listen;
    log->transport.connect = transport_connect;
    log->transport.close = transport_close;
    int code;
    if (uv_loop_init(&log->loop) != 0) {
        free(log);
        return RM_RAFT_ENOMEM;
    }
    code = raft_uv_init(&log->io, &log->loop, dir, &log->transport);
    if (code != 0) {
        snprintf(error, capacity, "%s", log->io.errmsg);
        goto failed_loop;
    }
    raft_uv_set_auto_recovery(&log->io, false);
    raft_uv_set_snapshot_compression(&log->io, false);
    raft_uv_set_segment_size(&log->io, settings->segment_bytes);
    log->start = log->io.start;
    log->append = log->io.append;
    log->close = log->io.close;
    log->io.close = io_close;
    log->io.start = io_start;
    log->io.append = io_append;
    log->io.send = io_send;
    log->io.version = 2;
    log->fsm = (struct raft_fsm){
        .version = 3,
        .data = log,
        .apply = fsm_apply,
        .snapshot = fsm_snapshot,
        .restore = fsm_restore,
        .snapshot_finalize = fsm_snapshot_finalize,
        .snapshot_async = fsm_snapshot_async,
    };
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
    raft_uv_close(&log->io);
failed_loop:
    uv_run(&log->loop, UV_RUN_NOWAIT);
    uv_loop_close(&log->loop);
    free(log);
    return code_of(code);
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
    if (code == 0) code = raft_bootstrap(&log->raft, &configuration);
    raft_configuration_close(&configuration);
    return code == 0 ? 0 : fail(log, code, log->io.errmsg);
}

int rm_raft_start(rm_raft *log) {
    log->error[0] = 0;
    uv_update_time(&log->loop);
    int code = raft_start(&log->raft);
    if (code != 0) {
        if (log->error[0] != 0) return log->failure != 0 ? log->failure : RM_RAFT_ECORRUPT;
        return fail(log, code, log->raft.errmsg);
    }
    begin_term(log);
    return log->failure;
}

// MARK: Running

int rm_raft_descriptor(const rm_raft *log) {
    return uv_backend_fd(&log->loop);
}

int rm_raft_timeout_ms(const rm_raft *log) {
    return uv_backend_timeout(&log->loop);
}

int rm_raft_pump(rm_raft *log) {
    end_sends(log, log->is_closing ? RAFT_CANCELED : 0);
    // libuv begins to watch a descriptor in the run after the one whose callbacks asked for it; hence the second.
    for (int i = 0; i < 2; i++) uv_run(&log->loop, UV_RUN_NOWAIT);
    begin_term(log);
    end_close(log);
    return log->is_closing ? 0 : log->failure;
}

static void proposal_done(struct raft_apply *request, int status, void *result) {
    (void)result;
    struct proposal *proposal = (struct proposal *)request;
    rm_raft *log = request->data;
    uint64_t id = proposal->id;
    free(proposal);
    log->callbacks.proposal_ended(log->callbacks.context, id, code_of(status));
}

int rm_raft_propose(rm_raft *log, const void *bytes, size_t length, uint64_t id) {
    if (log->is_closing) return RM_RAFT_ECLOSED;
    if (log->failure != 0) return log->failure;
    if (length > RM_RAFT_ENTRY_MAX) return RM_RAFT_ETOOBIG;
    if (rm_raft_state(log) != RM_RAFT_LEADER) return RM_RAFT_ENOTLEADER;
    // The disk format takes whole words only, so the entry says how long it really is.
    size_t size = (length + 4 + 7) & ~(size_t)7;
    struct raft_buffer buffer = {raft_malloc(size), size};
    struct proposal *proposal = malloc(sizeof *proposal);
    if (buffer.base == NULL || proposal == NULL) {
        raft_free(buffer.base);
        free(proposal);
        return RM_RAFT_ENOMEM;
    }
    uint8_t *to = buffer.base;
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(length >> (8 * i));
    if (length > 0) memcpy(to + 4, bytes, length);
    memset(to + 4 + length, 0, size - 4 - length);
    uv_update_time(&log->loop);
    proposal->request.data = log;
    proposal->id = id;
    int code = raft_apply(&log->raft, &proposal->request, &buffer, 1, proposal_done);
    if (code == 0) return 0;
    raft_free(buffer.base);
    free(proposal);
    return fail(log, code, raft_errmsg(&log->raft));
}

static const struct raft_server *server_of(const rm_raft *log, uint64_t id) {
    for (unsigned i = 0; i < log->raft.configuration.n; i++) {
        if (log->raft.configuration.servers[i].id == id) return &log->raft.configuration.servers[i];
    }
    return NULL;
}

/// Whether no correct peer sends this message to a server in this state, which libraft would not survive.
static int is_impossible(const rm_raft *log, const struct raft_message *message, uint64_t from) {
    const struct raft *raft = &log->raft;
    switch (message->type) {
    case RAFT_IO_APPEND_ENTRIES: {
        const struct raft_append_entries *args = &message->append_entries;
        if (raft->state == RAFT_LEADER && args->term == raft->current_term) return 1;
        // Entries from the very first on, to one that has put its first ones into a snapshot.
        return args->prev_log_index == 0 && args->n_entries > 0 && raft->log.offset > 0;
    }
    case RAFT_IO_INSTALL_SNAPSHOT:
        return raft->state == RAFT_LEADER && message->install_snapshot.term == raft->current_term;
    case RAFT_IO_REQUEST_VOTE: return message->request_vote.candidate_id != from;
    case RAFT_IO_REQUEST_VOTE_RESULT: {
        const struct raft_server *server = server_of(log, from);
        return server == NULL || server->role != RAFT_VOTER;
    }
    default: return 0;
    }
}

/// Whether a follower's success must not be counted yet: as long as this leader's own first entry is not on its disk,
/// libraft would count copies of an entry of an earlier term. The follower repeats itself at the next heartbeat.
static int is_too_early(const rm_raft *log, const struct raft_message *message) {
    const struct raft *raft = &log->raft;
    return message->type == RAFT_IO_APPEND_ENTRIES_RESULT && message->append_entries_result.rejected == 0 &&
           raft->state == RAFT_LEADER && message->append_entries_result.term == raft->current_term &&
           raft->last_stored < log->led_index;
}

int rm_raft_receive(rm_raft *log, const void *bytes, size_t length, uint64_t from) {
    struct raft_message message;
    if (log->is_closing || log->receive == NULL) return RM_RAFT_ECLOSED;
    if (from == 0 || from == log->raft.id) return RM_RAFT_EMALFORMED;
    int code = rm_message_decode(bytes, length, &message);
    if (code != 0) return code;
    if (is_impossible(log, &message, from)) {
        rm_message_discard(&message);
        return RM_RAFT_EMALFORMED;
    }
    if (is_too_early(log, &message)) return 0;
    // A copy: the configuration may change while the message is handled.
    const struct raft_server *server = server_of(log, from);
    snprintf(log->sender, sizeof log->sender, "%s", server == NULL ? "?" : server->address);
    message.server_id = from;
    message.server_address = log->sender;
    uv_update_time(&log->loop);
    log->receive(&log->io, &message);
    begin_term(log);
    return 0;
}

// MARK: Changes

static void end_change(rm_raft *log, struct change *change, int code) {
    uint64_t id = change->id;
    free(change);
    log->callbacks.change_ended(log->callbacks.context, id, code);
}

static void change_done(struct raft_change *request, int status) {
    end_change(request->data, (struct change *)request, code_of(status));
}

static void transfer_done(struct raft_transfer *request) {
    struct change *change = (struct change *)((char *)request - offsetof(struct change, transfer));
    rm_raft *log = request->data;
    raft_id leader = rm_raft_leader(log);
    end_change(log, change, leader != 0 && leader != log->raft.id ? 0 : RM_RAFT_EUNREACHED);
}

static struct change *new_change(rm_raft *log, uint64_t id) {
    struct change *change = calloc(1, sizeof *change);
    if (change == NULL) return NULL;
    change->id = id;
    change->request.data = log;
    change->transfer.data = log;
    uv_update_time(&log->loop);
    return change;
}

static int begun(rm_raft *log, struct change *change, int code) {
    if (code == 0) return 0;
    // libraft keeps a request that it has refused.
    if (log->raft.state == RAFT_LEADER && log->raft.leader_state.change == &change->request) {
        log->raft.leader_state.change = NULL;
    }
    free(change);
    return fail(log, code, raft_errmsg(&log->raft));
}

int rm_raft_add(rm_raft *log, uint64_t id, const char *address, uint64_t change_id) {
    if (log->is_closing) return RM_RAFT_ECLOSED;
    if (strlen(address) > RM_RAFT_ADDRESS_MAX || log->raft.configuration.n >= RM_RAFT_SERVERS_MAX) return RM_RAFT_ETOOBIG;
    struct change *change = new_change(log, change_id);
    if (change == NULL) return RM_RAFT_ENOMEM;
    return begun(log, change, raft_add(&log->raft, &change->request, id, address, change_done));
}

int rm_raft_assign(rm_raft *log, uint64_t id, int role, uint64_t change_id) {
    if (log->is_closing) return RM_RAFT_ECLOSED;
    struct change *change = new_change(log, change_id);
    if (change == NULL) return RM_RAFT_ENOMEM;
    return begun(log, change, raft_assign(&log->raft, &change->request, id, role, change_done));
}

int rm_raft_remove(rm_raft *log, uint64_t id, uint64_t change_id) {
    if (log->is_closing) return RM_RAFT_ECLOSED;
    struct change *change = new_change(log, change_id);
    if (change == NULL) return RM_RAFT_ENOMEM;
    return begun(log, change, raft_remove(&log->raft, &change->request, id, change_done));
}

int rm_raft_transfer(rm_raft *log, uint64_t id, uint64_t change_id) {
    if (log->is_closing) return RM_RAFT_ECLOSED;
    struct change *change = new_change(log, change_id);
    if (change == NULL) return RM_RAFT_ENOMEM;
    return begun(log, change, raft_transfer(&log->raft, &change->transfer, id, transfer_done));
}

static void snapshot_barrier_done(struct raft_barrier *request, int status) {
    (void)status;
    ((rm_raft *)request->data)->snapshot_barrier_is_open = 0;
}

int rm_raft_take_snapshot(rm_raft *log) {
    if (log->is_closing) return RM_RAFT_ECLOSED;
    // There is no call for it: libraft looks at the threshold after what it has applied.
    log->wants_snapshot = 1;
    raft_set_snapshot_threshold(&log->raft, 1);
    if (rm_raft_state(log) != RM_RAFT_LEADER || log->snapshot_barrier_is_open) return 0;
    uv_update_time(&log->loop);
    log->snapshot_barrier.data = log;
    int code = raft_barrier(&log->raft, &log->snapshot_barrier, snapshot_barrier_done);
    if (code != 0) return fail(log, code, raft_errmsg(&log->raft));
    log->snapshot_barrier_is_open = 1;
    return 0;
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
    end_sends(log, RAFT_CANCELED);
    raft_close(&log->raft, raft_closed);
}

int rm_raft_is_closed(const rm_raft *log) {
    return log->raft_is_closed;
}

void rm_raft_destroy(rm_raft *log) {
    if (log == NULL) return;
    rm_raft_close(log);
    while (!log->raft_is_closed) {
        end_sends(log, RAFT_CANCELED);
        int is_alive = uv_run(&log->loop, UV_RUN_ONCE);
        end_close(log);
        if (!is_alive && !log->raft_is_closed) break;
    }
    raft_uv_close(&log->io);
    uv_loop_close(&log->loop);
    if (log->snapshot != NULL) log->callbacks.release(log->snapshot);
    free(log);
}
