// libraft's `raft_io` over a disk of a simulation. Writes end in their order, when the simulation says; libraft is told at the
// next pump.

#include <stdlib.h>
#include <string.h>

#include "virtual_disk.h"

enum { WORD = 8 };

static uint8_t *copy_of(const void *bytes, size_t length) {
    uint8_t *copy = rm_checked(malloc(length > 0 ? length : 1));
    if (length > 0) memcpy(copy, bytes, length);
    return copy;
}

// MARK: Operations

static struct rm_disk_use *use_of(struct raft_io *io) {
    return rm_log_of(io)->disk_use;
}

static struct operation *begin(struct rm_disk_use *use, int kind) {
    struct operation *operation = rm_checked(calloc(1, sizeof *operation));
    struct operation **place = &use->first;
    while (*place != NULL) place = &(*place)->next;
    *place = operation;
    operation->kind = kind;
    return operation;
}

/// What adds to the disk needs room.
static void refuse_for_want_of_room(struct rm_disk_use *use, struct operation *operation) {
    if (operation->kind != RM_APPEND && operation->kind != RM_PUT) return;
    int is_behind_failure = operation->kind == RM_APPEND && use->has_failed;
    if (!use->disk->is_full && !is_behind_failure) return;
    operation->status = RAFT_NOSPACE;
    if (operation->kind == RM_APPEND) use->has_failed = 1;
    use->disk->refused++;
}

static void began(struct rm_disk_use *use, struct operation *operation, size_t bytes) {
    if (use->disk != NULL) refuse_for_want_of_room(use, operation);
    // One that was cut off goes on at once.
    if (use->disk == NULL) operation->has_ended = 1;
    else use->calls.began(use->calls.context, bytes);
}

static void tell(struct operation *operation, int status, const struct rm_disk_use *use) {
    switch (operation->kind) {
    case RM_APPEND: operation->request.append->cb(operation->request.append, status); break;
    case RM_TRUNCATE: break;
    case RM_PUT: operation->request.put->cb(operation->request.put, status); break;
    case RM_WORK: {
        struct raft_io_async_work *work = operation->request.work;
        work->cb(work, status == 0 ? work->work(work) : status);
        break;
    }
    case RM_GET: {
        struct raft_snapshot *snapshot = NULL;
        const struct image *image = use->disk == NULL ? NULL : &use->disk->image;
        if (status == 0 && (image == NULL || image->index == 0)) status = RAFT_CANCELED;
        if (status == 0) {
            snapshot = rm_checked(raft_malloc(sizeof *snapshot));
            snapshot->index = image->index;
            snapshot->term = image->term;
            snapshot->configuration_index = image->configuration_index;
            rm_disk_copy_configuration(&snapshot->configuration, &image->configuration);
            snapshot->bufs = rm_checked(raft_malloc(sizeof *snapshot->bufs));
            snapshot->n_bufs = 1;
            snapshot->bufs[0].base = rm_checked(raft_malloc(image->length));
            snapshot->bufs[0].len = image->length;
            memcpy(snapshot->bufs[0].base, image->bytes, image->length);
        }
        operation->request.get->cb(operation->request.get, snapshot, status);
        break;
    }
    }
}

void rm_disk_use_pump(struct rm_disk_use *use) {
    rm_raft *log = use->log;
    while (use->first != NULL && (use->first->has_ended || use->closed != NULL)) {
        struct operation *operation = use->first;
        use->first = operation->next;
        tell(operation, use->closed != NULL ? RAFT_CANCELED : operation->status, use);
        rm_disk_free_operation(operation);
    }
    if (use->closed != NULL) {
        raft_io_close_cb closed = use->closed;
        use->closed = NULL;
        use->tick = NULL;
        closed(&log->io);
        return;
    }
    int64_t now_ns = use->calls.now_ns(use->calls.context);
    if (use->tick != NULL && now_ns >= use->next_tick_ns) {
        // As a timer that repeats: what was missed is not made up for.
        use->next_tick_ns = now_ns + use->tick_ns;
        use->tick(&log->io);
    }
}

int rm_disk_use_timeout_ms(const struct rm_disk_use *use) {
    if (use->closed != NULL || (use->first != NULL && use->first->has_ended)) return 0;
    if (use->tick == NULL) return -1;
    int64_t left_ns = use->next_tick_ns - use->calls.now_ns(use->calls.context);
    return left_ns <= 0 ? 0 : (int)((left_ns + 999999) / 1000000);
}

// MARK: raft_io

static int io_init(struct raft_io *io, raft_id id, const char *address) {
    (void)io, (void)id, (void)address;
    return 0;
}

static void io_close(struct raft_io *io, raft_io_close_cb closed) {
    use_of(io)->closed = closed;
}

static int io_start(struct raft_io *io, unsigned ms, raft_io_tick_cb tick, raft_io_recv_cb receive) {
    struct rm_disk_use *use = use_of(io);
    (void)receive; // the shim has it
    use->tick = tick;
    use->tick_ns = (int64_t)ms * 1000000;
    use->next_tick_ns = use->calls.now_ns(use->calls.context) + use->tick_ns;
    return 0;
}

static int io_load(struct raft_io *io, raft_term *term, raft_id *voted_for, struct raft_snapshot **snapshot,
                   raft_index *start_index, struct raft_entry *entries[], size_t *count) {
    rm_virtual_disk *disk = use_of(io)->disk;
    if (disk == NULL) return RAFT_IOERR;
    *term = disk->term;
    *voted_for = disk->vote;
    *snapshot = NULL;
    if (disk->image.index != 0) {
        *snapshot = rm_checked(raft_malloc(sizeof **snapshot));
        (*snapshot)->index = disk->image.index;
        (*snapshot)->term = disk->image.term;
        (*snapshot)->configuration_index = disk->image.configuration_index;
        rm_disk_copy_configuration(&(*snapshot)->configuration, &disk->image.configuration);
        (*snapshot)->bufs = rm_checked(raft_malloc(sizeof *(*snapshot)->bufs));
        (*snapshot)->n_bufs = 1;
        (*snapshot)->bufs[0].base = rm_checked(raft_malloc(disk->image.length));
        (*snapshot)->bufs[0].len = disk->image.length;
        memcpy((*snapshot)->bufs[0].base, disk->image.bytes, disk->image.length);
    }
    *start_index = disk->first_index;
    *count = disk->count;
    *entries = NULL;
    if (disk->count == 0) return 0;
    *entries = rm_checked(raft_malloc(disk->count * sizeof **entries));
    for (size_t i = 0; i < disk->count; i++) {
        struct kept *kept = &disk->entries[i];
        (*entries)[i] = (struct raft_entry){.term = kept->term, .type = kept->type};
        (*entries)[i].buf.base = rm_checked(raft_malloc(kept->length > 0 ? kept->length : 1));
        (*entries)[i].buf.len = kept->length;
        memcpy((*entries)[i].buf.base, kept->bytes, kept->length);
    }
    return 0;
}

static void store(uint8_t **at, uint64_t value) {
    for (int i = 0; i < 8; i++) *(*at)++ = (uint8_t)(value >> (8 * i));
}

/// libraft's encoding of a configuration: a format byte, the number of servers, and of each its id, address and role; whole words.
static struct kept encoded(const struct raft_configuration *configuration) {
    size_t length = 1 + 8;
    for (unsigned i = 0; i < configuration->n; i++) length += 8 + strlen(configuration->servers[i].address) + 1 + 1;
    length = (length + WORD - 1) / WORD * WORD;
    uint8_t *bytes = rm_checked(calloc(1, length)), *at = bytes;
    *at++ = 1;
    store(&at, configuration->n);
    for (unsigned i = 0; i < configuration->n; i++) {
        const struct raft_server *server = &configuration->servers[i];
        store(&at, server->id);
        size_t size = strlen(server->address) + 1;
        memcpy(at, server->address, size);
        at += size;
        *at++ = (uint8_t)server->role;
    }
    return (struct kept){.term = 1, .type = RAFT_CHANGE, .length = length, .bytes = bytes};
}

static int io_bootstrap(struct raft_io *io, const struct raft_configuration *configuration) {
    rm_virtual_disk *disk = use_of(io)->disk;
    if (disk == NULL) return RAFT_IOERR;
    if (disk->is_used) return RAFT_CANTBOOTSTRAP;
    disk->is_used = 1;
    disk->term = 1;
    disk->vote = 0;
    rm_disk_put_entry(disk, encoded(configuration));
    return 0;
}

static int io_recover(struct raft_io *io, const struct raft_configuration *configuration) {
    (void)io, (void)configuration;
    return RAFT_INVALID;
}

static int io_set_term(struct raft_io *io, raft_term term) {
    rm_virtual_disk *disk = use_of(io)->disk;
    if (disk == NULL) return 0;
    disk->term = term;
    disk->vote = 0;
    return 0;
}

static int io_set_vote(struct raft_io *io, raft_id server) {
    rm_virtual_disk *disk = use_of(io)->disk;
    if (disk != NULL) disk->vote = server;
    return 0;
}

static int io_append(struct raft_io *io, struct raft_io_append *request, const struct raft_entry entries[], unsigned count,
                     raft_io_append_cb done) {
    struct rm_disk_use *use = use_of(io);
    struct operation *operation = begin(use, RM_APPEND);
    request->cb = done;
    operation->request.append = request;
    operation->entries = rm_checked(calloc(count > 0 ? count : 1, sizeof *operation->entries));
    operation->count = count;
    size_t bytes = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct raft_entry *entry = &entries[i];
        operation->entries[i] = (struct kept){.term = entry->term, .type = entry->type, .length = entry->buf.len};
        operation->entries[i].bytes = copy_of(entry->buf.base, entry->buf.len);
        bytes += entry->buf.len;
    }
    began(use, operation, bytes);
    return 0;
}

static int io_truncate(struct raft_io *io, raft_index index) {
    struct rm_disk_use *use = use_of(io);
    struct operation *operation = begin(use, RM_TRUNCATE);
    operation->index = index;
    began(use, operation, 0);
    return 0;
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *request,
                           const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb done) {
    struct rm_disk_use *use = use_of(io);
    struct operation *operation = begin(use, RM_PUT);
    request->cb = done;
    operation->request.put = request;
    operation->trailing = trailing;
    struct image *image = &operation->image;
    image->index = snapshot->index;
    image->term = snapshot->term;
    image->configuration_index = snapshot->configuration_index;
    rm_disk_copy_configuration(&image->configuration, &snapshot->configuration);
    for (unsigned i = 0; i < snapshot->n_bufs; i++) image->length += snapshot->bufs[i].len;
    image->bytes = rm_checked(malloc(image->length > 0 ? image->length : 1));
    size_t at = 0;
    for (unsigned i = 0; i < snapshot->n_bufs; i++) {
        memcpy(image->bytes + at, snapshot->bufs[i].base, snapshot->bufs[i].len);
        at += snapshot->bufs[i].len;
    }
    began(use, operation, image->length);
    return 0;
}

static int io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *request, raft_io_snapshot_get_cb done) {
    struct rm_disk_use *use = use_of(io);
    struct operation *operation = begin(use, RM_GET);
    request->cb = done;
    operation->request.get = request;
    began(use, operation, 0);
    return 0;
}

static int io_async_work(struct raft_io *io, struct raft_io_async_work *request, raft_io_async_work_cb done) {
    struct rm_disk_use *use = use_of(io);
    struct operation *operation = begin(use, RM_WORK);
    request->cb = done;
    operation->request.work = request;
    began(use, operation, 0);
    return 0;
}

static raft_time io_time(struct raft_io *io) {
    struct rm_disk_use *use = use_of(io);
    return (raft_time)(use->calls.now_ns(use->calls.context) / 1000000);
}

static int io_random(struct raft_io *io, int min, int max) {
    struct rm_disk_use *use = use_of(io);
    uint64_t bits = use->calls.random(use->calls.context);
    return max > min ? min + (int)(bits % (uint64_t)(max - min)) : min;
}

struct rm_disk_use *rm_disk_use_open(rm_virtual_disk *disk, rm_raft *log) {
    struct rm_disk_use *use = calloc(1, sizeof *use);
    if (use == NULL) return NULL;
    use->disk = disk;
    use->log = log;
    use->calls = disk->calls;
    disk->use = use;
    log->vote = (struct rm_vote){.descriptor = -1, .directory = -1, .record = disk->record, .kept = &disk->record};
    log->io = (struct raft_io){
        .version = 2,
        .init = io_init,
        .close = io_close,
        .load = io_load,
        .start = io_start,
        .bootstrap = io_bootstrap,
        .recover = io_recover,
        .set_term = io_set_term,
        .set_vote = io_set_vote,
        .append = io_append,
        .truncate = io_truncate,
        .snapshot_put = io_snapshot_put,
        .snapshot_get = io_snapshot_get,
        .time = io_time,
        .random = io_random,
        .async_work = io_async_work,
    };
    return use;
}

void rm_disk_use_close(struct rm_disk_use *use) {
    while (use->first != NULL) {
        struct operation *operation = use->first;
        use->first = operation->next;
        rm_disk_free_operation(operation);
    }
    if (use->disk != NULL) use->disk->use = NULL;
    free(use);
}
