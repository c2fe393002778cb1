// The counts, one pair a thread, and whose code a caller is.

#define _GNU_SOURCE
#include "counting.h"

#include <link.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "rm_allocations.h"

#if RM_COUNTS

enum {
    THREADS_MAX = 1024, // with counts of their own; those beyond share a pair
    RANGES_MAX = 16,    // executable segments of libzmq and libstdc++
};

// A cache line for each thread. Written by one thread, but for the last, which all the threads beyond share.
typedef struct thread_counts {
    alignas(64) atomic_uint_fast64_t own;
    atomic_uint_fast64_t transport;
} thread_counts;

// Static, and never given back: a thread that ends leaves what it counted, and nothing is allocated to count.
static thread_counts counts[THREADS_MAX + 1];
static atomic_uint threads;
static _Thread_local thread_counts *mine __attribute__((tls_model("initial-exec")));

typedef struct code_range {
    uintptr_t begin;
    uintptr_t end;
} code_range;

// Written once, before counting is first switched on.
static code_range ranges[RANGES_MAX];
static unsigned range_count;
static pthread_once_t resolved = PTHREAD_ONCE_INIT;

atomic_bool rm_is_counting;

static bool is_library(const char *path, const char *stem) {
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    return strncmp(name, stem, strlen(stem)) == 0;
}

static int add_ranges(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    (void)context;
    if (!is_library(info->dlpi_name, "libzmq.so") && !is_library(info->dlpi_name, "libstdc++.so")) {
        return 0;
    }
    for (int index = 0; index < info->dlpi_phnum && range_count < RANGES_MAX; index++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[index];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0) {
            uintptr_t begin = info->dlpi_addr + segment->p_vaddr;
            ranges[range_count++] = (code_range){begin, begin + segment->p_memsz};
        }
    }
    return 0;
}

static void resolve(void) {
    dl_iterate_phdr(add_ranges, NULL);
    rm_trace_prepare();
}

static bool is_transport(const void *caller) {
    for (unsigned index = 0; index < range_count; index++) {
        if ((uintptr_t)caller - ranges[index].begin < ranges[index].end - ranges[index].begin) {
            return true;
        }
    }
    return false;
}

static thread_counts *claim(void) {
    unsigned index = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed);
    mine = &counts[index < THREADS_MAX ? index : THREADS_MAX];
    return mine;
}

void rm_count(const void *caller) {
    thread_counts *c = mine != NULL ? mine : claim();
    bool transport = is_transport(caller);
    atomic_uint_fast64_t *count = transport ? &c->transport : &c->own;
    if (c == &counts[THREADS_MAX]) {
        atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
    } else {
        atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_relaxed);
    }
    if (!transport) {
        rm_trace(caller);
    }
}

bool rm_allocations_are_counted(void) {
    return true;
}

void rm_allocations_enable(void) {
    pthread_once(&resolved, resolve);
    atomic_store_explicit(&rm_is_counting, true, memory_order_release);
}

void rm_allocations_disable(void) {
    atomic_store_explicit(&rm_is_counting, false, memory_order_release);
}

rm_allocation_counts rm_allocations_read(void) {
    unsigned claimed = atomic_load_explicit(&threads, memory_order_acquire);
    rm_allocation_counts sum = {0, 0};
    for (unsigned index = 0; index <= THREADS_MAX && index < claimed; index++) {
        sum.own += atomic_load_explicit(&counts[index].own, memory_order_relaxed);
        sum.transport += atomic_load_explicit(&counts[index].transport, memory_order_relaxed);
    }
    return sum;
}

#else

bool rm_allocations_are_counted(void) {
    return false;
}

void rm_allocations_enable(void) {
}

void rm_allocations_disable(void) {
}

rm_allocation_counts rm_allocations_read(void) {
    return (rm_allocation_counts){0, 0};
}

#endif
