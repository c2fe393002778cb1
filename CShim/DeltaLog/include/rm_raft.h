/// The delta log's engine: libraft with its libuv disk format, on a libuv loop of its own that an event loop drives.
///
/// libraft's network part is not used: what it sends is handed to a callback as one buffer, and what the other side's
/// callback was given comes in by `rm_raft_receive`. Everything but `encode` happens on the one thread that calls in.
/// A callback must not call back into the same `rm_raft`, except for the functions that only read.
#ifndef RM_RAFT_H
#define RM_RAFT_H

#include <stddef.h>
#include <stdint.h>

/// Why something was refused. `rm_raft_error` has the words of the last failure, file names included.
enum {
    RM_RAFT_ENOMEM = -11001,      ///< No memory.
    RM_RAFT_ENOTLEADER = -11002,  ///< Only a leader can do this.
    RM_RAFT_ELOST = -11003,       ///< Leadership was lost; whether the entry will be committed is unknown.
    RM_RAFT_EBUSY = -11004,       ///< A change or transfer is under way already. Try again when it has ended.
    RM_RAFT_EEXISTS = -11005,     ///< The directory holds a log already.
    RM_RAFT_ECORRUPT = -11006,    ///< A file is damaged, or is of another format.
    RM_RAFT_EIO = -11007,         ///< The file system failed.
    RM_RAFT_ENOSPACE = -11008,    ///< The disk is full.
    RM_RAFT_ETOOBIG = -11009,     ///< A name, an entry or a configuration is beyond a limit.
    RM_RAFT_EINVAL = -11010,      ///< An argument is wrong: an id, a role, an address.
    RM_RAFT_ENOTFOUND = -11011,   ///< No such server, or no such directory.
    RM_RAFT_EUNREACHED = -11012,  ///< The server did not catch up in time.
    RM_RAFT_ECLOSED = -11013,     ///< The log is closed, or was cancelled on its way there.
    RM_RAFT_EMALFORMED = -11014,  ///< A message that is none, or that no correct peer sends. It changed nothing.
    RM_RAFT_ERESTORE = -11015,    ///< The state machine refused a snapshot.
    RM_RAFT_EOTHER = -11099,      ///< Anything else.
};

enum {
    RM_RAFT_ADDRESS_MAX = 255,        ///< Bytes of a server's address.
    RM_RAFT_SERVERS_MAX = 64,         ///< Servers of a configuration.
    RM_RAFT_ENTRIES_MAX = 1 << 20,    ///< Entries of one message.
    RM_RAFT_ENTRY_MAX = 7 << 20,      ///< Bytes of one entry: it must fit into a segment.
};

/// Roles of a server in the configuration.
enum { RM_RAFT_STANDBY = 0, RM_RAFT_VOTER = 1, RM_RAFT_SPARE = 2 };

/// What this server is at the moment. A leader counts as one when its first entry has been applied, which makes sure that
/// everything committed before it has been applied too; until then it is RM_RAFT_CANDIDATE.
enum { RM_RAFT_UNAVAILABLE = 0, RM_RAFT_FOLLOWER = 1, RM_RAFT_CANDIDATE = 2, RM_RAFT_LEADER = 3 };

typedef struct rm_raft rm_raft;

/// Where a snapshot's bytes go. Lives during one call of `encode`.
typedef struct rm_raft_sink rm_raft_sink;

/// What the log calls. `context` is handed back as it is.
typedef struct rm_raft_callbacks {
    void *context;
    /// A committed entry, in order. The bytes live during the call.
    void (*apply)(void *context, const uint8_t *bytes, size_t length, uint64_t index);
    /// A proposal has ended: 0 after its `apply`, otherwise a negative code. Once for each that was accepted.
    void (*proposal_ended)(void *context, uint64_t id, int code);
    /// A change of servers or a transfer has ended, with 0 or a negative code. Once for each that was accepted.
    void (*change_ended)(void *context, uint64_t id, int code);
    /// Captures the state for a snapshot, at once; NULL: not now.
    void *(*capture)(void *context);
    /// Encodes what was captured into the sink with `rm_raft_sink_fill`; 0 or a negative code. On another thread.
    int (*encode)(void *snapshot, rm_raft_sink *sink);
    /// Ends what was captured. Once for each.
    void (*release)(void *snapshot);
    /// Replaces the state by a snapshot; 0 or a negative code. The bytes live during the call.
    int (*restore)(void *context, const uint8_t *bytes, size_t length);
    /// A message for server `to`. The bytes live during the call. It may be lost, but not changed.
    void (*send)(void *context, const uint8_t *bytes, size_t length, uint64_t to);
} rm_raft_callbacks;

typedef struct rm_raft_settings {
    uint32_t election_timeout_ms;         ///< An election begins after one to two times this without a leader.
    uint32_t heartbeat_ms;                ///< Below the election timeout.
    uint32_t install_snapshot_timeout_ms; ///< After this a snapshot that was sent is sent again.
    uint32_t snapshot_threshold;          ///< Entries after which a snapshot is taken.
    uint32_t snapshot_trailing;           ///< Entries kept behind a snapshot, for followers that are a little behind.
    uint64_t segment_bytes;               ///< Size of a file of entries; a multiple of 4096.
    uint64_t message_bytes_max;           ///< Entries are sent in messages of about this size; one entry at least.
} rm_raft_settings;

typedef struct rm_raft_server {
    uint64_t id;         ///< Above 0.
    const char *address; ///< NUL-terminated, up to RM_RAFT_ADDRESS_MAX bytes.
    int role;
} rm_raft_server;

/// Opens the log in directory `dir`, which exists. `*out` is the caller's until `rm_raft_destroy`; on failure it is NULL
/// and `error`, of `capacity` bytes, has the reason in words.
int rm_raft_open(const char *dir, uint64_t id, const char *address, const rm_raft_callbacks *callbacks,
                 const rm_raft_settings *settings, rm_raft **out, char *error, size_t capacity);

/// Writes the first configuration into an empty directory; before `rm_raft_start`, and on every server the same.
int rm_raft_bootstrap(rm_raft *log, const rm_raft_server *servers, uint32_t count);

/// Writes the newest record of term and vote over libraft's own, which is the one before it: a crash came between the two. Nobody
/// has heard of the newer one, and to keep to it is never wrong. Before `rm_raft_start`.
int rm_raft_restore_vote(rm_raft *log);

/// Loads what is on disk (`restore`), and begins to take part. Reads the whole log: O(its bytes).
int rm_raft_start(rm_raft *log);

/// The descriptor that is readable, level-triggered, when `rm_raft_pump` has something to do.
int rm_raft_descriptor(const rm_raft *log);

/// Milliseconds after which `rm_raft_pump` must be called in any case; negative: never.
int rm_raft_timeout_ms(const rm_raft *log);

/// Sets the election time-out that holds from the next election on. Above the heartbeat, as the one it was opened with.
void rm_raft_set_election_timeout(rm_raft *log, uint32_t timeout_ms);

/// Takes the caller's word that server `id` is dead. If this server follows it, it has no leader from now on, so that it may vote for
/// others, and stands for election itself after `delay_ms` unless it hears from a leader before. A word that was wrong
/// costs an election. Returns whether it followed it.
int rm_raft_server_died(rm_raft *log, uint64_t id, uint32_t delay_ms);

/// Does what is to be done, without waiting: time, disk, callbacks. Call it after other calls, too, before sleeping.
/// Returns 0, or the failure that keeps this server from saving what it must: close it.
int rm_raft_pump(rm_raft *log);

/// Proposes an entry of up to RM_RAFT_ENTRY_MAX bytes, which are copied. On success `proposal_ended` tells the end.
int rm_raft_propose(rm_raft *log, const void *bytes, size_t length, uint64_t id);

/// Takes a message of server `from`, as that server's `send` gave it. O(length). RM_RAFT_EMALFORMED: it was dropped.
int rm_raft_receive(rm_raft *log, const void *bytes, size_t length, uint64_t from);

/// Checks a message as `rm_raft_receive` does before anything depends on the receiver's state. Touches no log.
int rm_raft_check_message(const void *bytes, size_t length);

/// Changes of the configuration, one at a time, on the leader. `change` comes back in `change_ended`.
int rm_raft_add(rm_raft *log, uint64_t id, const char *address, uint64_t change);
int rm_raft_assign(rm_raft *log, uint64_t id, int role, uint64_t change);
int rm_raft_remove(rm_raft *log, uint64_t id, uint64_t change);

/// Hands leadership to voter `id`; 0: to any. `change_ended` has 0 if it worked.
int rm_raft_transfer(rm_raft *log, uint64_t id, uint64_t change);

/// Takes a snapshot at the next entry that is applied; a leader adds an empty one for the purpose.
int rm_raft_take_snapshot(rm_raft *log);

/// Keeps the server out of elections, or no longer: it answers and follows, but never stands.
void rm_raft_retire(rm_raft *log, int is_retired);

/// Fills in up to `capacity` servers of the present configuration, committed or not, and returns how many there are; 0: none is
/// known yet. The addresses are valid until the next call that is not one of these.
uint32_t rm_raft_servers(const rm_raft *log, rm_raft_server *servers, uint32_t capacity);

/// The index of the entry that the present configuration came with; 0: none is known yet.
uint64_t rm_raft_configuration_index(const rm_raft *log);

int rm_raft_state(const rm_raft *log);
uint64_t rm_raft_term(const rm_raft *log);
uint64_t rm_raft_leader(const rm_raft *log); ///< 0: unknown.
uint64_t rm_raft_last_index(const rm_raft *log);
uint64_t rm_raft_last_applied(const rm_raft *log);
uint64_t rm_raft_snapshot_index(const rm_raft *log);

/// The last failure in words. Valid until the next call.
const char *rm_raft_error(const rm_raft *log);

/// Copies `length` bytes as the snapshot's content. Once in each `encode`. RM_RAFT_ENOMEM.
int rm_raft_sink_fill(rm_raft_sink *sink, const void *bytes, size_t length);

/// Begins to close: every proposal and change ends now. Pump until `rm_raft_is_closed`.
void rm_raft_close(rm_raft *log);
int rm_raft_is_closed(const rm_raft *log);

/// Frees a log that is closed, or waits here until one is that was not.
void rm_raft_destroy(rm_raft *log);

/// Whether the end of a segment of the log keeps nobody from the next: 1, or 0 where this libraft is built in a way that
/// does not let its call to io_destroy(2), which waits for the kernel for 10 to 30 ms, be made on another thread.
int rm_raft_ends_segments_aside(void);

#endif
