// Synchronous writes: slow, or failing.

#define _GNU_SOURCE
#include "orders.h"

#if RM_INTERPOSES

#include <dlfcn.h>
#include <errno.h>
#include <linux/aio_abi.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static long kernel(long number, long a, long b, long c, long d, long e, long f) {
    static _Atomic(long (*)(long, ...)) libc;
    long (*call)(long, ...) = atomic_load_explicit(&libc, memory_order_relaxed);
    if (call == NULL) {
        call = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
        atomic_store_explicit(&libc, call, memory_order_relaxed);
    }
    return call(number, a, b, c, d, e, f);
}

/// The time by which a write that begins now may end, and whether it may succeed: 0, or EIO.
static int begin(rm_orders *orders, int64_t *began_ns) {
    switch (atomic_load_explicit(&orders->disk_state, memory_order_relaxed)) {
    case RM_DISK_FAILING: atomic_fetch_add(&orders->failed, 1); return EIO;
    case RM_DISK_SLOW: {
        *began_ns = rm_true_monotonic_ns();
        int64_t delay = atomic_load(&orders->disk_delay_ns);
        struct timespec rest = {delay / 1000000000, delay % 1000000000};
        while (kernel(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&rest, (long)&rest, 0, 0) < 0 && errno == EINTR) {}
        return 0;
    }
    default: return 0;
    }
}

static void end(rm_orders *orders, int64_t began_ns) {
    if (began_ns == 0) return;
    atomic_fetch_add(&orders->slowed_ns, (uint64_t)(rm_true_monotonic_ns() - began_ns));
    atomic_fetch_add(&orders->slowed, 1);
}

static int synchronize(long number, int descriptor) {
    rm_orders *orders = atomic_load_explicit(&rm_obeyed, memory_order_relaxed);
    if (orders == NULL) return (int)kernel(number, descriptor, 0, 0, 0, 0, 0);
    int64_t began_ns = 0;
    int error = begin(orders, &began_ns);
    if (error != 0) {
        errno = error;
        return -1;
    }
    int result = (int)kernel(number, descriptor, 0, 0, 0, 0, 0);
    end(orders, began_ns);
    return result;
}

int fsync(int descriptor) {
    return synchronize(SYS_fsync, descriptor);
}

int fdatasync(int descriptor) {
    return synchronize(SYS_fdatasync, descriptor);
}

static int is_synchronous_write(const struct iocb *block) {
    int is_write = block->aio_lio_opcode == IOCB_CMD_PWRITE || block->aio_lio_opcode == IOCB_CMD_PWRITEV;
    return is_write || block->aio_lio_opcode == IOCB_CMD_FSYNC || block->aio_lio_opcode == IOCB_CMD_FDSYNC;
}

/// What this thread has submitted and is to hear to have failed.
static _Thread_local struct iocb *refused;

/// io_submit of one write. A disk that is not well takes none without waiting: libraft then has a thread wait for it. One
/// that fails is found to have when the outcome is asked for, as with a device.
static long submit(rm_orders *orders, long context, long count, struct iocb **blocks) {
    int64_t began_ns = 0;
    if (count == 1 && is_synchronous_write(blocks[0])) {
        int is_well = atomic_load_explicit(&orders->disk_state, memory_order_relaxed) == RM_DISK_WELL;
        if (!is_well && (blocks[0]->aio_rw_flags & RWF_NOWAIT) != 0) {
            errno = EAGAIN;
            return -1;
        }
        if (begin(orders, &began_ns) != 0) {
            refused = blocks[0];
            return 1;
        }
    }
    long result = kernel(SYS_io_submit, context, count, (long)blocks, 0, 0, 0);
    end(orders, began_ns);
    return result;
}

static long outcome_of_refused(struct io_event *event) {
    *event = (struct io_event){.data = refused->aio_data, .obj = (uintptr_t)refused, .res = -EIO};
    refused = NULL;
    return 1;
}

long syscall(long number, ...) {
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
    va_end(list);
    rm_orders *orders = atomic_load_explicit(&rm_obeyed, memory_order_relaxed);
    if (orders != NULL && number == SYS_io_submit) return submit(orders, a[0], a[1], (struct iocb **)a[2]);
    if (refused != NULL && number == SYS_io_getevents) return outcome_of_refused((struct io_event *)a[3]);
    return kernel(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

#endif
