/// What the interposed functions, the counts and the trace share.
#ifndef RM_COUNTING_H
#define RM_COUNTING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h> // for __GLIBC__

#if defined(__has_feature)
#define RM_HAS_FEATURE(name) __has_feature(name)
#else
#define RM_HAS_FEATURE(name) 0
#endif

// A sanitizer interposes the same functions, and must see every call.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || RM_HAS_FEATURE(address_sanitizer) ||              \
    RM_HAS_FEATURE(thread_sanitizer) || RM_HAS_FEATURE(memory_sanitizer) || !defined(__GLIBC__)
#define RM_COUNTS 0
#else
#define RM_COUNTS 1
#endif

#if RM_COUNTS

/// Whether counting is on.
extern atomic_bool rm_is_counting;

/// Counts an allocation that was asked for by the code at `caller`. Allocates nothing and takes no lock.
void rm_count(const void *caller);

/// Reads RM_ALLOCATION_TRACE, and makes ready what a trace would otherwise allocate.
void rm_trace_prepare(void);

/// Writes the call stack from `caller` outwards, if the trace is on and not yet full.
void rm_trace(const void *caller);

#endif
#endif
