// Snapshots: captured at once, encoded on another thread, sealed with a checksum, and opened again.

#include <stdio.h>
#include <string.h>

#include "raft_log.h"

struct rm_raft_sink {
    uint8_t *bytes;
    size_t length;
};

static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *buffers[], unsigned *count) {
    rm_raft *log = fsm->data;
    *buffers = NULL;
    *count = 0;
    void *snapshot = log->callbacks.capture(log->callbacks.context);
    if (snapshot == NULL) return RAFT_BUSY;
    log->snapshot = snapshot;
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

static void snapshot_barrier_done(struct raft_barrier *request, int status) {
    (void)status;
    ((rm_raft *)request->data)->snapshot_barrier_is_open = 0;
}

int rm_raft_take_snapshot(rm_raft *log) {
    if (log->is_closing) return RM_RAFT_ECLOSED;
    // There is no call for it: libraft looks at the threshold after what it has applied.
    raft_set_snapshot_threshold(&log->raft, 1);
    if (rm_raft_state(log) != RM_RAFT_LEADER || log->snapshot_barrier_is_open) return 0;
    uv_update_time(&log->loop);
    log->snapshot_barrier.data = log;
    int code = raft_barrier(&log->raft, &log->snapshot_barrier, snapshot_barrier_done);
    if (code != 0) return rm_fail(log, code, raft_errmsg(&log->raft));
    log->snapshot_barrier_is_open = 1;
    return 0;
}

void rm_snapshots_fill(struct raft_fsm *fsm) {
    fsm->snapshot = fsm_snapshot;
    fsm->restore = fsm_restore;
    fsm->snapshot_finalize = fsm_snapshot_finalize;
    fsm->snapshot_async = fsm_snapshot_async;
}
