#define _GNU_SOURCE
#include "rm_poller.h"
#include "rm_virtual.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { READY_MAX = 64 }; // tokens taken from the kernel at once; the rest come with the next wait

struct rm_poller {
    int epoll;
    int wake;
    int alarm;
};

static int watch(rm_poller *poller, int descriptor, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
    return epoll_ctl(poller->epoll, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}

int rm_poller_create(rm_poller **out) {
    rm_poller *poller = malloc(sizeof *poller);
    if (poller == NULL) {
        return RM_ENOMEM;
    }
    poller->epoll = epoll_create1(EPOLL_CLOEXEC);
    poller->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    poller->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    int status = poller->epoll < 0 || poller->wake < 0 || poller->alarm < 0 ? -errno : 0;
    if (status == 0) {
        status = watch(poller, poller->wake, RM_POLLER_WAKE);
    }
    if (status == 0) {
        status = watch(poller, poller->alarm, RM_POLLER_ALARM);
    }
    if (status < 0) {
        rm_poller_destroy(poller);
        return status;
    }
    *out = poller;
    return 0;
}

void rm_poller_destroy(rm_poller *poller) {
    if (rm_virtual_of(poller) != NULL) {
        return; // its owner's, who may be gone
    }
    if (poller->epoll >= 0) {
        close(poller->epoll);
    }
    if (poller->wake >= 0) {
        close(poller->wake);
    }
    if (poller->alarm >= 0) {
        close(poller->alarm);
    }
    free(poller);
}

int rm_poller_add(rm_poller *poller, int descriptor, uint64_t token) {
    const rm_virtual *virtual = rm_virtual_of(poller);
    if (virtual != NULL) {
        return virtual->calls->add(virtual->object, descriptor, token);
    }
    return watch(poller, descriptor, token);
}

int rm_poller_remove(rm_poller *poller, int descriptor) {
    const rm_virtual *virtual = rm_virtual_of(poller);
    if (virtual != NULL) {
        return virtual->calls->remove(virtual->object, descriptor);
    }
    return epoll_ctl(poller->epoll, EPOLL_CTL_DEL, descriptor, NULL) < 0 ? -errno : 0;
}

int rm_poller_set_alarm(rm_poller *poller, int64_t monotonic_ns) {
    const rm_virtual *virtual = rm_virtual_of(poller);
    if (virtual != NULL) {
        return virtual->calls->set_alarm(virtual->object, monotonic_ns);
    }
    // Zero would unset it.
    int64_t ns = monotonic_ns > 0 ? monotonic_ns : 1;
    struct itimerspec alarm = {.it_value = {ns / 1000000000, ns % 1000000000}};
    return timerfd_settime(poller->alarm, TFD_TIMER_ABSTIME, &alarm, NULL) < 0 ? -errno : 0;
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
    const rm_virtual *virtual = rm_virtual_of(poller);
    if (virtual != NULL) {
        return virtual->calls->wait(virtual->object, timeout_ns, tokens, capacity);
    }
    struct epoll_event events[READY_MAX];
    int count = wait_ns(poller->epoll, events, capacity < READY_MAX ? capacity : READY_MAX, timeout_ns);
    if (count < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    for (int index = 0; index < count; index++) {
        tokens[index] = events[index].data.u64;
        if (tokens[index] >= RM_POLLER_ALARM) {
            int descriptor = tokens[index] == RM_POLLER_WAKE ? poller->wake : poller->alarm;
            uint64_t ignored;
            while (read(descriptor, &ignored, sizeof ignored) < 0 && errno == EINTR) {
            }
        }
    }
    return count;
}

int rm_poller_wake(rm_poller *poller) {
    const rm_virtual *virtual = rm_virtual_of(poller);
    if (virtual != NULL) {
        return virtual->calls->wake(virtual->object);
    }
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

int64_t rm_suspended_ns(void) {
    struct timespec monotonic, boot;
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return (boot.tv_sec - monotonic.tv_sec) * 1000000000LL + (boot.tv_nsec - monotonic.tv_nsec);
}
