// The allocation functions of the executable. The dynamic linker finds these before glibc's and libstdc++'s.
//
// Memory comes from glibc's allocator under its other names, so that free, malloc_usable_size and the rest of it, which
// are left alone, know it.

#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "counting.h"

#if RM_COUNTS

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

// The asm keeps the compiler from asking for the return address in the unlikely branch: it moves such a branch into a
// function of its own, whose return address is in here.
#define COUNT()                                                                                                        \
    do {                                                                                                               \
        const void *caller = __builtin_return_address(0);                                                              \
        __asm__ volatile("" : "+r"(caller));                                                                           \
        if (__builtin_expect(atomic_load_explicit(&rm_is_counting, memory_order_acquire), 0)) {                        \
            rm_count(caller);                                                                                          \
        }                                                                                                              \
    } while (0)

void *malloc(size_t size) {
    COUNT();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    COUNT();
    return __libc_calloc(count, size);
}

// Counts although the block may grow in place: whoever reallocates in a hot path has a buffer that is too small. A size
// of 0 frees.
void *realloc(void *memory, size_t size) {
    if (size > 0 || memory == NULL) {
        COUNT();
    }
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    COUNT();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    COUNT();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
    COUNT();
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) {
        return EINVAL;
    }
    int before = errno; // which posix_memalign leaves as it is
    void *memory = __libc_memalign(alignment, size);
    errno = before;
    if (memory == NULL) {
        return ENOMEM;
    }
    *out = memory;
    return 0;
}

// operator new, by its names in the Itanium C++ ABI. libstdc++'s would call malloc from within libstdc++, and hide
// whether libzmq or the Swift runtime asked. C cannot throw: without memory these end the process.
void *rm_operator_new(size_t size) __asm__("_Znwm");
void *rm_operator_new_aligned(size_t size, size_t alignment) __asm__("_ZnwmSt11align_val_t");
void *rm_operator_new_nothrow(size_t size, const void *tag) __asm__("_ZnwmRKSt9nothrow_t");

void *rm_operator_new(size_t size) {
    COUNT();
    void *memory = __libc_malloc(size > 0 ? size : 1);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

void *rm_operator_new_aligned(size_t size, size_t alignment) {
    COUNT();
    void *memory = __libc_memalign(alignment, size > 0 ? size : 1);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

void *rm_operator_new_nothrow(size_t size, const void *tag) {
    (void)tag;
    COUNT();
    return __libc_malloc(size > 0 ? size : 1);
}

#endif
