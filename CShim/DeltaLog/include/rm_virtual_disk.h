/// A disk of a simulation for a log of `rm_raft`: what it holds outlives the logs that are opened on it, one at a time, and what
/// was not written yet when a log was cut off is lost, whole or in part.
///
/// Everything happens on one thread, when the simulation says so. It keeps entries and snapshots as libraft has them, not as
/// files: libraft's own disk part, and what this project reads of its files, is not simulated.
#ifndef RM_VIRTUAL_DISK_H
#define RM_VIRTUAL_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "rm_raft.h"

typedef struct rm_virtual_disk rm_virtual_disk;

/// What the disk asks of the simulation. `context` is handed back as it is.
typedef struct rm_virtual_disk_calls {
    void *context;
    /// The log's clock in nanoseconds.
    int64_t (*now_ns)(void *context);
    /// Random bits, for libraft's election time-outs.
    uint64_t (*random)(void *context);
    /// A write of so many bytes has begun, behind those that are under way. Some time later call `rm_virtual_disk_finish`.
    void (*began)(void *context, size_t bytes);
} rm_virtual_disk_calls;

/// Makes an empty disk; NULL: no memory.
rm_virtual_disk *rm_virtual_disk_create(const rm_virtual_disk_calls *calls);

/// Frees a disk. No log is open on it.
void rm_virtual_disk_destroy(rm_virtual_disk *disk);

/// As `rm_raft_open`, on this disk in the place of a directory. No other log is open on it, or that one was cut off.
int rm_raft_open_virtual(rm_virtual_disk *disk, uint64_t id, const char *address, const rm_raft_callbacks *callbacks,
                         const rm_raft_settings *settings, rm_raft **out, char *error, size_t capacity);

/// Whether a first configuration was written.
int rm_virtual_disk_is_used(const rm_virtual_disk *disk);

/// The oldest write under way is on the disk; its log learns it at its next pump.
void rm_virtual_disk_finish(rm_virtual_disk *disk);

/// Whether the disk has room from now on. While it has none, what is to be added to it fails with RM_RAFT_ENOSPACE; and once entries
/// have failed, a log's later ones do too, as libraft's disk part gives itself up.
void rm_virtual_disk_set_full(rm_virtual_disk *disk, int is_full);

/// Writes that failed for want of room.
uint64_t rm_virtual_disk_refused(const rm_virtual_disk *disk);

/// Writes under way.
uint32_t rm_virtual_disk_under_way(const rm_virtual_disk *disk);

/// Cuts the open log off, as the death of its process does: the first `whole` of the writes under way are on the disk, of the
/// next one, if it is of entries, so many entries. The log goes on in memory alone until it is closed.
void rm_virtual_disk_cut(rm_virtual_disk *disk, uint32_t whole, uint32_t entries);

#endif
