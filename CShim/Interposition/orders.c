// The file of the orders, and the probes.

#define _GNU_SOURCE
#include "orders.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

_Atomic(rm_orders *) rm_obeyed;

rm_orders *rm_orders_map(const char *path) {
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return NULL;
    void *orders = MAP_FAILED;
    if (ftruncate(descriptor, sizeof(rm_orders)) == 0) {
        orders = mmap(NULL, sizeof(rm_orders), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    }
    int error = errno;
    close(descriptor);
    errno = error;
    return orders == MAP_FAILED ? NULL : orders;
}

void rm_orders_unmap(rm_orders *orders) {
    munmap(orders, sizeof *orders);
}

void rm_orders_set_disk(rm_orders *orders, int state, int64_t delay_ns) {
    atomic_store(&orders->disk_delay_ns, delay_ns);
    atomic_store(&orders->disk_state, state);
}

rm_disk_counts rm_orders_disk_counts(const rm_orders *orders) {
    return (rm_disk_counts){atomic_load(&orders->slowed), atomic_load(&orders->slowed_ns), atomic_load(&orders->failed)};
}

// MARK: Clocks

int64_t rm_lead(const rm_orders *orders, int64_t true_ns, int64_t *rate_ppm, int64_t *jump_ns) {
    for (;;) {
        uint32_t version = atomic_load(&orders->version);
        int64_t since = atomic_load(&orders->since_ns);
        int64_t lead = atomic_load(&orders->lead_ns);
        int64_t rate = atomic_load(&orders->rate_ppm);
        int64_t jump = atomic_load(&orders->jump_ns);
        if (version % 2 != 0 || version != atomic_load(&orders->version)) continue;
        *rate_ppm = rate;
        *jump_ns = jump;
        return rate == 0 ? lead : lead + (int64_t)((__int128)(true_ns - since) * rate / 1000000);
    }
}

void rm_orders_set_rate(rm_orders *orders, int64_t ppm) {
    int64_t now = rm_true_monotonic_ns(), rate, jump;
    int64_t lead = rm_lead(orders, now, &rate, &jump);
    atomic_fetch_add(&orders->version, 1);
    atomic_store(&orders->since_ns, now);
    atomic_store(&orders->lead_ns, lead);
    atomic_store(&orders->rate_ppm, ppm);
    atomic_fetch_add(&orders->version, 1);
}

void rm_orders_set_jump(rm_orders *orders, int64_t ahead_ns) {
    atomic_fetch_add(&orders->version, 1);
    atomic_store(&orders->jump_ns, ahead_ns);
    atomic_fetch_add(&orders->version, 1);
}

// MARK: Probes

// Straight to the kernel: what waits here is not to be misled.

static int64_t kernel_ns(clockid_t clock) {
    struct timespec time = {0};
    syscall(SYS_clock_gettime, clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t rm_true_monotonic_ns(void) {
    return kernel_ns(CLOCK_MONOTONIC);
}

/// Waits until `word` is not `value`, or for 100 ms.
static void wait_for_change(_Atomic uint32_t *word, uint32_t value) {
    struct timespec limit = {.tv_nsec = 100000000};
    syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
}

static void wake(_Atomic uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
}

int rm_orders_probe(rm_orders *orders, int64_t timeout_ns, rm_probe *out) {
    int64_t end = rm_true_monotonic_ns() + timeout_ns;
    uint32_t number = atomic_fetch_add(&orders->asked, 1) + 1;
    wake(&orders->asked);
    for (;;) {
        uint32_t answered = atomic_load(&orders->answered);
        if (answered == number) break;
        if (rm_true_monotonic_ns() >= end) return -1;
        wait_for_change(&orders->answered, answered);
    }
    *out = orders->probe;
    return out->true_monotonic_ns == 0 ? -1 : 0;
}

static int write_and_synchronize(const char *path) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return errno;
    char bytes[4096] = {1};
    int error = 0;
    if (write(descriptor, bytes, sizeof bytes) != sizeof bytes) error = errno == 0 ? EIO : errno;
    if (error == 0 && fdatasync(descriptor) != 0) error = errno;
    close(descriptor);
    unlink(path);
    return error;
}

static int64_t seen_ns(clockid_t clock) {
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void *answer(void *path) {
    rm_orders *orders = atomic_load(&rm_obeyed);
    for (;;) {
        uint32_t answered = atomic_load(&orders->answered), asked = atomic_load(&orders->asked);
        if (asked == answered) {
            wait_for_change(&orders->asked, asked);
            continue;
        }
        rm_probe probe = {.error = -1};
        if (path != NULL) {
            int64_t begin = rm_true_monotonic_ns();
            probe.error = write_and_synchronize(path);
            probe.took_ns = rm_true_monotonic_ns() - begin;
        }
        probe.monotonic_ns = seen_ns(CLOCK_MONOTONIC);
        probe.true_monotonic_ns = kernel_ns(CLOCK_MONOTONIC);
        probe.wall_ns = seen_ns(CLOCK_REALTIME);
        probe.true_wall_ns = kernel_ns(CLOCK_REALTIME);
        orders->probe = probe;
        atomic_store(&orders->answered, asked);
        wake(&orders->answered);
    }
    return NULL;
}

int rm_orders_obey(rm_orders *orders, const char *directory) {
#if RM_INTERPOSES
    char *path = NULL;
    if (directory != NULL && asprintf(&path, "%s/probe", directory) < 0) return -1;
    // What was asked of an earlier life is not answered.
    orders->probe = (rm_probe){0};
    atomic_store(&orders->answered, atomic_load(&orders->asked));
    atomic_store(&rm_obeyed, orders);
    pthread_t thread;
    int error = pthread_create(&thread, NULL, answer, path);
    if (error == 0) {
        pthread_detach(thread);
        return 0;
    }
    free(path);
    errno = error;
    return -1;
#else
    (void)orders, (void)directory, (void)answer;
    errno = ENOTSUP;
    return -1;
#endif
}
