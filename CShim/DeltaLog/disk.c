// Between libraft and its disk: writes are watched, the term and vote are kept twice, and the clock's tick is looked at.

#include <stdlib.h>

#include "raft_log.h"

/// A write to disk, watched for its result.
struct append {
    struct raft_io_append request;
    struct raft_io_append *inner;
    raft_io_append_cb done;
    rm_raft *log;
    struct append *earlier; // under way, as this one
    int status;             // of one that has failed and is not told of yet
};

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

void rm_disk_set_transport(rm_raft *log) {
    log->transport.init = transport_init;
    log->transport.listen = transport_listen;
    log->transport.connect = transport_connect;
    log->transport.close = transport_close;
}

// MARK: Time

static void io_tick(struct raft_io *io) {
    rm_raft *log = rm_log_of(io);
    if (!log->is_retired) log->tick(io);
    rm_begin_term(log);
}

static int io_start(struct raft_io *io, unsigned ms, raft_io_tick_cb tick, raft_io_recv_cb receive) {
    rm_raft *log = rm_log_of(io);
    log->tick = tick;
    log->receive = receive;
    return log->disk.start(io, ms, io_tick, receive);
}

// MARK: Entries

/// Takes a write out of those under way, and tells libraft of it.
static void append_end(struct append *append) {
    struct append **place = &append->log->appends;
    while (*place != append) place = &(*place)->earlier;
    *place = append->earlier;
    struct raft_io_append *inner = append->inner;
    raft_io_append_cb done = append->done;
    int status = append->status;
    free(append);
    done(inner, status);
}

/// Whether an earlier write has failed: then this one is behind a gap, whatever became of it.
static int append_follows_failure(const struct append *append) {
    for (const struct append *other = append->earlier; other != NULL; other = other->earlier) {
        if (other->status != 0) return 1;
    }
    return 0;
}

static void append_done(struct raft_io_append *request, int status) {
    struct append *append = request->data;
    rm_raft *log = append->log;
    // libraft goes on as if nothing had happened, with a log in memory that is not the one on disk.
    if (status != 0 && !log->is_closing && log->failure == 0) log->failure = rm_fail(log, status, log->io.errmsg);
    // A leader's libraft cuts its log at a write that has failed. Told of the earliest one first, it then cuts where its log
    // does not reach any more, and crashes: it is told of the latest first, once all behind it have ended.
    if (status == 0 && append_follows_failure(append)) status = RAFT_IOERR;
    append->status = status;
    if (status == 0) {
        append_end(append);
        return;
    }
    while (log->appends != NULL && log->appends->status != 0) append_end(log->appends);
}

static int io_append(struct raft_io *io, struct raft_io_append *request, const struct raft_entry entries[], unsigned n,
                     raft_io_append_cb done) {
    rm_raft *log = rm_log_of(io);
    struct append *append = malloc(sizeof *append);
    if (append == NULL) return RAFT_NOMEM;
    request->cb = done;
    append->request.data = append;
    append->inner = request;
    append->done = done;
    append->log = log;
    append->status = 0;
    append->earlier = log->appends;
    int code = log->disk.append(io, &append->request, entries, n, append_done);
    if (code == 0) {
        log->appends = append;
    } else {
        free(append);
    }
    return code;
}

static int io_truncate(struct raft_io *io, raft_index index) {
    rm_raft *log = rm_log_of(io);
    // Fewer entries are promised before there are fewer.
    if (rm_vote_lower(&log->vote, index - 1) != 0) return RAFT_IOERR;
    return log->disk.truncate(io, index);
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *request,
                           const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb done) {
    rm_raft *log = rm_log_of(io);
    // Without trailing entries it is a leader's, in the place of the whole log.
    if (trailing == 0 && rm_vote_lower(&log->vote, snapshot->index) != 0) return RAFT_IOERR;
    return log->disk.snapshot_put(io, trailing, request, snapshot, done);
}

// MARK: Term and vote

static int io_set_term(struct raft_io *io, raft_term term) {
    rm_raft *log = rm_log_of(io);
    if (rm_vote_write(&log->vote, term, 0, log->raft.last_stored) != 0) return RAFT_IOERR;
    return log->disk.set_term(io, term);
}

static int io_set_vote(struct raft_io *io, raft_id server) {
    rm_raft *log = rm_log_of(io);
    if (rm_vote_write(&log->vote, log->vote.record.term, server, log->raft.last_stored) != 0) return RAFT_IOERR;
    return log->disk.set_vote(io, server);
}

// MARK: The end

static void disk_closed(struct raft_io *io) {
    rm_log_of(io)->disk_is_closed = 1;
}

/// raft_uv may tell twice that it is closed, and libraft would free what it has each time.
static void io_close(struct raft_io *io, raft_io_close_cb done) {
    rm_raft *log = rm_log_of(io);
    log->closed = done;
    log->disk.close(io, disk_closed);
}

void rm_disk_end_close(rm_raft *log) {
    if (!log->disk_is_closed || log->closed == NULL || uv_loop_alive(&log->loop)) return;
    raft_io_close_cb closed = log->closed;
    log->closed = NULL;
    closed(&log->io);
}

void rm_disk_wrap(rm_raft *log) {
    log->disk = log->io;
    log->io.start = io_start;
    log->io.append = io_append;
    log->io.truncate = io_truncate;
    log->io.snapshot_put = io_snapshot_put;
    log->io.set_term = io_set_term;
    log->io.set_vote = io_set_vote;
    log->io.close = io_close;
    log->io.send = rm_messages_send;
    log->io.version = 2;
}
