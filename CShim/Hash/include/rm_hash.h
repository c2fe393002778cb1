/// The hash that maps a job's key to a slot: xxHash64 (https://xxhash.com, XXH64), by libxxhash's header.
#ifndef RM_HASH_H
#define RM_HASH_H

#include <stddef.h>
#include <stdint.h>

/// Returns XXH64 of the `length` bytes at `bytes` under `seed`. `bytes` may be NULL when `length` is 0.
/// The same on every machine, whatever its byte order. O(length), no allocation.
uint64_t rm_hash64(const void *bytes, size_t length, uint64_t seed);

#endif
