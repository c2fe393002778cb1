/// What Swift's view of the C library lacks: waiting with a time in ns.
#ifndef COMPARE_WAITING_H
#define COMPARE_WAITING_H

#include <stdint.h>

/// Waits until a descriptor can be read, at most `ns` ns; a negative time is none. Returns 1 if it can, or has failed, so that
/// reading says why; 0 when the time is over, or a signal came.
int compare_wait_readable(int descriptor, int64_t ns);

/// How many descriptors can be waited for at once.
#define COMPARE_DESCRIPTORS_MAX 512

/// The same for the first of several; those beyond the limit are not looked at.
int compare_wait_any_readable(const int *descriptors, int count, int64_t ns);

/// Has timers of the calling thread, and of those that it will start, end when they are due, not up to 50 us later.
void compare_sharpen_timers(void);

#endif
