// Entries, truncations and snapshots on their way to libraft's disk part. It takes one barrier at a time: a truncation that comes
// while a snapshot's barrier is up is never carried out, and a snapshot that comes while a truncation's is up never ends (UvBarrier in
// libraft's uv_append.c gives a barrier only to open segments that have none). So each waits here for the other, and what is
// asked for later waits behind it.

#define _GNU_SOURCE // O_TMPFILE

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "raft_log.h"

/// Entries, watched for their result.
struct append {
    struct raft_io_append request;
    struct raft_io_append *inner;
    raft_io_append_cb done;
    rm_raft *log;
    struct append *earlier; // waiting or being written, as this one
    int status;             // of one that has failed and is not told of yet
    int follows_truncation;
};

/// A snapshot, watched for its end.
struct put {
    struct raft_io_snapshot_put request;
    struct raft_io_snapshot_put *inner;
    raft_io_snapshot_put_cb done;
    rm_raft *log;
};

/// Something that waits for its turn.
struct write {
    enum { WRITE_APPEND, WRITE_TRUNCATE, WRITE_PUT } kind;
    struct write *next;
    struct append *append;
    const struct raft_entry *entries;
    unsigned count;
    raft_index index;
    struct put *put;
    unsigned trailing;
    const struct raft_snapshot *snapshot;
};

// MARK: The queue

static int has_barrier(const rm_raft *log) {
    return log->writes.puts || log->writes.truncates;
}

static int wait_for_turn(rm_raft *log, struct write write) {
    struct write *kept = malloc(sizeof *kept);
    if (kept == NULL) return RAFT_NOMEM;
    *kept = write;
    kept->next = NULL;
    if (log->writes.first == NULL) log->writes.end = &log->writes.first;
    *log->writes.end = kept;
    log->writes.end = &kept->next;
    return 0;
}

static struct write take_first(rm_raft *log) {
    struct write *first = log->writes.first;
    struct write write = *first;
    log->writes.first = first->next;
    if (first->next == NULL) log->writes.end = &log->writes.first;
    free(first);
    return write;
}

// MARK: Entries

/// Takes entries out of those under way, and tells libraft of them.
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
    // Nothing is written behind a truncation before it is over.
    if (append->follows_truncation) log->writes.truncates = 0;
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

static int begin_append(struct append *append, const struct raft_entry entries[], unsigned count) {
    rm_raft *log = append->log;
    append->follows_truncation = log->writes.truncates;
    return log->disk.append(&log->io, &append->request, entries, count, append_done);
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
    append->follows_truncation = 0;
    append->earlier = log->appends;
    int code;
    if (log->writes.first != NULL) {
        struct write write = {.kind = WRITE_APPEND, .append = append, .entries = entries, .count = n};
        code = wait_for_turn(log, write);
    } else {
        code = begin_append(append, entries, n);
    }
    if (code == 0) {
        log->appends = append;
    } else {
        free(append);
    }
    return code;
}

// MARK: Truncations

/// Whether there is room to write what a file of entries keeps anew, as libraft does to cut it. Where it has none it goes on as if it had: it
/// writes the new entries beside the old ones, and such a directory is refused when the server starts next.
static int has_room(const rm_raft *log) {
    if (log->directory < 0) return 1;
    int file = openat(log->directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    // Not every file system can do this; that says nothing of its room.
    if (file < 0) return errno != ENOSPC && errno != EDQUOT;
    int code = posix_fallocate(file, 0, (off_t)log->settings.segment_bytes);
    close(file);
    return code != ENOSPC && code != EDQUOT && code != EFBIG;
}

static int begin_truncation(rm_raft *log, raft_index index) {
    if (!has_room(log)) {
        if (log->failure == 0) log->failure = rm_fail(log, RAFT_NOSPACE, "no room to cut the log");
        return RAFT_NOSPACE;
    }
    int code = log->disk.truncate(&log->io, index);
    // libraft cuts its log to append what is to be there instead: the end of that says that this is over.
    if (code == 0) log->writes.truncates = 1;
    return code;
}

static int io_truncate(struct raft_io *io, raft_index index) {
    rm_raft *log = rm_log_of(io);
    // Fewer entries are promised before there are fewer.
    if (rm_vote_lower(&log->vote, index - 1) != 0) return RAFT_IOERR;
    if (log->writes.first != NULL || has_barrier(log)) {
        struct write write = {.kind = WRITE_TRUNCATE, .index = index};
        return wait_for_turn(log, write);
    }
    return begin_truncation(log, index);
}

// MARK: Snapshots

/// Tells libraft of a snapshot's end.
static void put_end(struct put *put, int status) {
    struct raft_io_snapshot_put *inner = put->inner;
    raft_io_snapshot_put_cb done = put->done;
    free(put);
    done(inner, status);
}

static void put_done(struct raft_io_snapshot_put *request, int status) {
    struct put *put = request->data;
    // libraft's disk takes its barrier away only after this call.
    put->log->writes.put_has_ended = 1;
    put_end(put, status);
}

static int begin_put(struct put *put, unsigned trailing, const struct raft_snapshot *snapshot) {
    rm_raft *log = put->log;
    log->writes.puts = 1;
    int code = log->disk.snapshot_put(&log->io, trailing, &put->request, snapshot, put_done);
    if (code != 0) log->writes.puts = 0;
    return code;
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *request,
                           const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb done) {
    rm_raft *log = rm_log_of(io);
    // Without trailing entries it is a leader's, in the place of the whole log.
    if (trailing == 0 && rm_vote_lower(&log->vote, snapshot->index) != 0) return RAFT_IOERR;
    struct put *put = malloc(sizeof *put);
    if (put == NULL) return RAFT_NOMEM;
    request->cb = done;
    put->request.data = put;
    put->inner = request;
    put->done = done;
    put->log = log;
    int code;
    if (log->writes.first != NULL || has_barrier(log)) {
        struct write write = {.kind = WRITE_PUT, .put = put, .trailing = trailing, .snapshot = snapshot};
        code = wait_for_turn(log, write);
    } else {
        code = begin_put(put, trailing, snapshot);
    }
    if (code != 0) free(put);
    return code;
}

/// libraft's disk succeeds where there is no snapshot to get, and gives nothing. It is asked for one that there is not where entries
/// that could not be written were taken out of a leader's log, and a follower has them.
static int io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *request, raft_io_snapshot_get_cb done) {
    rm_raft *log = rm_log_of(io);
    if (log->failure != 0) return RAFT_IOERR;
    if (log->raft.log.snapshot.last_index == 0) return RAFT_NOTFOUND;
    return log->disk.snapshot_get(io, request, done);
}

// MARK: Turns

/// Begins the first of those that wait. What cannot be begun ends with its failure.
static void begin_first(rm_raft *log) {
    struct write write = take_first(log);
    int code;
    switch (write.kind) {
    case WRITE_APPEND:
        code = begin_append(write.append, write.entries, write.count);
        if (code != 0) append_done(&write.append->request, code);
        return;
    case WRITE_TRUNCATE:
        code = begin_truncation(log, write.index);
        // What follows must not be written behind what should have been cut off.
        if (code != 0 && log->failure == 0) log->failure = rm_fail(log, code, log->io.errmsg);
        return;
    case WRITE_PUT:
        code = begin_put(write.put, write.trailing, write.snapshot);
        if (code != 0) put_end(write.put, code);
        return;
    }
}

int rm_writes_go_on(rm_raft *log) {
    if (log->writes.put_has_ended) {
        log->writes.put_has_ended = 0;
        log->writes.puts = 0;
    }
    int has_begun = 0;
    while (log->writes.first != NULL && !log->is_closing && log->failure == 0) {
        if (log->writes.first->kind != WRITE_APPEND && has_barrier(log)) break;
        begin_first(log);
        has_begun = 1;
    }
    return has_begun;
}

void rm_writes_cancel(rm_raft *log) {
    while (log->writes.first != NULL) {
        struct write write = take_first(log);
        if (write.kind == WRITE_APPEND) append_done(&write.append->request, RAFT_CANCELED);
        if (write.kind == WRITE_PUT) put_end(write.put, RAFT_CANCELED);
    }
}

void rm_writes_wrap(struct raft_io *io) {
    io->append = io_append;
    io->truncate = io_truncate;
    io->snapshot_put = io_snapshot_put;
    io->snapshot_get = io_snapshot_get;
}
