// A second, checksummed record of the term and vote, and of how far the log on disk goes. libraft's own record has no checksum:
// a flipped bit would let a server vote twice in a term. Internal to this target.
//
//     file   = two records, at 0 and 512: the newer one has the higher number
//     record = magic u64, number u64, term u64, vote u64, last index u64, XXH3 of those u64; little-endian
#ifndef RM_VOTE_H
#define RM_VOTE_H

#include "rm_log_files.h"

#define RM_VOTE_FILE "vote"

struct rm_vote {
    int descriptor;
    int directory;             // until the file's name is synchronized, else -1
    rm_log_vote record; // the newest; all zeros: there is none
    rm_log_vote *kept;  // of a simulation: where it is written in the place of the file
};

/// Opens the file in `dir`, or makes it. RM_RAFT_EIO: `vote` holds nothing then.
int rm_vote_open(struct rm_vote *vote, const char *dir);

/// Writes a record and synchronizes it. The last index only grows. RM_RAFT_EIO.
int rm_vote_write(struct rm_vote *vote, uint64_t term, uint64_t server, uint64_t last_index);

/// Notes that no more than `last_index` entries need be on disk from here on. RM_RAFT_EIO.
int rm_vote_lower(struct rm_vote *vote, uint64_t last_index);

/// Notes that the entries up to `last_index` are on disk.
void rm_vote_raise(struct rm_vote *vote, uint64_t last_index);

void rm_vote_close(struct rm_vote *vote);

#endif
