#include "rm_batch.h"
#include "rm_virtual.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct rm_batch {
    uint32_t capacity;
    uint32_t parts;
    uint32_t count;        // messages held
    uint32_t *part_counts; // [capacity], as on the wire
    rm_part *views;        // [capacity * parts]
    zmq_msg_t *messages;   // [capacity * parts]
};

int rm_batch_create(uint32_t capacity, uint32_t parts, rm_batch **out) {
    if (capacity < 1 || capacity > 65536 || parts < 1 || parts > 16) {
        return RM_EINVAL;
    }
    rm_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        return RM_ENOMEM;
    }
    size_t slots = (size_t)capacity * parts;
    batch->capacity = capacity;
    batch->parts = parts;
    batch->part_counts = calloc(capacity, sizeof *batch->part_counts);
    batch->views = calloc(slots, sizeof *batch->views);
    batch->messages = calloc(slots, sizeof *batch->messages);
    if (batch->part_counts == NULL || batch->views == NULL || batch->messages == NULL) {
        rm_batch_destroy(batch);
        return RM_ENOMEM;
    }
    *out = batch;
    return 0;
}

void rm_batch_destroy(rm_batch *batch) {
    rm_batch_release(batch);
    free(batch->part_counts);
    free(batch->views);
    free(batch->messages);
    free(batch);
}

__attribute__((noinline, cold)) static int receive_virtual(const rm_virtual *virtual, zmq_msg_t *message, int *more) {
    const uint8_t *bytes = NULL;
    size_t length = 0;
    int status = virtual->calls->receive(virtual->object, &bytes, &length, more);
    if (status < 0 || zmq_msg_init_size(message, length) < 0) {
        return status < 0 ? status : RM_ENOMEM;
    }
    if (length > 0) {
        memcpy(zmq_msg_data(message), bytes, length);
    }
    return 0;
}

// Receives the parts of one message into row `row`. The first part decides whether there is one: libzmq delivers all
// parts of a message together, so the others never wait.
static int receive_one(rm_batch *batch, void *socket, uint32_t row, size_t *bytes) {
    zmq_msg_t *messages = batch->messages + (size_t)row * batch->parts;
    rm_part *views = batch->views + (size_t)row * batch->parts;
    uint32_t count = 0;
    for (int more = 1; more;) {
        zmq_msg_t surplus;
        zmq_msg_t *message = count < batch->parts ? &messages[count] : &surplus;
        zmq_msg_init(message);
        const rm_virtual *virtual = rm_virtual_of(socket);
        int is_more = 0;
        int code = virtual != NULL ? receive_virtual(virtual, message, &is_more)
                   : zmq_msg_recv(message, socket, ZMQ_DONTWAIT) < 0 ? -zmq_errno()
                                                                     : 0;
        if (code < 0) {
            zmq_msg_close(message);
            for (uint32_t part = 0; part < count && part < batch->parts; part++) {
                zmq_msg_close(&messages[part]);
            }
            return code;
        }
        more = virtual != NULL ? is_more : zmq_msg_more(message);
        if (count < batch->parts) {
            views[count].bytes = zmq_msg_data(message);
            views[count].length = zmq_msg_size(message);
            *bytes += views[count].length;
        } else {
            zmq_msg_close(message);
        }
        count++;
    }
    for (uint32_t part = count; part < batch->parts; part++) {
        views[part] = (rm_part){NULL, 0};
    }
    batch->part_counts[row] = count;
    return 0;
}

int rm_batch_receive(rm_batch *batch, rm_socket *socket, uint32_t messages_max, size_t bytes_max) {
    if (batch->count != 0) {
        return RM_EINVAL;
    }
    size_t bytes = 0;
    uint32_t limit = messages_max < batch->capacity ? messages_max : batch->capacity;
    while (batch->count < limit && bytes < bytes_max) {
        int status = receive_one(batch, (void *)socket, batch->count, &bytes);
        if (status == RM_EINTR) {
            continue;
        }
        if (status < 0) {
            return status == RM_EAGAIN || batch->count > 0 ? (int)batch->count : status;
        }
        batch->count++;
    }
    return (int)batch->count;
}

const rm_part *rm_batch_parts(const rm_batch *batch, uint32_t index) {
    return batch->views + (size_t)index * batch->parts;
}

uint32_t rm_batch_part_count(const rm_batch *batch, uint32_t index) {
    return batch->part_counts[index];
}

void rm_batch_release(rm_batch *batch) {
    for (uint32_t row = 0; row < batch->count; row++) {
        zmq_msg_t *messages = batch->messages + (size_t)row * batch->parts;
        uint32_t held = batch->part_counts[row] < batch->parts ? batch->part_counts[row] : batch->parts;
        for (uint32_t part = 0; part < held; part++) {
            zmq_msg_close(&messages[part]);
        }
    }
    batch->count = 0;
}

// A block knows its pool, so that libzmq's free callback finds the way home. The bytes follow the header.
typedef struct block {
    rm_block face; // first: a face is a block
    rm_pool *pool;
    struct block *next;
    // libzmq has it, and its free callback takes it home. Stored (release) by the sender and loaded (acquire) by libzmq's
    // thread, so that what the sender wrote is seen there by the C memory model, not only by libzmq's own queues.
    atomic_bool lent;
} block;

struct rm_pool {
    size_t block_size;
    uint32_t kept_max;
    block *idle; // the owning thread's
    uint32_t idle_count;
    _Atomic(block *) returned; // pushed by libzmq's threads, taken whole by the owner
    atomic_uint references;    // blocks outside, and one for the owner
};

static void pool_release(rm_pool *pool) {
    if (atomic_fetch_sub_explicit(&pool->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    block *lists[2] = {pool->idle, atomic_load_explicit(&pool->returned, memory_order_acquire)};
    for (int list = 0; list < 2; list++) {
        for (block *b = lists[list]; b != NULL;) {
            block *next = b->next;
            free(b);
            b = next;
        }
    }
    free(pool);
}

int rm_pool_create(size_t block_size, uint32_t kept_max, rm_pool **out) {
    rm_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        return RM_ENOMEM;
    }
    pool->block_size = block_size;
    pool->kept_max = kept_max;
    atomic_init(&pool->returned, NULL);
    atomic_init(&pool->references, 1);
    *out = pool;
    return 0;
}

void rm_pool_destroy(rm_pool *pool) {
    pool_release(pool);
}

static void keep(rm_pool *pool, block *b) {
    if (b->face.capacity != pool->block_size || pool->idle_count >= pool->kept_max) {
        free(b);
        return;
    }
    b->next = pool->idle;
    pool->idle = b;
    pool->idle_count++;
}

rm_block *rm_pool_take(rm_pool *pool, size_t size) {
    if (size <= pool->block_size) {
        if (pool->idle == NULL) {
            // Taking the whole list at once leaves no room for the ABA problem of a pop.
            block *b = atomic_exchange_explicit(&pool->returned, NULL, memory_order_acquire);
            while (b != NULL) {
                block *next = b->next;
                keep(pool, b);
                b = next;
            }
        }
        if (pool->idle != NULL) {
            block *b = pool->idle;
            pool->idle = b->next;
            pool->idle_count--;
            atomic_fetch_add_explicit(&pool->references, 1, memory_order_relaxed);
            return &b->face;
        }
        size = pool->block_size;
    }
    block *b = malloc(sizeof *b + size);
    if (b == NULL) {
        return NULL;
    }
    b->face = (rm_block){(uint8_t *)(b + 1), size};
    b->pool = pool;
    b->next = NULL;
    atomic_init(&b->lent, false);
    atomic_fetch_add_explicit(&pool->references, 1, memory_order_relaxed);
    return &b->face;
}

void rm_pool_return(rm_block *face) {
    block *b = (block *)face;
    rm_pool *pool = b->pool;
    keep(pool, b);
    pool_release(pool);
}

// libzmq's thread has sent the block.
static void block_sent(void *bytes, void *hint) {
    (void)bytes;
    block *b = hint;
    if (!atomic_load_explicit(&b->lent, memory_order_acquire)) {
        return; // refused: the block is still the caller's
    }
    rm_pool *pool = b->pool;
    if (b->face.capacity != pool->block_size) {
        free(b);
    } else {
        block *head = atomic_load_explicit(&pool->returned, memory_order_relaxed);
        do {
            b->next = head;
        } while (!atomic_compare_exchange_weak_explicit(&pool->returned, &head, b, memory_order_release,
                                                        memory_order_relaxed));
    }
    pool_release(pool);
}

__attribute__((noinline, cold)) static int send_virtual(const rm_virtual *virtual, const void *identity, size_t identity_length, zmq_msg_t *body) {
    if (identity_length > 0) {
        int status = virtual->calls->send(virtual->object, identity, identity_length, 1);
        if (status < 0) {
            return status;
        }
    }
    int status = virtual->calls->send(virtual->object, zmq_msg_data(body), zmq_msg_size(body), 0);
    if (status == 0) {
        zmq_msg_close(body);
    }
    return status;
}

static int send_message(void *socket, const void *identity, size_t identity_length, zmq_msg_t *body) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        return send_virtual(virtual, identity, identity_length, body);
    }
    if (identity_length > 0) {
        while (zmq_send(socket, identity, identity_length, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
            if (zmq_errno() != EINTR) {
                return -zmq_errno();
            }
        }
    }
    while (zmq_msg_send(body, socket, ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() != EINTR) {
            return -zmq_errno();
        }
    }
    return 0;
}

int rm_send_copy(rm_socket *socket, const void *identity, size_t identity_length, const void *body, size_t length) {
    zmq_msg_t message;
    if (zmq_msg_init_size(&message, length) < 0) {
        return -zmq_errno();
    }
    if (length > 0) {
        memcpy(zmq_msg_data(&message), body, length);
    }
    int status = send_message((void *)socket, identity, identity_length, &message);
    if (status < 0) {
        zmq_msg_close(&message);
    }
    return status;
}

int rm_send_block(rm_socket *socket, const void *identity, size_t identity_length, rm_block *face, size_t length) {
    zmq_msg_t message;
    if (zmq_msg_init_data(&message, face->bytes, length, block_sent, face) < 0) {
        return -zmq_errno();
    }
    block *b = (block *)face;
    atomic_store_explicit(&b->lent, true, memory_order_release);
    int status = send_message((void *)socket, identity, identity_length, &message);
    if (status < 0) {
        atomic_store_explicit(&b->lent, false, memory_order_relaxed);
        zmq_msg_close(&message);
    }
    return status;
}

int rm_send_part(rm_socket *socket, const void *bytes, size_t length, int more) {
    const rm_virtual *virtual = rm_virtual_of(socket);
    if (virtual != NULL) {
        return virtual->calls->send(virtual->object, bytes, length, more);
    }
    int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);
    while (zmq_send((void *)socket, bytes, length, flags) < 0) {
        if (zmq_errno() != EINTR) {
            return -zmq_errno();
        }
    }
    return 0;
}
