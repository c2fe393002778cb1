// Messages out and in: what libraft sends goes to a callback; what comes in is checked before libraft believes it.

#include <stdio.h>
#include <stdlib.h>

#include "raft_log.h"

/// A send request that libraft waits for.
struct sent {
    struct raft_io_send *request;
    raft_io_send_cb done;
    struct sent *next;
};

// MARK: Out

/// What is sent instead of a message: libraft answers a question for votes with the asker's term. Where this server's is newer the
/// asker has to learn it, or it asks in vain for ever: nobody else may have a log that is long enough to lead.
static struct raft_message told(const rm_raft *log, const struct raft_message *message) {
    struct raft_message told = *message;
    struct raft_request_vote_result *result = &told.request_vote_result;
    if (told.type == RAFT_IO_REQUEST_VOTE_RESULT && result->term < log->raft.current_term) {
        result->term = log->raft.current_term;
    }
    return told;
}

int rm_messages_send(struct raft_io *io, struct raft_io_send *request, const struct raft_message *message,
                     raft_io_send_cb done) {
    rm_raft *log = rm_log_of(io);
    struct raft_buffer buffer;
    struct sent *sent = NULL;
    request->cb = done;
    if (done != NULL) {
        sent = malloc(sizeof *sent);
        if (sent == NULL) return RAFT_NOMEM;
    }
    const struct raft_message outgoing = told(log, message);
    if (rm_message_encode(&outgoing, log->settings.message_bytes_max, &buffer) != 0) {
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

void rm_messages_end_sends(rm_raft *log, int status) {
    struct sent *sent = log->sent;
    log->sent = NULL;
    while (sent != NULL) {
        struct sent *next = sent->next;
        sent->done(sent->request, status);
        free(sent);
        sent = next;
    }
}

// MARK: In

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
        const struct raft_server *server = rm_server_of(log, from);
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
    const struct raft_server *server = rm_server_of(log, from);
    snprintf(log->sender, sizeof log->sender, "%s", server == NULL ? "?" : server->address);
    message.server_id = from;
    message.server_address = log->sender;
    uv_update_time(&log->loop);
    log->receive(&log->io, &message);
    rm_begin_term(log);
    return 0;
}
