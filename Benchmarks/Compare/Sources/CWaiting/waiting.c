// Waiting with a time in ns.

#define _GNU_SOURCE
#include "waiting.h"

#include <poll.h>
#include <sys/prctl.h>
#include <time.h>

int compare_wait_readable(int descriptor, int64_t ns) {
    if (ns < 0) {
        ns = 0;
    }
    struct timespec time = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    struct pollfd entry = {.fd = descriptor, .events = POLLIN};
    return ppoll(&entry, 1, &time, NULL) > 0;
}

int compare_wait_any_readable(const int *descriptors, int count, int64_t ns) {
    if (ns < 0) {
        ns = 0;
    }
    struct timespec time = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    struct pollfd entries[COMPARE_DESCRIPTORS_MAX];
    if (count > COMPARE_DESCRIPTORS_MAX) {
        count = COMPARE_DESCRIPTORS_MAX;
    }
    for (int i = 0; i < count; i++) {
        entries[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
    }
    return ppoll(entries, (nfds_t)count, &time, NULL) > 0;
}

void compare_sharpen_timers(void) {
    prctl(PR_SET_TIMERSLACK, 1UL);
}
