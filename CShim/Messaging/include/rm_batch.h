/// Batched receive and send of ZeroMQ messages without copying their bytes.
#ifndef RM_BATCH_H
#define RM_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "rm_socket.h"

/// One part of a received message. The bytes are libzmq's and stay where they are until the batch is released.
typedef struct rm_part {
    const uint8_t *bytes;
    size_t length;
} rm_part;

/// Room for up to `capacity` messages of up to `parts` parts each. Made once, filled and released again and again;
/// never allocates after it is made.
typedef struct rm_batch rm_batch;

/// Makes a batch. `capacity` 1...65536, `parts` 1...16. `*out` is the caller's until `rm_batch_destroy`.
int rm_batch_create(uint32_t capacity, uint32_t parts, rm_batch **out);

/// Releases what the batch holds, and the batch.
void rm_batch_destroy(rm_batch *batch);

/// Receives messages without waiting until none is left, the batch holds `messages_max`, is full, or has `bytes_max` bytes
/// or more.
/// Returns the number of messages now in the batch, 0 if there were none, or a negative code. A message with more than
/// `parts` parts keeps its first ones; `rm_batch_part_count` tells how many it really had. The batch must be empty.
int rm_batch_receive(rm_batch *batch, rm_socket *socket, uint32_t messages_max, size_t bytes_max);

/// The parts of message `index`, `parts` of them; those that the message lacked are {NULL, 0}.
const rm_part *rm_batch_parts(const rm_batch *batch, uint32_t index);

/// How many parts message `index` had on the wire.
uint32_t rm_batch_part_count(const rm_batch *batch, uint32_t index);

/// Gives the messages back to libzmq. Every pointer into them is dead afterwards.
void rm_batch_release(rm_batch *batch);

/// A block of memory for outgoing frames, whose ownership can pass to libzmq and which comes back to its pool, from
/// libzmq's thread, when it has been sent.
typedef struct rm_block {
    uint8_t *bytes;
    size_t capacity;
} rm_block;

/// Blocks of one size for one sending thread. Larger ones are made for the occasion and freed after sending.
typedef struct rm_pool rm_pool;

/// Makes a pool of blocks of `block_size` bytes that keeps at most `kept_max` idle ones.
int rm_pool_create(size_t block_size, uint32_t kept_max, rm_pool **out);

/// Ends a pool. Blocks that libzmq still holds stay alive until it gives them back.
void rm_pool_destroy(rm_pool *pool);

/// Takes a block of at least `size` bytes. Only the pool's own thread calls this. NULL: no memory.
rm_block *rm_pool_take(rm_pool *pool, size_t size);

/// Gives a block back unsent. Only the pool's own thread calls this.
void rm_pool_return(rm_block *block);

/// Sends `identity` (skipped when its length is 0) and then a body, copied, without waiting. RM_EAGAIN: high-water mark;
/// RM_EHOSTUNREACH: a ROUTER with ZMQ_ROUTER_MANDATORY knows no such peer. On failure nothing was sent.
int rm_send_copy(rm_socket *socket, const void *identity, size_t identity_length, const void *body, size_t length);

/// Sends the first `length` bytes of a block without copying them. On success the block is libzmq's; on failure it stays
/// the caller's, and nothing was sent.
int rm_send_block(rm_socket *socket, const void *identity, size_t identity_length, rm_block *block, size_t length);

/// Sends one part of a message, copied, without waiting; `more` tells that another follows.
int rm_send_part(rm_socket *socket, const void *bytes, size_t length, int more);

#endif
