// What the files of this folder share of one log. Internal to this target.
#ifndef RM_RAFT_LOG_H
#define RM_RAFT_LOG_H

#include <raft.h>
#include <raft/uv.h>

#include "message.h"
#include "rm_raft.h"
#include "vote.h"

struct sent;
struct write;

/// What is asked of libraft's disk, which takes one barrier at a time.
struct rm_writes {
    struct write *first;  // of those that wait, in the order in which they were asked for
    struct write **end;   // the place behind the last of them
    int puts;             // 1 from a snapshot's put until libraft's disk is open to the next barrier
    int put_has_ended;    // it told of it, and may be told something at the next pump
    int truncates;        // 1 from a truncation until an append behind it has ended
};

struct rm_raft {
    struct rm_disk_use *disk_use; // of a simulation: what stands in the place of raft_uv; else NULL
    uv_loop_t loop;
    struct raft_uv_transport transport;
    struct raft_io io;
    struct raft_fsm fsm;
    struct raft raft;
    rm_raft_callbacks callbacks;
    rm_raft_settings settings;

    // What raft_uv has in the places of `io` that are replaced.
    struct raft_io disk;
    raft_io_tick_cb tick;
    raft_io_recv_cb receive;
    raft_io_close_cb closed;

    int directory; // of the log's files; -1 in a simulation
    struct rm_vote vote;
    struct sent *sent;
    void *snapshot;        // what was captured and not released
    uint64_t led_term;     // the last term that this server led, and the first entry of it
    uint64_t led_index;
    struct raft_barrier barrier;
    struct raft_barrier snapshot_barrier;
    int snapshot_barrier_is_open;
    int failure;           // of the disk; for good
    int is_retired;        // no part in elections
    struct append *appends; // entries that wait or are being written, the latest first
    struct rm_writes writes;
    int is_closing;
    int disk_is_closed;
    int raft_is_closed;
    char sender[RM_RAFT_ADDRESS_MAX + 1];
    char error[RAFT_ERRMSG_BUF_SIZE + 64];
};

/// The shim's code for one of libraft's.
int rm_code_of(int raft_code);

/// Keeps the words of a failure, `words` or else libraft's own, and gives its code.
int rm_fail(rm_raft *log, int raft_code, const char *words);

/// The log that raft_io or its user belongs to.
static inline rm_raft *rm_log_of(struct raft_io *io) {
    return ((struct raft *)io->data)->data;
}

/// A server of the present configuration; NULL: there is none of that id.
const struct raft_server *rm_server_of(const rm_raft *log, uint64_t id);

// disk.c

/// A transport that carries nothing.
void rm_disk_set_transport(rm_raft *log);

/// Puts the shim between libraft and its disk: after raft_uv_init, before raft_init.
void rm_disk_wrap(rm_raft *log);

/// Tells libraft that its disk is closed: once, and when nothing of it is left on the loop.
void rm_disk_end_close(rm_raft *log);

// writes.c

/// Fills in the places of `io` that are about entries and snapshots.
void rm_writes_wrap(struct raft_io *io);

/// Begins what waited for a barrier that is over. Not within a callback of libraft's disk.
/// @return whether anything was begun.
int rm_writes_go_on(rm_raft *log);

/// Ends what waits, before the disk closes.
void rm_writes_cancel(rm_raft *log);

// messages.c

/// libraft's way out: the message goes to `callbacks.send` at once, its request ends at the next pump.
int rm_messages_send(struct raft_io *io, struct raft_io_send *request, const struct raft_message *message,
                     raft_io_send_cb done);

/// Ends the requests of all messages that were sent.
void rm_messages_end_sends(rm_raft *log, int status);

// proposals.c

/// Adds the first entry of a term that this server has begun to lead, if it has.
void rm_begin_term(rm_raft *log);

/// Hands a committed entry on.
int rm_proposals_apply(struct raft_fsm *fsm, const struct raft_buffer *buffer, void **result);

// snapshots.c

/// Fills in the places of `fsm` that are about snapshots.
void rm_snapshots_fill(struct raft_fsm *fsm);

#endif
