/// The delta log's engine alone: one libraft server with libuv's disk format, driven from plain C. Entries are proposed so
/// many at a time, each counts when it is committed, synchronised to disk and applied by a state machine that does nothing.
#ifndef RAFT_BASELINE_H
#define RAFT_BASELINE_H

#include <stddef.h>
#include <stdint.h>

typedef struct raft_baseline_options {
    /// An existing, empty directory; at most 1000 bytes. Its file system is what is measured.
    const char *directory;
    /// Where the server listens, as in `127.0.0.1:7400`; nobody connects.
    const char *address;
    /// Bytes of an entry: 8...2^26.
    uint32_t entry_bytes;
    /// Entries proposed and not yet applied: 1...1024.
    uint32_t in_flight;
    /// Entries before anything is counted.
    uint32_t warm_up_entries;
    /// How long to propose for, at least a millisecond.
    double seconds;
    /// Where latencies go, in ns, from the proposal to its application. The caller's.
    uint64_t *samples;
    size_t samples_capacity;
} raft_baseline_options;

typedef struct raft_baseline_result {
    /// Entries applied in the measured part.
    uint64_t entries;
    /// From its start to the last application.
    uint64_t elapsed_ns;
    /// CPU time of the process in that time, kernel time included.
    uint64_t cpu_ns;
    /// Latencies written to `samples`.
    size_t samples;
    /// Latencies for which there was no room.
    uint64_t samples_dropped;
    /// What libraft says of an error; empty without one.
    char error[256];
} raft_baseline_result;

/// Runs on the calling thread until the time is over and everything has ended. Returns 0, -EINVAL for options out of
/// range, -ENOMEM, or -EIO with `error` set. The files stay in the directory.
int raft_baseline_run(const raft_baseline_options *options, raft_baseline_result *result);

/// Whether a path's file system is in memory, where synchronising costs nothing: 1 or 0, or a negated errno.
int raft_baseline_is_in_memory(const char *path);

#endif
