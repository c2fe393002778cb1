/// Reads what the delta log keeps on disk, without libraft: checksums, batches of entries, sealed snapshots, records of votes.
/// Every function only reads memory that the caller owns, and every length is checked.
#ifndef RM_LOG_FILES_H
#define RM_LOG_FILES_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32 as libraft has it: polynomial 0x04C11DB7, most significant bit first, no final complement. Begin with `crc` 0, or go
/// on with the last result. O(length).
uint32_t rm_log_crc32(const void *bytes, size_t length, uint32_t crc);

/// A batch of entries of a segment: where its parts are, in bytes from its begin.
typedef struct rm_log_batch {
    uint64_t count;  ///< Entries.
    size_t headers;  ///< Of the entries' heads: term u64, type u8, zero u8[3], length u32.
    size_t data;     ///< Of the entries' bytes, one after the other.
    size_t end;
} rm_log_batch;

enum {
    RM_LOG_BAD_HEADER = -11101, ///< No batch begins here. `out` is all zeros.
    RM_LOG_BAD_DATA = -11102,   ///< A batch begins here and its data is damaged. `out` says where it should end.
};

/// Checks the batch at the begin of `bytes`: 0, RM_LOG_BAD_HEADER, RM_LOG_BAD_DATA. O(its bytes).
int rm_log_check_batch(const void *bytes, size_t length, rm_log_batch *out);

/// Where the first good batch begins, at a multiple of 8; `length`: there is none.
size_t rm_log_find_batch(const void *bytes, size_t length);

/// The length without the zeros at the end.
size_t rm_log_used_bytes(const void *bytes, size_t length);

/// Finds the content of a snapshot as the log writes it. RM_RAFT_ECORRUPT: it is not what was sealed.
int rm_log_open_snapshot(const void *bytes, size_t length, const uint8_t **content, size_t *content_length);

/// Finds what was proposed in an entry's bytes. RM_RAFT_ECORRUPT: it was made by nobody; RM_RAFT_EINVAL: it is whole, and of
/// another index than `index`.
int rm_log_open_entry(const void *bytes, size_t length, uint64_t index, const uint8_t **content, size_t *content_length);

/// A record of the term and vote.
typedef struct rm_log_vote {
    uint64_t number;     ///< Counts the records from 1.
    uint64_t term;
    uint64_t vote;       ///< A server's id; 0: nobody.
    uint64_t last_index; ///< The log on disk goes at least so far.
} rm_log_vote;

/// Decodes the one or two good records of the file `vote`, the newer one first, and says how many there are.
int rm_log_decode_votes(const void *bytes, size_t length, rm_log_vote out[2]);

#endif
