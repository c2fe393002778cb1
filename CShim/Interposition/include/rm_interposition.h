// What a process of a chaos run is made to find: a disk whose synchronous writes are slow or fail, and clocks that jump or
// drift. The calls of libc are taken over by definitions of the same names, which the program and all its libraries get, as
// with malloc; they do what libc does as long as nothing is ordered. The orders are in a file that the process and the run
// both map, so that they change while the process runs, and outlast it.
#ifndef RM_INTERPOSITION_H
#define RM_INTERPOSITION_H

#include <stdint.h>

/// The orders of one process, mapped from their file.
typedef struct rm_orders rm_orders;

/// Maps the orders in the file at `path`, which is made without any where it is missing. NULL: errno says why. From any
/// thread; the file may be mapped any number of times.
rm_orders *rm_orders_map(const char *path);

void rm_orders_unmap(rm_orders *orders);

/// Has this process obey `orders`, which stay mapped for the rest of its life, and answer probes in the background: in
/// `directory`, of which a copy is kept, or NULL for a process without a disk. Once. 0, or -1 with errno. Always -1 with
/// ENOTSUP in builds for sanitizers, which take the same calls over.
int rm_orders_obey(rm_orders *orders, const char *directory);

// The disk: fsync, fdatasync, and the writes that libraft has synchronized as it submits them (io_submit).

enum { RM_DISK_WELL, RM_DISK_SLOW, RM_DISK_FAILING };

/// Orders a state of the disk: each synchronous write takes `delay_ns` more, or fails with EIO.
void rm_orders_set_disk(rm_orders *orders, int state, int64_t delay_ns);

/// Synchronous writes that were delayed, what they took together, and those that failed, since the file was made.
typedef struct rm_disk_counts {
    uint64_t slowed;
    uint64_t slowed_ns;
    uint64_t failed;
} rm_disk_counts;

rm_disk_counts rm_orders_disk_counts(const rm_orders *orders);

// The clocks: clock_gettime, gettimeofday, time, and timers (timerfd), which keep to them.

/// Orders that all clocks run by so many millionths faster, slower where negative, from here on. No clock jumps by it.
void rm_orders_set_rate(rm_orders *orders, int64_t ppm);

/// Orders that the wall clock is ahead of the others by so much more than it was at first.
void rm_orders_set_jump(rm_orders *orders, int64_t ahead_ns);

/// The monotonic clock as the system has it, whatever is ordered.
int64_t rm_true_monotonic_ns(void);

// Probes.

/// What a process found when it looked.
typedef struct rm_probe {
    /// Of writing and synchronizing a file: 0, errno, or -1 where it has no disk.
    int32_t error;
    int64_t took_ns;
    /// The clocks as it sees them, and as they are.
    int64_t monotonic_ns;
    int64_t wall_ns;
    int64_t true_monotonic_ns;
    int64_t true_wall_ns;
} rm_probe;

/// Asks the process to look, and waits. 0; -1: it has not answered within `timeout_ns`, or ended and began anew meanwhile.
int rm_orders_probe(rm_orders *orders, int64_t timeout_ns, rm_probe *out);

#endif
