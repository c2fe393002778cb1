/// The peers of a server, found by their routing id, each with the replies that gather for it.
#ifndef RAW_PEERS_H
#define RAW_PEERS_H

#include <msgpack/sbuffer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct raw_peer {
    struct raw_peer *next_due; // in the list of those with gathered replies
    bool is_due;
    uint32_t frames;
    msgpack_sbuffer gathered;
    uint8_t id_bytes;
    char id[255];
} raw_peer;

/// An open-addressing table. Peers stay until the table goes: a benchmark has as many as it has clients.
typedef struct raw_peers {
    raw_peer **slots;
    size_t capacity; // a power of two
    size_t count;
    raw_peer *last; // most messages come from the peer of the one before
} raw_peers;

/// Returns 0 or -ENOMEM.
int raw_peers_init(raw_peers *peers);
void raw_peers_destroy(raw_peers *peers);

/// The peer with this routing id, made when it is new. NULL: no memory. O(1) on average.
raw_peer *raw_peers_find(raw_peers *peers, const void *id, size_t id_bytes);

#endif
