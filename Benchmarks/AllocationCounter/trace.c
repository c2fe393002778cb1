// The trace: where the first own allocations come from, for whoever hunts one in a hot path.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counting.h"

#if RM_COUNTS

enum { FRAMES_MAX = 24 };

static atomic_long remaining;
static _Thread_local bool is_tracing __attribute__((tls_model("initial-exec")));

void rm_trace_prepare(void) {
    const char *text = getenv("RM_ALLOCATION_TRACE");
    long wanted = text == NULL ? 0 : strtol(text, NULL, 10);
    if (wanted > 0) {
        void *frame;
        backtrace(&frame, 1); // the first call loads libgcc_s, which allocates
        atomic_store_explicit(&remaining, wanted, memory_order_release);
    }
}

static void write_frame(const void *address) {
    Dl_info info;
    char line[512];
    int length;
    if (dladdr(address, &info) == 0 || info.dli_fname == NULL) {
        length = snprintf(line, sizeof line, "    %p\n", address);
    } else {
        const char *slash = strrchr(info.dli_fname, '/');
        length = snprintf(line, sizeof line, "    %s+0x%zx %s\n", slash == NULL ? info.dli_fname : slash + 1,
                          (size_t)((const char *)address - (const char *)info.dli_fbase),
                          info.dli_sname == NULL ? "" : info.dli_sname);
    }
    size_t size = length < (int)sizeof line ? (size_t)length : sizeof line - 1;
    if (write(STDERR_FILENO, line, size) < 0) {
        return; // nobody is there to be told
    }
}

void rm_trace(const void *caller) {
    if (atomic_load_explicit(&remaining, memory_order_relaxed) <= 0 || is_tracing) {
        return;
    }
    is_tracing = true; // what the trace itself allocates is not traced
    if (atomic_fetch_sub_explicit(&remaining, 1, memory_order_acq_rel) > 0) {
        void *frames[FRAMES_MAX];
        int count = backtrace(frames, FRAMES_MAX);
        static const char head[] = "allocation\n";
        if (write(STDERR_FILENO, head, sizeof head - 1) > 0) {
            bool is_outside = false; // of the counter's own frames
            for (int index = 0; index < count; index++) {
                is_outside = is_outside || frames[index] == caller;
                if (is_outside) {
                    write_frame(frames[index]);
                }
            }
        }
    }
    is_tracing = false;
}

#endif
