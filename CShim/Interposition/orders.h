// The orders as they lie in their file. Internal to this target.
#ifndef RM_ORDERS_H
#define RM_ORDERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "rm_interposition.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RM_INTERPOSES 0
#endif
#endif
#ifndef RM_INTERPOSES
#define RM_INTERPOSES 1
#endif

struct rm_orders {
    _Atomic int32_t disk_state;
    _Atomic int64_t disk_delay_ns;
    _Atomic uint64_t slowed, slowed_ns, failed;

    // A clock's lead grows with `rate` from `since` on. Odd while it is being changed.
    _Atomic uint32_t version;
    _Atomic int64_t since_ns, lead_ns, rate_ppm, jump_ns;

    // Counts of what was asked and answered; processes wait on them.
    _Atomic uint32_t asked, answered;
    rm_probe probe;
};

/// What this process obeys; NULL: nothing.
extern _Atomic(rm_orders *) rm_obeyed;

/// How far the monotonic clock is ahead at that time of the true one, and, beside it, the wall clock beyond that.
int64_t rm_lead(const rm_orders *orders, int64_t true_ns, int64_t *rate_ppm, int64_t *jump_ns);

#endif
