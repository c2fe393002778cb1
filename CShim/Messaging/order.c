#include "rm_order.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RM_SANITIZED 1
#endif
#endif

#ifdef RM_SANITIZED
#include <sanitizer/tsan_interface.h>

void rm_order_before(const void *address) {
    __tsan_release((void *)address);
}

void rm_order_after(const void *address) {
    __tsan_acquire((void *)address);
}
#else
void rm_order_before(const void *address) {
    (void)address;
}

void rm_order_after(const void *address) {
    (void)address;
}
#endif
