// Changes of the servers and of the leader, one at a time.

#include <stdlib.h>
#include <string.h>

#include "raft_log.h"

struct change {
    struct raft_change request;
    struct raft_transfer transfer;
    uint64_t id;
};

// MARK: The configuration

const struct raft_server *rm_server_of(const rm_raft *log, uint64_t id) {
    for (unsigned i = 0; i < log->raft.configuration.n; i++) {
        if (log->raft.configuration.servers[i].id == id) return &log->raft.configuration.servers[i];
    }
    return NULL;
}

uint32_t rm_raft_servers(const rm_raft *log, rm_raft_server *servers, uint32_t capacity) {
    const struct raft_configuration *configuration = &log->raft.configuration;
    for (uint32_t i = 0; i < configuration->n && i < capacity; i++) {
        const struct raft_server *server = &configuration->servers[i];
        servers[i] = (rm_raft_server){server->id, server->address, server->role};
    }
    return configuration->n;
}

uint64_t rm_raft_configuration_index(const rm_raft *log) {
    const struct raft *raft = &log->raft;
    return raft->configuration_uncommitted_index != 0 ? raft->configuration_uncommitted_index : raft->configuration_index;
}

void rm_raft_retire(rm_raft *log, int is_retired) {
    log->is_retired = is_retired;
}

// MARK: Requests

static void end_change(rm_raft *log, struct change *change, int code) {
    uint64_t id = change->id;
    free(change);
    log->callbacks.change_ended(log->callbacks.context, id, code);
}

static void change_done(struct raft_change *request, int status) {
    end_change(request->data, (struct change *)request, rm_code_of(status));
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
    return rm_fail(log, code, raft_errmsg(&log->raft));
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
