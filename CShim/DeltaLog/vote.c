#define XXH_INLINE_ALL
#include "vote.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "rm_raft.h"

enum { RECORD = 48, PLACE = 512 };

static const uint8_t MAGIC[8] = {'R', 'M', 'V', 'O', 'T', 'E', 0, 1};

static void store(uint8_t *to, uint64_t value) {
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t load(const uint8_t *from) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value |= (uint64_t)from[i] << (8 * i);
    return value;
}

static int decode(const uint8_t *bytes, size_t length, rm_log_vote *out) {
    if (length < RECORD || memcmp(bytes, MAGIC, sizeof MAGIC) != 0) return 0;
    if (load(bytes + 40) != XXH3_64bits(bytes, 40)) return 0;
    *out = (rm_log_vote){load(bytes + 8), load(bytes + 16), load(bytes + 24), load(bytes + 32)};
    return out->number != 0;
}

int rm_log_decode_votes(const void *bytes, size_t length, rm_log_vote out[2]) {
    const uint8_t *from = bytes;
    rm_log_vote first, second;
    int has_first = decode(from, length, &first);
    int has_second = length > PLACE && decode(from + PLACE, length - PLACE, &second);
    if (has_first && has_second) {
        out[0] = first.number > second.number ? first : second;
        out[1] = first.number > second.number ? second : first;
        return 2;
    }
    if (has_first) out[0] = first;
    if (has_second) out[0] = second;
    return has_first || has_second;
}

int rm_vote_open(struct rm_vote *vote, const char *dir) {
    uint8_t bytes[PLACE + RECORD];
    rm_log_vote records[2];
    memset(vote, 0, sizeof *vote);
    vote->descriptor = -1;
    vote->directory = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (vote->directory < 0) return RM_RAFT_EIO;
    vote->descriptor = openat(vote->directory, RM_VOTE_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    ssize_t length = vote->descriptor < 0 ? -1 : pread(vote->descriptor, bytes, sizeof bytes, 0);
    if (length < 0) {
        rm_vote_close(vote);
        return RM_RAFT_EIO;
    }
    if (rm_log_decode_votes(bytes, (size_t)length, records) > 0) vote->record = records[0];
    return 0;
}

static int put(struct rm_vote *vote, rm_log_vote record) {
    uint8_t bytes[RECORD];
    record.number = vote->record.number + 1;
    if (vote->kept != NULL) {
        *vote->kept = vote->record = record;
        return 0;
    }
    memcpy(bytes, MAGIC, sizeof MAGIC);
    store(bytes + 8, record.number);
    store(bytes + 16, record.term);
    store(bytes + 24, record.vote);
    store(bytes + 32, record.last_index);
    store(bytes + 40, XXH3_64bits(bytes, 40));
    ssize_t written;
    do written = pwrite(vote->descriptor, bytes, RECORD, (off_t)(record.number % 2 * PLACE));
    while (written < 0 && errno == EINTR);
    if (written != RECORD || fdatasync(vote->descriptor) != 0) return RM_RAFT_EIO;
    if (vote->directory >= 0) {
        if (fsync(vote->directory) != 0) return RM_RAFT_EIO;
        close(vote->directory);
        vote->directory = -1;
    }
    vote->record = record;
    return 0;
}

int rm_vote_write(struct rm_vote *vote, uint64_t term, uint64_t server, uint64_t last_index) {
    if (last_index < vote->record.last_index) last_index = vote->record.last_index;
    return put(vote, (rm_log_vote){0, term, server, last_index});
}

int rm_vote_lower(struct rm_vote *vote, uint64_t last_index) {
    rm_log_vote record = vote->record;
    if (record.last_index <= last_index) return 0;
    record.last_index = last_index;
    return put(vote, record);
}

void rm_vote_raise(struct rm_vote *vote, uint64_t last_index) {
    rm_log_vote record = vote->record;
    if (record.last_index >= last_index || record.number == 0) return;
    record.last_index = last_index;
    (void)put(vote, record);
}

void rm_vote_close(struct rm_vote *vote) {
    if (vote->descriptor >= 0) close(vote->descriptor);
    if (vote->directory >= 0) close(vote->directory);
    vote->descriptor = vote->directory = -1;
}
