#define XXH_INLINE_ALL
#include <xxhash.h>

#include "rm_hash.h"

uint64_t rm_hash64(const void *bytes, size_t length, uint64_t seed) {
    return XXH64(bytes, length, seed);
}
