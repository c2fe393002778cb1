/// Counts heap allocations of the process it is linked into, apart by who asked: libzmq, or everybody else.
///
/// An executable that links this has its own malloc, calloc, realloc, posix_memalign, aligned_alloc, memalign and
/// operator new, which count, and hand on to glibc. While counting is off they cost one branch.
#ifndef RM_ALLOCATIONS_H
#define RM_ALLOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct rm_allocation_counts {
    uint64_t own;       ///< By the executable and all its libraries but those below, on all threads.
    uint64_t transport; ///< By libzmq, and by libstdc++, out-of-line parts of which libzmq uses.
} rm_allocation_counts;

/// Whether this build counts at all. False with another C library than glibc, and under a sanitizer, which has its own
/// malloc: then all counts stay 0.
bool rm_allocations_are_counted(void);

/// Begins to count, in addition to what was counted before. With the environment variable RM_ALLOCATION_TRACE=N, the
/// call stacks of the first N own allocations go to standard error, as module and offset (for addr2line -f -e).
void rm_allocations_enable(void);

/// Ends counting. An allocation in progress on another thread may still be counted.
void rm_allocations_disable(void);

/// What was counted since the process began. Take the difference of two readings. Exact for threads that are quiet or
/// whose work happens before the call; O(threads that ever allocated while counting was on).
rm_allocation_counts rm_allocations_read(void);

#endif
