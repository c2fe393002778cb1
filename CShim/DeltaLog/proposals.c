// Entries into the log, and out of it when they are committed.
//
//     entry = length u32, the low half of its index u32, bytes, zeros up to a multiple of 8; little-endian
//
// The disk format takes whole words only, so an entry says how long it is. It says its index because the files do not: without
// it, entries behind a file that was lost would take the places of those in it.

#include <stdlib.h>
#include <string.h>

#include "raft_log.h"
#include "rm_log_files.h"

struct proposal {
    struct raft_apply request;
    uint64_t id;
};

// MARK: In

static void barrier_done(struct raft_barrier *request, int status) {
    (void)request, (void)status;
}

// A term as leader begins with an empty entry. libraft has none of its own, and would count copies of entries of earlier
// terms as committed, which may be overwritten still (Ongaro's thesis, section 3.6.2).
void rm_begin_term(rm_raft *log) {
    struct raft *raft = &log->raft;
    if (raft->state != RAFT_LEADER || log->led_term == raft->current_term || log->is_closing) return;
    // Of an earlier term; its request has ended, since that leadership has.
    log->led_term = raft->current_term;
    log->led_index = raft_last_index(raft) + 1;
    int code = raft_barrier(raft, &log->barrier, barrier_done);
    if (code == 0) return;
    if (log->failure == 0) log->failure = rm_fail(log, code, raft_errmsg(raft));
}

static void proposal_done(struct raft_apply *request, int status, void *result) {
    (void)result;
    struct proposal *proposal = (struct proposal *)request;
    rm_raft *log = request->data;
    uint64_t id = proposal->id;
    free(proposal);
    log->callbacks.proposal_ended(log->callbacks.context, id, rm_code_of(status));
}

int rm_raft_propose(rm_raft *log, const void *bytes, size_t length, uint64_t id) {
    if (log->is_closing) return RM_RAFT_ECLOSED;
    if (log->failure != 0) return log->failure;
    if (length > RM_RAFT_ENTRY_MAX) return RM_RAFT_ETOOBIG;
    if (rm_raft_state(log) != RM_RAFT_LEADER) return RM_RAFT_ENOTLEADER;
    size_t size = rm_entry_size(length);
    uint64_t index = raft_last_index(&log->raft) + 1;
    struct raft_buffer buffer = {raft_malloc(size), size};
    struct proposal *proposal = malloc(sizeof *proposal);
    if (buffer.base == NULL || proposal == NULL) {
        raft_free(buffer.base);
        free(proposal);
        return RM_RAFT_ENOMEM;
    }
    uint8_t *to = buffer.base;
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(length >> (8 * i));
    for (int i = 0; i < 4; i++) to[4 + i] = (uint8_t)(index >> (8 * i));
    if (length > 0) memcpy(to + RM_ENTRY_HEAD, bytes, length);
    memset(to + RM_ENTRY_HEAD + length, 0, size - RM_ENTRY_HEAD - length);
    uv_update_time(&log->loop);
    proposal->request.data = log;
    proposal->id = id;
    int code = raft_apply(&log->raft, &proposal->request, &buffer, 1, proposal_done);
    if (code == 0) return 0;
    raft_free(buffer.base);
    free(proposal);
    return rm_fail(log, code, raft_errmsg(&log->raft));
}

// MARK: Out

int rm_proposals_apply(struct raft_fsm *fsm, const struct raft_buffer *buffer, void **result) {
    rm_raft *log = fsm->data;
    *result = NULL;
    const uint8_t *content;
    size_t length;
    // libraft counts an entry as applied after this call.
    uint64_t index = raft_last_applied(&log->raft) + 1;
    if (rm_log_open_entry(buffer->base, buffer->len, index, &content, &length) != 0) {
        if (log->failure == 0) log->failure = RM_RAFT_ECORRUPT;
        return RAFT_MALFORMED;
    }
    log->callbacks.apply(log->callbacks.context, content, length, index);
    return 0;
}
