/// Waiting on many descriptors at once, with a wake-up from other threads and an alarm: epoll, an eventfd, a timerfd.
#ifndef RM_POLLER_H
#define RM_POLLER_H

#include <stdint.h>

#include "rm_error.h"

typedef struct rm_poller rm_poller;

/// The token under which a wake-up is reported. No descriptor may be added under it.
static const uint64_t RM_POLLER_WAKE = UINT64_MAX;

/// The token under which the alarm is reported. No descriptor may be added under it.
static const uint64_t RM_POLLER_ALARM = UINT64_MAX - 1;

/// Makes a poller. `*out` is the caller's until `rm_poller_destroy`.
int rm_poller_create(rm_poller **out);
void rm_poller_destroy(rm_poller *poller);

/// Watches `descriptor` for reading (level-triggered) and reports it as `token`. The descriptor stays the caller's.
int rm_poller_add(rm_poller *poller, int descriptor, uint64_t token);
int rm_poller_remove(rm_poller *poller, int descriptor);

/// Sets the alarm to `monotonic_ns` on CLOCK_MONOTONIC, in place of an earlier one; a time that has passed rings at once. It
/// rings once. Cheaper than a time-out for a wait that is most often over sooner: nothing is set and unset each time.
int rm_poller_set_alarm(rm_poller *poller, int64_t monotonic_ns);

/// Waits until a descriptor is readable, `rm_poller_wake` was called, or `timeout_ns` is over (negative: for ever; 0: not at
/// all). Writes at most `capacity` tokens and returns how many; 0 on time-out or signal. A wake-up or alarm is consumed.
int rm_poller_wait(rm_poller *poller, int64_t timeout_ns, uint64_t *tokens, int capacity);

/// Ends the wait in progress, or the next one. From any thread, and from a signal handler.
int rm_poller_wake(rm_poller *poller);

/// Names the calling thread in debuggers and process lists; cut to 15 bytes.
void rm_thread_set_name(const char *name);

/// Nanoseconds of CLOCK_BOOTTIME minus CLOCK_MONOTONIC: grows by the time for which the host was suspended.
int64_t rm_suspended_ns(void);

#endif
