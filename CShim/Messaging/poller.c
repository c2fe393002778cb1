#define _GNU_SOURCE
#include "rm_poller.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { READY_MAX = 64 }; // tokens taken from the kernel at once; the rest come with the next wait

struct rm_poller {
    int epoll;
    int wake;
};

int rm_poller_create(rm_poller **out) {
    rm_poller *poller = malloc(sizeof *poller);
    if (poller == NULL) {
        return RM_ENOMEM;
    }
    poller->epoll = epoll_create1(EPOLL_CLOEXEC);
    poller->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int status = poller->epoll < 0 || poller->wake < 0 ? -errno : 0;
    if (status == 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = RM_POLLER_WAKE};
        status = epoll_ctl(poller->epoll, EPOLL_CTL_ADD, poller->wake, &event) < 0 ? -errno : 0;
    }
    if (status < 0) {
        rm_poller_destroy(poller);
        return status;
    }
    *out = poller;
    return 0;
}

void rm_poller_destroy(rm_poller *poller) {
    if (poller->epoll >= 0) {
        close(poller->epoll);
    }
    if (poller->wake >= 0) {
        close(poller->wake);
    }
    free(poller);
}

int rm_poller_add(rm_poller *poller, int descriptor, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
    return epoll_ctl(poller->epoll, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}

int rm_poller_remove(rm_poller *poller, int descriptor) {
    return epoll_ctl(poller->epoll, EPOLL_CTL_DEL, descriptor, NULL) < 0 ? -errno : 0;
}

// epoll_pwait2 takes nanoseconds (Linux 5.11); an older kernel gets milliseconds, rounded up.
static int wait_ns(int epoll, struct epoll_event *events, int capacity, int64_t timeout_ns) {
    if (timeout_ns <= 0) {
        return epoll_wait(epoll, events, capacity, timeout_ns < 0 ? -1 : 0);
    }
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    int count = epoll_pwait2(epoll, events, capacity, &timeout, NULL);
    if (count < 0 && errno == ENOSYS) {
        int64_t timeout_ms = (timeout_ns + 999999) / 1000000;
        count = epoll_wait(epoll, events, capacity, timeout_ms > 1 << 30 ? 1 << 30 : (int)timeout_ms);
    }
    return count;
}

int rm_poller_wait(rm_poller *poller, int64_t timeout_ns, uint64_t *tokens, int capacity) {
    struct epoll_event events[READY_MAX];
    int count = wait_ns(poller->epoll, events, capacity < READY_MAX ? capacity : READY_MAX, timeout_ns);
    if (count < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    for (int index = 0; index < count; index++) {
        tokens[index] = events[index].data.u64;
        if (tokens[index] == RM_POLLER_WAKE) {
            uint64_t ignored;
            while (read(poller->wake, &ignored, sizeof ignored) < 0 && errno == EINTR) {
            }
        }
    }
    return count;
}

int rm_poller_wake(rm_poller *poller) {
    uint64_t one = 1;
    while (write(poller->wake, &one, sizeof one) < 0) {
        if (errno == EAGAIN) {
            return 0; // the counter is full: a wake-up is pending
        }
        if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

void rm_thread_set_name(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0); // cuts it by itself
}

void rm_thread_set_timer_slack(uint64_t ns) {
    prctl(PR_SET_TIMERSLACK, ns, 0, 0, 0);
}

int64_t rm_suspended_ns(void) {
    struct timespec monotonic, boot;
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return (boot.tv_sec - monotonic.tv_sec) * 1000000000LL + (boot.tv_nsec - monotonic.tv_nsec);
}
