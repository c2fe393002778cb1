// Clocks that run fast or slow, a wall clock that is set, and timers that keep to them.
//
// Relative waits (poll, nanosleep, waits for a condition) last their true time: whoever looks at a clock after them finds
// a few percent more or less gone by, as with any wait on a busy machine.

#define _GNU_SOURCE
#include "orders.h"

#if RM_INTERPOSES

#include <dlfcn.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

static const int64_t second_ns = 1000000000;

#define RM_LIBC(type, name)                                                                                             \
    static _Atomic(type) kept;                                                                                          \
    type call = atomic_load_explicit(&kept, memory_order_relaxed);                                                      \
    if (call == NULL) {                                                                                                 \
        call = (type)dlsym(RTLD_NEXT, name);                                                                            \
        atomic_store_explicit(&kept, call, memory_order_relaxed);                                                       \
    }

typedef int (*read_clock)(clockid_t, struct timespec *);
typedef int (*make_timer)(int, int);
typedef int (*set_timer)(int, int, const struct itimerspec *, struct itimerspec *);

static int true_clock(clockid_t clock, struct timespec *time) {
    RM_LIBC(read_clock, "clock_gettime")
    return call(clock, time);
}

static int64_t ns(struct timespec time) {
    return (int64_t)time.tv_sec * second_ns + time.tv_nsec;
}

static struct timespec timespec_of(int64_t ns) {
    if (ns < 0) ns = 0;
    return (struct timespec){ns / second_ns, ns % second_ns};
}

/// Whether it is a wall clock (1), one that counts from the start of the machine (0), or none that is misled (-1).
static int kind(clockid_t clock) {
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI: return 1;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME: return 0;
    default: return -1;
    }
}

/// How far that clock is ahead of the true one.
static int64_t lead_of(clockid_t clock, int64_t *rate_ppm) {
    rm_orders *orders = atomic_load_explicit(&rm_obeyed, memory_order_relaxed);
    *rate_ppm = 0;
    if (orders == NULL || kind(clock) < 0) return 0;
    struct timespec now = {0};
    true_clock(CLOCK_MONOTONIC, &now);
    int64_t jump;
    int64_t lead = rm_lead(orders, ns(now), rate_ppm, &jump);
    return kind(clock) == 1 ? lead + jump : lead;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = true_clock(clock, time);
    if (result != 0 || atomic_load_explicit(&rm_obeyed, memory_order_relaxed) == NULL) return result;
    int64_t rate;
    int64_t lead = lead_of(clock, &rate);
    if (lead != 0) *time = timespec_of(ns(*time) + lead);
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (out != NULL) *out = now.tv_sec;
    return now.tv_sec;
}

// MARK: Timers

enum { TIMERS_MAX = 4096 };

/// By descriptor, the clock of each timer and one more; 0: not known, so one that counts from the start of the machine.
static _Atomic unsigned char clocks[TIMERS_MAX];

int timerfd_create(int clock, int flags) {
    RM_LIBC(make_timer, "timerfd_create")
    int descriptor = call(clock, flags);
    if (descriptor >= 0 && descriptor < TIMERS_MAX) atomic_store(&clocks[descriptor], (unsigned char)(clock + 1));
    return descriptor;
}

int timerfd_settime(int descriptor, int flags, const struct itimerspec *value, struct itimerspec *old) {
    RM_LIBC(set_timer, "timerfd_settime")
    unsigned char known = descriptor >= 0 && descriptor < TIMERS_MAX ? atomic_load(&clocks[descriptor]) : 0;
    clockid_t clock = known == 0 ? CLOCK_MONOTONIC : known - 1;
    int64_t rate;
    int64_t lead = lead_of(clock, &rate);
    int64_t at = ns(value->it_value);
    if (at == 0 || (lead == 0 && rate == 0)) return call(descriptor, flags, value, old);
    struct itimerspec meant = *value;
    if ((flags & TFD_TIMER_ABSTIME) != 0) {
        struct timespec now;
        true_clock(clock, &now);
        int64_t left = at - (ns(now) + lead);
        // A time that is past is one that is due: zero would disarm.
        at = ns(now) + (left <= 0 ? 0 : (int64_t)((__int128)left * 1000000 / (1000000 + rate)));
    } else {
        at = (int64_t)((__int128)at * 1000000 / (1000000 + rate));
    }
    meant.it_value = timespec_of(at < 1 ? 1 : at);
    return call(descriptor, flags, &meant, old);
}

#endif
