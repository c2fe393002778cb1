// A disk of a simulation: what is on it, what of a write gets there, and what a crash leaves.

#include "virtual_disk.h"

#include <stdlib.h>
#include <string.h>

// MARK: Memory

void *rm_checked(void *memory) {
    if (memory == NULL) abort(); // a simulation without memory has nothing to say
    return memory;
}

void rm_disk_copy_configuration(struct raft_configuration *to, const struct raft_configuration *from) {
    raft_configuration_init(to);
    for (unsigned i = 0; i < from->n; i++) {
        if (raft_configuration_add(to, from->servers[i].id, from->servers[i].address, from->servers[i].role) != 0) abort();
    }
}

static void free_image(struct image *image) {
    if (image->index != 0) {
        raft_configuration_close(&image->configuration);
        free(image->bytes);
    }
    image->index = 0;
}

static void free_entries(struct kept *entries, size_t count) {
    for (size_t i = 0; i < count; i++) free(entries[i].bytes);
}

void rm_disk_free_operation(struct operation *operation) {
    free_entries(operation->entries, operation->count);
    free(operation->entries);
    free_image(&operation->image);
    free(operation);
}

static void *heap_malloc(void *data, size_t size) {
    (void)data;
    return calloc(1, size);
}

static void heap_free(void *data, void *bytes) {
    (void)data;
    free(bytes);
}

static void *heap_calloc(void *data, size_t count, size_t size) {
    (void)data;
    return calloc(count, size);
}

static void *heap_realloc(void *data, void *bytes, size_t size) {
    (void)data;
    return realloc(bytes, size);
}

static void *heap_aligned_alloc(void *data, size_t alignment, size_t size) {
    (void)data;
    return aligned_alloc(alignment, size);
}

static void heap_aligned_free(void *data, size_t alignment, void *bytes) {
    (void)data, (void)alignment;
    free(bytes);
}

/// libraft leaves the bytes of a barrier's entry as malloc gave them: in a simulation they are zeros, always the same.
static struct raft_heap zeroing_heap = {
    .malloc = heap_malloc,
    .free = heap_free,
    .calloc = heap_calloc,
    .realloc = heap_realloc,
    .aligned_alloc = heap_aligned_alloc,
    .aligned_free = heap_aligned_free,
};

rm_virtual_disk *rm_virtual_disk_create(const rm_virtual_disk_calls *calls) {
    raft_heap_set(&zeroing_heap);
    rm_virtual_disk *disk = calloc(1, sizeof *disk);
    if (disk == NULL) return NULL;
    disk->calls = *calls;
    disk->first_index = 1;
    return disk;
}

void rm_virtual_disk_destroy(rm_virtual_disk *disk) {
    free_entries(disk->entries, disk->count);
    free(disk->entries);
    free_image(&disk->image);
    free(disk);
}

int rm_virtual_disk_is_used(const rm_virtual_disk *disk) {
    return disk->is_used;
}

// MARK: What is on the disk

/// Takes the entry over.
void rm_disk_put_entry(rm_virtual_disk *disk, struct kept entry) {
    if (disk->count == disk->capacity) {
        disk->capacity = disk->capacity == 0 ? 64 : disk->capacity * 2;
        disk->entries = rm_checked(realloc(disk->entries, disk->capacity * sizeof *disk->entries));
    }
    disk->entries[disk->count++] = entry;
}

static void put_entries(rm_virtual_disk *disk, struct operation *operation, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        rm_disk_put_entry(disk, operation->entries[i]);
        operation->entries[i].bytes = NULL;
    }
}

static void cut_behind(rm_virtual_disk *disk, uint64_t index) {
    size_t kept = index > disk->first_index ? (size_t)(index - disk->first_index) : 0;
    if (kept >= disk->count) return;
    free_entries(disk->entries + kept, disk->count - kept);
    disk->count = kept;
}

static void cut_before(rm_virtual_disk *disk, uint64_t index) {
    if (index <= disk->first_index) return;
    size_t gone = (size_t)(index - disk->first_index);
    if (gone > disk->count) gone = disk->count;
    free_entries(disk->entries, gone);
    if (gone < disk->count) memmove(disk->entries, disk->entries + gone, (disk->count - gone) * sizeof *disk->entries);
    disk->count -= gone;
    disk->first_index = index;
}

static void put_image(rm_virtual_disk *disk, struct operation *operation) {
    struct image image = operation->image;
    operation->image.index = 0;
    free_image(&disk->image);
    disk->image = image;
    if (operation->trailing == 0) {
        // A leader's, in the place of the whole log.
        free_entries(disk->entries, disk->count);
        disk->count = 0;
        disk->first_index = image.index + 1;
    } else if (image.index > operation->trailing) {
        cut_before(disk, image.index - operation->trailing + 1);
    }
}

static void put_operation(rm_virtual_disk *disk, struct operation *operation) {
    if (operation->status != 0) return;
    switch (operation->kind) {
    case RM_APPEND: put_entries(disk, operation, operation->count); break;
    case RM_TRUNCATE: cut_behind(disk, operation->index); break;
    case RM_PUT: put_image(disk, operation); break;
    case RM_GET:
    case RM_WORK: break;
    }
}

// MARK: Writes

void rm_virtual_disk_set_full(rm_virtual_disk *disk, int is_full) {
    disk->is_full = is_full;
}

uint64_t rm_virtual_disk_refused(const rm_virtual_disk *disk) {
    return disk->refused;
}

uint32_t rm_virtual_disk_under_way(const rm_virtual_disk *disk) {
    uint32_t count = 0;
    if (disk->use == NULL) return 0;
    for (const struct operation *o = disk->use->first; o != NULL; o = o->next) count += !o->has_ended;
    return count;
}

void rm_virtual_disk_finish(rm_virtual_disk *disk) {
    if (disk->use == NULL) return;
    struct operation *operation = disk->use->first;
    while (operation != NULL && operation->has_ended) operation = operation->next;
    if (operation == NULL) return;
    put_operation(disk, operation);
    operation->has_ended = 1;
}

void rm_virtual_disk_cut(rm_virtual_disk *disk, uint32_t whole, uint32_t entries) {
    struct rm_disk_use *use = disk->use;
    if (use == NULL) return;
    for (struct operation *o = use->first; o != NULL; o = o->next) {
        if (o->has_ended) continue;
        if (whole > 0) {
            put_operation(disk, o);
            whole--;
        } else if (entries > 0) {
            if (o->kind == RM_APPEND && o->status == 0) put_entries(disk, o, entries < o->count ? entries : o->count);
            entries = 0;
        }
        o->has_ended = 1;
    }
    use->disk = NULL;
    use->lost_vote = disk->record;
    use->log->vote.kept = &use->lost_vote;
    disk->use = NULL;
}
