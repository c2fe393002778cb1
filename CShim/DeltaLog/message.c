// libraft's messages as bytes: little-endian, a version, every length checked against what is there. libraft itself
// trusts what it is given (Debian builds it without its assertions), so whatever it relies on is checked here.
//
//     message = version u8, type u8, zero u16, fields
//     append_entries = term, prev_log_index, prev_log_term, leader_commit, count u32, zero u32,
//                      count of (term, length u32, type u8, zero u8[3]), the entries' bytes
//     install_snapshot = term, last_index, last_term, configuration_index, count u32, zero u32,
//                      count of (id, role u8, address length u8, address), length, bytes
//     u64 where nothing else is said

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

#include "message.h"
#include "rm_log_files.h"
#include "rm_raft.h"

enum { VERSION = 1, HEAD = 4, ENTRY_HEAD = 16 };

// Beyond this an index or term could overflow in libraft's arithmetic; nothing honest comes near.
static const uint64_t NUMBER_MAX = 1ULL << 62;
static const uint8_t SNAPSHOT_MAGIC[8] = {'R', 'M', 'S', 'N', 'A', 'P', 0, 1};

static void put(uint8_t **to, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) *(*to)++ = (uint8_t)(value >> (8 * i));
}

static uint64_t load(const uint8_t *from, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (uint64_t)from[i] << (8 * i);
    return value;
}

/// What is left to read. A read beyond the end fails it for good and gives 0.
struct reader {
    const uint8_t *at;
    size_t left;
    int failed;
};

static const uint8_t *take_bytes(struct reader *reader, size_t length) {
    if (reader->failed || reader->left < length) {
        reader->failed = 1;
        return NULL;
    }
    const uint8_t *bytes = reader->at;
    reader->at += length;
    reader->left -= length;
    return bytes;
}

static uint64_t take(struct reader *reader, int bytes) {
    const uint8_t *from = take_bytes(reader, (size_t)bytes);
    return from == NULL ? 0 : load(from, bytes);
}

static uint64_t take_number(struct reader *reader) {
    uint64_t value = take(reader, 8);
    if (value > NUMBER_MAX) reader->failed = 1;
    return value;
}

static int take_flag(struct reader *reader, uint64_t max) {
    uint64_t value = take(reader, 1);
    if (value > max) reader->failed = 1;
    return (int)value;
}

// MARK: Snapshots

void rm_snapshot_seal(uint8_t *head, size_t length) {
    memcpy(head, SNAPSHOT_MAGIC, sizeof SNAPSHOT_MAGIC);
    uint8_t *to = head + 8;
    put(&to, length, 8);
    put(&to, XXH3_64bits(head + RM_SNAPSHOT_HEAD, length), 8);
}

int rm_snapshot_open(const void *bytes, size_t length, const uint8_t **content, size_t *content_length) {
    const uint8_t *head = bytes;
    if (length < RM_SNAPSHOT_HEAD || memcmp(head, SNAPSHOT_MAGIC, sizeof SNAPSHOT_MAGIC) != 0) return RM_RAFT_ECORRUPT;
    if (load(head + 8, 8) != length - RM_SNAPSHOT_HEAD) return RM_RAFT_ECORRUPT;
    if (load(head + 16, 8) != XXH3_64bits(head + RM_SNAPSHOT_HEAD, length - RM_SNAPSHOT_HEAD)) return RM_RAFT_ECORRUPT;
    *content = head + RM_SNAPSHOT_HEAD;
    *content_length = length - RM_SNAPSHOT_HEAD;
    return 0;
}

// MARK: Encoding

static size_t size_of_configuration(const struct raft_configuration *configuration) {
    size_t size = 8;
    for (unsigned i = 0; i < configuration->n; i++) size += 10 + strlen(configuration->servers[i].address);
    return size;
}

static void put_configuration(uint8_t **to, const struct raft_configuration *configuration) {
    put(to, configuration->n, 4);
    put(to, 0, 4);
    for (unsigned i = 0; i < configuration->n; i++) {
        const struct raft_server *server = &configuration->servers[i];
        size_t length = strlen(server->address);
        put(to, server->id, 8);
        put(to, (uint64_t)server->role, 1);
        put(to, length, 1);
        memcpy(*to, server->address, length);
        *to += length;
    }
}

/// How many of the entries go into one message.
static unsigned entries_that_fit(const struct raft_append_entries *args, size_t bytes_max, size_t *bytes) {
    unsigned count = 0;
    *bytes = 0;
    while (count < args->n_entries && count < RM_RAFT_ENTRIES_MAX) {
        size_t more = ENTRY_HEAD + args->entries[count].buf.len;
        if (count > 0 && *bytes + more > bytes_max) break;
        *bytes += more;
        count++;
    }
    return count;
}

static void put_append_entries(uint8_t **to, const struct raft_append_entries *args, unsigned count) {
    // Entries that are left out must not be committed by this message: a follower could have others at their indices.
    uint64_t last = args->prev_log_index + count;
    uint64_t commit = count < args->n_entries && args->leader_commit > last ? last : args->leader_commit;
    put(to, args->term, 8);
    put(to, args->prev_log_index, 8);
    put(to, args->prev_log_term, 8);
    put(to, commit, 8);
    put(to, count, 4);
    put(to, 0, 4);
    for (unsigned i = 0; i < count; i++) {
        put(to, args->entries[i].term, 8);
        put(to, args->entries[i].buf.len, 4);
        put(to, args->entries[i].type, 1);
        put(to, 0, 3);
    }
    for (unsigned i = 0; i < count; i++) {
        memcpy(*to, args->entries[i].buf.base, args->entries[i].buf.len);
        *to += args->entries[i].buf.len;
    }
}

int rm_message_encode(const struct raft_message *message, size_t bytes_max, struct raft_buffer *out) {
    size_t size = HEAD;
    unsigned count = 0;
    switch (message->type) {
    case RAFT_IO_APPEND_ENTRIES: {
        size_t bytes;
        count = entries_that_fit(&message->append_entries, bytes_max, &bytes);
        size += 40 + bytes;
        break;
    }
    case RAFT_IO_APPEND_ENTRIES_RESULT: size += 24; break;
    case RAFT_IO_REQUEST_VOTE: size += 34; break;
    case RAFT_IO_REQUEST_VOTE_RESULT: size += 10; break;
    case RAFT_IO_INSTALL_SNAPSHOT:
        size += 32 + size_of_configuration(&message->install_snapshot.conf) + 8 + message->install_snapshot.data.len;
        break;
    case RAFT_IO_TIMEOUT_NOW: size += 24; break;
    default: return RM_RAFT_EINVAL;
    }
    out->base = raft_malloc(size);
    out->len = size;
    if (out->base == NULL) return RM_RAFT_ENOMEM;
    uint8_t *to = out->base;
    put(&to, VERSION, 1);
    put(&to, message->type, 1);
    put(&to, 0, 2);
    switch (message->type) {
    case RAFT_IO_APPEND_ENTRIES: put_append_entries(&to, &message->append_entries, count); break;
    case RAFT_IO_APPEND_ENTRIES_RESULT:
        put(&to, message->append_entries_result.term, 8);
        put(&to, message->append_entries_result.rejected, 8);
        put(&to, message->append_entries_result.last_log_index, 8);
        break;
    case RAFT_IO_REQUEST_VOTE:
        put(&to, message->request_vote.term, 8);
        put(&to, message->request_vote.candidate_id, 8);
        put(&to, message->request_vote.last_log_index, 8);
        put(&to, message->request_vote.last_log_term, 8);
        put(&to, message->request_vote.disrupt_leader, 1);
        put(&to, message->request_vote.pre_vote, 1);
        break;
    case RAFT_IO_REQUEST_VOTE_RESULT:
        put(&to, message->request_vote_result.term, 8);
        put(&to, message->request_vote_result.vote_granted, 1);
        put(&to, message->request_vote_result.pre_vote, 1);
        break;
    case RAFT_IO_INSTALL_SNAPSHOT:
        put(&to, message->install_snapshot.term, 8);
        put(&to, message->install_snapshot.last_index, 8);
        put(&to, message->install_snapshot.last_term, 8);
        put(&to, message->install_snapshot.conf_index, 8);
        put_configuration(&to, &message->install_snapshot.conf);
        put(&to, message->install_snapshot.data.len, 8);
        memcpy(to, message->install_snapshot.data.base, message->install_snapshot.data.len);
        break;
    case RAFT_IO_TIMEOUT_NOW:
        put(&to, message->timeout_now.term, 8);
        put(&to, message->timeout_now.last_log_index, 8);
        put(&to, message->timeout_now.last_log_term, 8);
        break;
    }
    return 0;
}

// MARK: Decoding

/// Whether an entry is a configuration as libraft encodes it; libraft reads it without looking at its length.
static int is_configuration(const uint8_t *bytes, size_t length) {
    struct reader reader = {bytes, length, 0};
    if (take(&reader, 1) != 1) return 0;
    uint64_t count = take(&reader, 8);
    if (count == 0 || count > RM_RAFT_SERVERS_MAX) return 0;
    for (uint64_t i = 0; i < count && !reader.failed; i++) {
        if (take(&reader, 8) == 0) return 0;
        const uint8_t *end = reader.left == 0 ? NULL : memchr(reader.at, 0, reader.left);
        if (end == NULL || end - reader.at > RM_RAFT_ADDRESS_MAX) return 0;
        take_bytes(&reader, (size_t)(end - reader.at) + 1);
        if (take(&reader, 1) > RM_RAFT_SPARE) return 0;
    }
    return !reader.failed;
}

static int is_entry(const struct raft_entry *entry, uint64_t index, uint64_t term_max) {
    if (entry->term == 0 || entry->term > term_max) return 0;
    switch (entry->type) {
    case RAFT_COMMAND: {
        const uint8_t *content;
        size_t length;
        return rm_log_open_entry(entry->buf.base, entry->buf.len, index, &content, &length) == 0;
    }
    case RAFT_BARRIER: return 1;
    case RAFT_CHANGE: return is_configuration(entry->buf.base, entry->buf.len);
    default: return 0;
    }
}

static int take_entries(struct reader *reader, struct raft_append_entries *args) {
    args->entries = NULL;
    args->n_entries = 0;
    uint64_t count = take(reader, 4);
    take(reader, 4);
    if (reader->failed || count > RM_RAFT_ENTRIES_MAX || count * ENTRY_HEAD > reader->left) return RM_RAFT_EMALFORMED;
    if (count == 0) return reader->left == 0 ? 0 : RM_RAFT_EMALFORMED;
    size_t size = reader->left - count * ENTRY_HEAD;
    struct raft_entry *entries = raft_malloc(count * sizeof *entries);
    uint8_t *batch = raft_malloc(size == 0 ? 1 : size);
    if (entries == NULL || batch == NULL) {
        raft_free(entries);
        raft_free(batch);
        return RM_RAFT_ENOMEM;
    }
    memcpy(batch, reader->at + count * ENTRY_HEAD, size);
    size_t offset = 0;
    int valid = 1;
    for (uint64_t i = 0; i < count && valid; i++) {
        struct raft_entry *entry = &entries[i];
        entry->term = take_number(reader);
        uint64_t length = take(reader, 4);
        entry->type = (unsigned short)take(reader, 1);
        take(reader, 3);
        // The disk format needs whole words.
        valid = !reader->failed && length >= 8 && length % 8 == 0 && length <= size - offset;
        if (!valid) break;
        entry->buf.base = batch + offset;
        entry->buf.len = length;
        entry->batch = batch;
        offset += length;
        valid = is_entry(entry, args->prev_log_index + i + 1, args->term);
    }
    if (!valid || offset != size) {
        raft_free(entries);
        raft_free(batch);
        return RM_RAFT_EMALFORMED;
    }
    reader->at += size;
    reader->left -= size;
    args->entries = entries;
    args->n_entries = (unsigned)count;
    return 0;
}

static int take_snapshot(struct reader *reader, struct raft_install_snapshot *args) {
    raft_configuration_init(&args->conf);
    args->data.base = NULL;
    args->term = take_number(reader);
    args->last_index = take_number(reader);
    args->last_term = take_number(reader);
    args->conf_index = take_number(reader);
    uint64_t count = take(reader, 4);
    take(reader, 4);
    int code = RM_RAFT_EMALFORMED;
    if (reader->failed || args->last_index == 0 || args->last_term == 0 || args->last_term > args->term ||
        args->conf_index == 0 || args->conf_index > args->last_index || count == 0 || count > RM_RAFT_SERVERS_MAX)
        return code;
    for (uint64_t i = 0; i < count; i++) {
        char address[RM_RAFT_ADDRESS_MAX + 1];
        uint64_t id = take(reader, 8);
        int role = take_flag(reader, RM_RAFT_SPARE);
        size_t length = (size_t)take(reader, 1);
        const uint8_t *text = take_bytes(reader, length);
        if (reader->failed || id == 0 || memchr(text, 0, length) != NULL) goto failed;
        memcpy(address, text, length);
        address[length] = 0;
        if (raft_configuration_add(&args->conf, id, address, role) != 0) goto failed;
    }
    uint64_t length = take(reader, 8);
    if (reader->failed || length != reader->left) goto failed;
    const uint8_t *content;
    size_t content_length;
    // What is installed has replaced the log before the state machine sees it, so damage is kept out here.
    if (rm_snapshot_open(reader->at, length, &content, &content_length) != 0) goto failed;
    args->data.base = raft_malloc(length);
    args->data.len = length;
    if (args->data.base == NULL) {
        code = RM_RAFT_ENOMEM;
        goto failed;
    }
    memcpy(args->data.base, take_bytes(reader, length), length);
    return 0;
failed:
    raft_configuration_close(&args->conf);
    return code;
}

int rm_message_decode(const void *bytes, size_t length, struct raft_message *out) {
    struct reader reader = {bytes, length, 0};
    memset(out, 0, sizeof *out);
    if (take(&reader, 1) != VERSION) return RM_RAFT_EMALFORMED;
    out->type = (unsigned short)take(&reader, 1);
    if (take(&reader, 2) != 0) return RM_RAFT_EMALFORMED;
    int code = 0;
    switch (out->type) {
    case RAFT_IO_APPEND_ENTRIES:
        out->append_entries.term = take_number(&reader);
        out->append_entries.prev_log_index = take_number(&reader);
        out->append_entries.prev_log_term = take_number(&reader);
        out->append_entries.leader_commit = take_number(&reader);
        code = take_entries(&reader, &out->append_entries);
        break;
    case RAFT_IO_APPEND_ENTRIES_RESULT:
        out->append_entries_result.term = take_number(&reader);
        out->append_entries_result.rejected = take_number(&reader);
        out->append_entries_result.last_log_index = take_number(&reader);
        break;
    case RAFT_IO_REQUEST_VOTE:
        out->request_vote.term = take_number(&reader);
        out->request_vote.candidate_id = take(&reader, 8);
        out->request_vote.last_log_index = take_number(&reader);
        out->request_vote.last_log_term = take_number(&reader);
        out->request_vote.disrupt_leader = take_flag(&reader, 1) == 1;
        out->request_vote.pre_vote = take_flag(&reader, 1) == 1;
        break;
    case RAFT_IO_REQUEST_VOTE_RESULT:
        out->request_vote_result.term = take_number(&reader);
        out->request_vote_result.vote_granted = take_flag(&reader, 1) == 1;
        out->request_vote_result.pre_vote = (raft_tribool)take_flag(&reader, raft_tribool_false);
        break;
    case RAFT_IO_INSTALL_SNAPSHOT: code = take_snapshot(&reader, &out->install_snapshot); break;
    case RAFT_IO_TIMEOUT_NOW:
        out->timeout_now.term = take_number(&reader);
        out->timeout_now.last_log_index = take_number(&reader);
        out->timeout_now.last_log_term = take_number(&reader);
        break;
    default: return RM_RAFT_EMALFORMED;
    }
    if (code != 0) return code;
    if (!reader.failed && reader.left == 0) return 0;
    rm_message_discard(out);
    return RM_RAFT_EMALFORMED;
}

void rm_message_discard(struct raft_message *message) {
    switch (message->type) {
    case RAFT_IO_APPEND_ENTRIES:
        if (message->append_entries.n_entries > 0) raft_free(message->append_entries.entries[0].batch);
        raft_free(message->append_entries.entries);
        break;
    case RAFT_IO_INSTALL_SNAPSHOT:
        raft_configuration_close(&message->install_snapshot.conf);
        raft_free(message->install_snapshot.data.base);
        break;
    }
}

int rm_raft_check_message(const void *bytes, size_t length) {
    struct raft_message message;
    int code = rm_message_decode(bytes, length, &message);
    if (code == 0) rm_message_discard(&message);
    return code;
}
