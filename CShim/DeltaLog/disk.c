// Between libraft and its disk: the term and vote are kept twice, and the clock's tick is looked at. What is written of the log
// goes by way of writes.c.

#include "raft_log.h"

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
    rm_writes_cancel(log);
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
    rm_writes_wrap(&log->io);
    log->io.set_term = io_set_term;
    log->io.set_vote = io_set_vote;
    log->io.close = io_close;
    log->io.send = rm_messages_send;
    log->io.version = 2;
}
