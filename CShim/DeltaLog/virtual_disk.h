// The disk of a simulation from the side of the log that is opened on it. Internal to this target.
#ifndef RM_VIRTUAL_DISK_INTERNAL_H
#define RM_VIRTUAL_DISK_INTERNAL_H

#include "raft_log.h"
#include "rm_virtual_disk.h"

/// What a log may have under way.
enum { RM_APPEND, RM_TRUNCATE, RM_PUT, RM_GET, RM_WORK };

/// An entry with bytes of its own.
struct kept {
    uint64_t term;
    unsigned short type;
    size_t length;
    uint8_t *bytes;
};

/// A snapshot: its description, its configuration as encoded, its content.
struct image {
    uint64_t index; // 0: there is none
    uint64_t term;
    uint64_t configuration_index;
    struct raft_configuration configuration;
    size_t length;
    uint8_t *bytes;
};

/// A write under way, or one that has ended and is to be told of.
struct operation {
    int kind; // of those above
    struct operation *next;
    int has_ended;
    int status; // of libraft's
    union {
        struct raft_io_append *append;
        struct raft_io_snapshot_put *put;
        struct raft_io_snapshot_get *get;
        struct raft_io_async_work *work;
    } request;
    struct kept *entries;
    unsigned count;
    uint64_t index;
    unsigned trailing;
    struct image image;
};

/// One log's use of the disk.
struct rm_disk_use {
    rm_virtual_disk *disk; // NULL: cut off
    rm_raft *log;
    rm_virtual_disk_calls calls;
    struct operation *first;
    raft_io_tick_cb tick;
    int64_t tick_ns;
    int64_t next_tick_ns;
    raft_io_close_cb closed;
    rm_log_vote lost_vote;
    int has_failed; // entries could not be written: no later ones are
};

struct rm_virtual_disk {
    rm_virtual_disk_calls calls;
    struct rm_disk_use *use;
    uint64_t term;
    uint64_t vote;
    rm_log_vote record;
    int is_used;
    int is_full;
    uint64_t refused;
    uint64_t first_index; // of the first entry
    struct kept *entries;
    size_t count;
    size_t capacity;
    struct image image;
};

// virtual_disk.c

/// A simulation without memory has nothing to say: aborts.
void *rm_checked(void *memory);

/// Adds an entry, which it takes over.
void rm_disk_put_entry(rm_virtual_disk *disk, struct kept entry);

void rm_disk_copy_configuration(struct raft_configuration *to, const struct raft_configuration *from);
void rm_disk_free_operation(struct operation *operation);

// virtual_io.c

/// Opens the disk for a log: fills in `io`, and where its vote is kept. NULL: no memory.
struct rm_disk_use *rm_disk_use_open(rm_virtual_disk *disk, rm_raft *log);

/// Tells libraft of writes that have ended, and of the time.
void rm_disk_use_pump(struct rm_disk_use *use);

/// Milliseconds to the next tick; 0: there is something to tell.
int rm_disk_use_timeout_ms(const struct rm_disk_use *use);

void rm_disk_use_close(struct rm_disk_use *use);

#endif
