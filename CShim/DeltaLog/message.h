// libraft's messages as bytes. Internal to this target.
#ifndef RM_RAFT_MESSAGE_H
#define RM_RAFT_MESSAGE_H

#include <raft.h>
#include <stdint.h>

/// Bytes that the glue puts before a snapshot: magic, version, checksum, length.
enum { RM_SNAPSHOT_HEAD = 24 };

/// Bytes that the glue puts before what was proposed: its length, and the low half of its index.
enum { RM_ENTRY_HEAD = 8 };

/// Bytes of an entry in which `length` bytes were proposed.
static inline size_t rm_entry_size(size_t length) {
    return (RM_ENTRY_HEAD + length + 7) & ~(size_t)7;
}

/// Writes the head of a snapshot whose content of `length` bytes follows it.
void rm_snapshot_seal(uint8_t *head, size_t length);

/// Finds the content of a sealed snapshot. RM_RAFT_ECORRUPT: it is not what was sealed.
int rm_snapshot_open(const void *bytes, size_t length, const uint8_t **content, size_t *content_length);

/// Encodes `message` into one buffer of raft_malloc'd memory, the caller's. Entries beyond about `bytes_max` are left for a
/// later message, at least one goes.
int rm_message_encode(const struct raft_message *message, size_t bytes_max, struct raft_buffer *out);

/// Decodes a message into memory that libraft may own. Neither sender nor address are set. RM_RAFT_EMALFORMED,
/// RM_RAFT_ENOMEM: there is nothing to free. Nothing in the result makes libraft read outside of it.
int rm_message_decode(const void *bytes, size_t length, struct raft_message *out);

/// Frees what `rm_message_decode` made and nobody took.
void rm_message_discard(struct raft_message *message);

#endif
