// The client: calls by name, each with a state of its own that the completion queue gives back. Streams are in it too: they share
// its queue.

#include "grpc_calls.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <deque>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

namespace {

/// From a lost connection to the first and to the last try for a new one. gRPC's own are 1 s and 2 minutes, for servers far away.
constexpr int kReconnectMs = 100;

/// Between two looks while a wait has an end. A wait of gRPC's own ends up to 1 ms late, and what is sent then with it.
constexpr int64_t kLookEveryNs = 20000;

/// What the queue gives back when something is done.
struct Tag {
    enum Kind { kAnswered, kBegun, kWritten, kRead, kEnded } kind;
    /// A `Call` for `kAnswered`, else a stream.
    void *owner;
};

struct Call {
    Tag answered = {Tag::kAnswered, this};
    uint64_t id = 0;
    grpc::ClientContext context;
    grpc::ByteBuffer reply;
    grpc::Status status;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
};

std::shared_ptr<grpc::Channel> connect(const char *target, const char *config) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMs);
    // Else clients of one process share a connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    if (config != nullptr) {
        arguments.SetServiceConfigJSON(config);
    }
    return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

int64_t now_ns() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
}

void sleep_ns(int64_t ns) {
    timespec time = {ns / 1000000000, ns % 1000000000};
    nanosleep(&time, nullptr);
}

}  // namespace

struct compare_grpc_client {
    compare_grpc_client(const char *target, const char *config, int64_t timeout_ms)
        : stub(connect(target, config)), waits_for_ready(config != nullptr), timeout_ms(timeout_ms) {}

    grpc::GenericStub stub;
    bool waits_for_ready;
    bool is_idle = false;
    int64_t timeout_ms;
    grpc::CompletionQueue queue;
    /// Calls, and streams that have not ended.
    size_t in_flight = 0;
    std::unordered_set<compare_grpc_stream *> streams;
    /// Of the answer that was given last.
    std::string text;
    std::vector<uint8_t> bytes;
    grpc::Slice slice;
};

struct compare_grpc_stream {
    Tag begun = {Tag::kBegun, this};
    Tag written = {Tag::kWritten, this};
    Tag read = {Tag::kRead, this};
    Tag ended = {Tag::kEnded, this};
    compare_grpc_client *client;
    uint64_t id;
    grpc::ClientContext context;
    grpc::ByteBuffer message;
    grpc::Status status;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> both_ways;
    /// One message may be on its way at a time; the first of these is.
    std::deque<grpc::ByteBuffer> unwritten;
    bool is_writing = false;
    /// Operations that the queue has not given back.
    int outstanding = 0;
    bool has_ended = false;

    void write_next() {
        if (!is_writing && !unwritten.empty()) {
            is_writing = true;
            outstanding += 1;
            both_ways->Write(unwritten.front(), &written);
        }
    }

    void read_next() {
        outstanding += 1;
        both_ways->Read(&message, &read);
    }

    void finish() {
        outstanding += 1;
        both_ways->Finish(&status, &ended);
    }
};

const char *compare_grpc_version(void) {
    static const std::string version = grpc::Version();
    return version.c_str();
}

compare_grpc_client *compare_grpc_open(const char *target, const char *config, int64_t timeout_ms) {
    return new (std::nothrow) compare_grpc_client(target, config, timeout_ms);
}

void compare_grpc_wait_idly(compare_grpc_client *client) { client->is_idle = true; }

/// Frees a stream that is over in every way.
static void free_if_over(compare_grpc_stream *stream) {
    if (stream->has_ended && stream->outstanding == 0) {
        stream->client->streams.erase(stream);
        delete stream;
    }
}

void compare_grpc_close(compare_grpc_client *client) {
    for (compare_grpc_stream *stream : client->streams) {
        stream->context.TryCancel();
    }
    client->queue.Shutdown();
    void *tag = nullptr;
    bool ok = false;
    // No call on a queue that is shut down: a stream that is cancelled ends without being asked for its status.
    while (client->queue.Next(&tag, &ok)) {
        if (static_cast<Tag *>(tag)->kind == Tag::kAnswered) {
            delete static_cast<Call *>(static_cast<Tag *>(tag)->owner);
        }
    }
    for (compare_grpc_stream *stream : client->streams) {
        delete stream;
    }
    delete client;
}

void compare_grpc_send(compare_grpc_client *client, uint64_t id, const char *method, const uint8_t *message, size_t size) {
    auto *call = new Call;
    call->id = id;
    call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(client->timeout_ms));
    call->context.set_wait_for_ready(client->waits_for_ready);
    grpc::Slice slice(message, size);
    grpc::ByteBuffer request(&slice, 1);
    call->reader = client->stub.PrepareUnaryCall(&call->context, method, request, &client->queue);
    call->reader->StartCall();
    call->reader->Finish(&call->reply, &call->status, &call->answered);
    client->in_flight += 1;
}

compare_grpc_stream *compare_grpc_stream_begin(compare_grpc_client *client, uint64_t id, const char *method,
                                               const uint8_t *message, size_t size) {
    auto *stream = new compare_grpc_stream;
    stream->client = client;
    stream->id = id;
    stream->context.set_wait_for_ready(client->waits_for_ready);
    client->streams.insert(stream);
    client->in_flight += 1;
    grpc::Slice slice(message, size);
    stream->unwritten.emplace_back(&slice, 1);
    stream->both_ways = client->stub.PrepareCall(&stream->context, method, &client->queue);
    stream->outstanding += 1;
    stream->both_ways->StartCall(&stream->begun);
    // Nothing may be written before it has begun.
    stream->is_writing = true;
    return stream;
}

void compare_grpc_stream_write(compare_grpc_stream *stream, const uint8_t *message, size_t size) {
    grpc::Slice slice(message, size);
    stream->unwritten.emplace_back(&slice, 1);
    stream->write_next();
}

/// What the queue gives within a time; nullptr when the time is over.
static Tag *next(compare_grpc_client *client, int64_t ns, bool *ok) {
    void *tag = nullptr;
    if (ns < 0) {
        return client->queue.Next(&tag, ok) ? static_cast<Tag *>(tag) : nullptr;
    }
    if (client->is_idle) {
        gpr_timespec deadline = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(ns, GPR_TIMESPAN));
        bool has_come = client->queue.AsyncNext(&tag, ok, deadline) == grpc::CompletionQueue::GOT_EVENT;
        return has_come ? static_cast<Tag *>(tag) : nullptr;
    }
    int64_t end_ns = now_ns() + ns;
    while (true) {
        // To look where nothing is due would be a system call for nothing.
        if (client->in_flight > 0 &&
            client->queue.AsyncNext(&tag, ok, gpr_time_0(GPR_CLOCK_MONOTONIC)) == grpc::CompletionQueue::GOT_EVENT) {
            return static_cast<Tag *>(tag);
        }
        int64_t left_ns = ns == 0 ? 0 : end_ns - now_ns();
        if (left_ns <= 0) {
            return nullptr;
        }
        sleep_ns(client->in_flight > 0 ? std::min(left_ns, kLookEveryNs) : left_ns);
    }
}

static void give(compare_grpc_client *client, grpc::ByteBuffer *message, compare_grpc_reply *reply) {
    if (message->TrySingleSlice(&client->slice).ok()) {
        reply->bytes = client->slice.begin();
        reply->size = client->slice.size();
        return;
    }
    std::vector<grpc::Slice> slices;
    client->bytes.clear();
    if (message->Dump(&slices).ok()) {
        for (const auto &slice : slices) {
            client->bytes.insert(client->bytes.end(), slice.begin(), slice.end());
        }
    }
    reply->bytes = client->bytes.data();
    reply->size = client->bytes.size();
}

static void give(compare_grpc_client *client, const grpc::Status &status, compare_grpc_reply *reply) {
    reply->status = status.error_code();
    client->text = status.error_message();
    reply->bytes = reinterpret_cast<const uint8_t *>(client->text.data());
    reply->size = client->text.size();
}

/// Takes a step of a stream. Whether there is something to give.
static bool advance(compare_grpc_stream *stream, Tag::Kind kind, bool ok, compare_grpc_reply *reply) {
    compare_grpc_client *client = stream->client;
    stream->outstanding -= 1;
    reply->id = stream->id;
    bool gives = false;
    switch (kind) {
        case Tag::kBegun:
            if (ok) {
                stream->is_writing = false;
                stream->write_next();
                stream->read_next();
            } else {
                stream->finish();
            }
            break;
        case Tag::kWritten:
            stream->unwritten.pop_front();
            // Where it failed the stream is over, which reading tells.
            stream->is_writing = !ok;
            stream->write_next();
            break;
        case Tag::kRead:
            if (ok) {
                give(client, &stream->message, reply);
                stream->read_next();
                gives = true;
            } else {
                stream->is_writing = true;
                stream->finish();
            }
            break;
        default:
            stream->has_ended = true;
            client->in_flight -= 1;
            give(client, stream->status, reply);
            reply->is_end = 1;
            gives = true;
    }
    free_if_over(stream);
    return gives;
}

int compare_grpc_receive(compare_grpc_client *client, int64_t ns, compare_grpc_reply *reply) {
    bool ok = false;
    while (Tag *tag = next(client, ns, &ok)) {
        *reply = compare_grpc_reply{};
        if (tag->kind != Tag::kAnswered) {
            if (advance(static_cast<compare_grpc_stream *>(tag->owner), tag->kind, ok, reply)) {
                return 1;
            }
            // A step within a stream: what may be there beside it is taken, without a longer wait.
            ns = ns < 0 ? ns : 0;
            continue;
        }
        std::unique_ptr<Call> call(static_cast<Call *>(tag->owner));
        client->in_flight -= 1;
        reply->id = call->id;
        if (call->status.ok()) {
            give(client, &call->reply, reply);
        } else {
            give(client, call->status, reply);
        }
        return 1;
    }
    return 0;
}
