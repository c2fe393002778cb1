#include "peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

enum { CAPACITY_MIN = 64 };

int raw_peers_init(raw_peers *peers) {
    *peers = (raw_peers){.slots = calloc(CAPACITY_MIN, sizeof *peers->slots), .capacity = CAPACITY_MIN};
    return peers->slots == NULL ? -ENOMEM : 0;
}

void raw_peers_destroy(raw_peers *peers) {
    for (size_t index = 0; index < peers->capacity && peers->slots != NULL; index++) {
        if (peers->slots[index] != NULL) {
            msgpack_sbuffer_destroy(&peers->slots[index]->gathered);
            free(peers->slots[index]);
        }
    }
    free(peers->slots);
}

// FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/
static size_t hash(const void *id, size_t id_bytes) {
    uint64_t value = 0xcbf29ce484222325u;
    for (size_t index = 0; index < id_bytes; index++) {
        value = (value ^ ((const uint8_t *)id)[index]) * 0x100000001b3u;
    }
    return (size_t)(value ^ value >> 32);
}

static bool is(const raw_peer *peer, const void *id, size_t id_bytes) {
    return peer->id_bytes == id_bytes && memcmp(peer->id, id, id_bytes) == 0;
}

// The slot of the peer, or the free one where it belongs.
static raw_peer **slot_of(raw_peer **slots, size_t capacity, const void *id, size_t id_bytes) {
    size_t index = hash(id, id_bytes) & (capacity - 1);
    while (slots[index] != NULL && !is(slots[index], id, id_bytes)) {
        index = (index + 1) & (capacity - 1);
    }
    return &slots[index];
}

static bool grow(raw_peers *peers) {
    size_t capacity = peers->capacity * 2;
    raw_peer **slots = calloc(capacity, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t index = 0; index < peers->capacity; index++) {
        raw_peer *peer = peers->slots[index];
        if (peer != NULL) {
            *slot_of(slots, capacity, peer->id, peer->id_bytes) = peer;
        }
    }
    free(peers->slots);
    peers->slots = slots;
    peers->capacity = capacity;
    return true;
}

raw_peer *raw_peers_find(raw_peers *peers, const void *id, size_t id_bytes) {
    if (peers->last != NULL && is(peers->last, id, id_bytes)) {
        return peers->last;
    }
    raw_peer **slot = slot_of(peers->slots, peers->capacity, id, id_bytes);
    if (*slot == NULL) {
        if (peers->count * 2 >= peers->capacity) {
            if (!grow(peers)) {
                return NULL;
            }
            slot = slot_of(peers->slots, peers->capacity, id, id_bytes);
        }
        raw_peer *peer = calloc(1, sizeof *peer);
        if (peer == NULL || !raw_buffer_init(&peer->gathered, RAW_GATHER_BYTES)) {
            free(peer);
            return NULL;
        }
        peer->id_bytes = (uint8_t)id_bytes;
        memcpy(peer->id, id, id_bytes);
        *slot = peer;
        peers->count++;
    }
    peers->last = *slot;
    return *slot;
}
