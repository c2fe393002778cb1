// The client: calls by name, each with a state of its own that the completion queue gives back.

#include "grpc_calls.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

namespace {

/// From a lost connection to the first and to the last try for a new one. gRPC's own are 1 s and 2 minutes, for servers far away.
constexpr int kReconnectMs = 100;

/// Between two looks while a wait has an end. A wait of gRPC's own ends up to 1 ms late, and what is sent then with it.
constexpr int64_t kLookEveryNs = 20000;

struct Call {
    uint64_t id = 0;
    grpc::ClientContext context;
    grpc::ByteBuffer reply;
    grpc::Status status;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
};

std::shared_ptr<grpc::Channel> connect(const char *target) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMs);
    // Else clients of one process share a connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
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
    compare_grpc_client(const char *target, const char *method, int64_t timeout_ms)
        : stub(connect(target)), method(method), timeout_ms(timeout_ms) {}

    grpc::GenericStub stub;
    std::string method;
    int64_t timeout_ms;
    grpc::CompletionQueue queue;
    size_t in_flight = 0;
    /// Of the answer that was given last.
    std::string text;
    std::vector<uint8_t> bytes;
    grpc::Slice slice;
};

const char *compare_grpc_version(void) {
    static const std::string version = grpc::Version();
    return version.c_str();
}

compare_grpc_client *compare_grpc_open(const char *target, const char *method, int64_t timeout_ms) {
    return new (std::nothrow) compare_grpc_client(target, method, timeout_ms);
}

void compare_grpc_close(compare_grpc_client *client) {
    client->queue.Shutdown();
    void *tag = nullptr;
    bool ok = false;
    while (client->queue.Next(&tag, &ok)) {
        delete static_cast<Call *>(tag);
    }
    delete client;
}

void compare_grpc_send(compare_grpc_client *client, uint64_t id, const uint8_t *message, size_t size) {
    auto *call = new Call;
    call->id = id;
    call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(client->timeout_ms));
    grpc::Slice slice(message, size);
    grpc::ByteBuffer request(&slice, 1);
    call->reader = client->stub.PrepareUnaryCall(&call->context, client->method, request, &client->queue);
    call->reader->StartCall();
    call->reader->Finish(&call->reply, &call->status, call);
    client->in_flight += 1;
}

/// What the queue gives within a time; nullptr when the time is over.
static Call *next(compare_grpc_client *client, int64_t ns) {
    void *tag = nullptr;
    bool ok = false;
    if (ns < 0) {
        return client->queue.Next(&tag, &ok) ? static_cast<Call *>(tag) : nullptr;
    }
    int64_t end_ns = now_ns() + ns;
    while (true) {
        // To look where nothing is due would be a system call for nothing.
        if (client->in_flight > 0 &&
            client->queue.AsyncNext(&tag, &ok, gpr_time_0(GPR_CLOCK_MONOTONIC)) == grpc::CompletionQueue::GOT_EVENT) {
            return static_cast<Call *>(tag);
        }
        int64_t left_ns = ns == 0 ? 0 : end_ns - now_ns();
        if (left_ns <= 0) {
            return nullptr;
        }
        sleep_ns(client->in_flight > 0 ? std::min(left_ns, kLookEveryNs) : left_ns);
    }
}

int compare_grpc_receive(compare_grpc_client *client, int64_t ns, compare_grpc_reply *reply) {
    std::unique_ptr<Call> call(next(client, ns));
    if (call == nullptr) {
        return 0;
    }
    client->in_flight -= 1;
    reply->id = call->id;
    reply->status = call->status.error_code();
    if (!call->status.ok()) {
        client->text = call->status.error_message();
        reply->bytes = reinterpret_cast<const uint8_t *>(client->text.data());
        reply->size = client->text.size();
        return 1;
    }
    if (call->reply.TrySingleSlice(&client->slice).ok()) {
        reply->bytes = client->slice.begin();
        reply->size = client->slice.size();
        return 1;
    }
    std::vector<grpc::Slice> slices;
    client->bytes.clear();
    if (call->reply.Dump(&slices).ok()) {
        for (const auto &slice : slices) {
            client->bytes.insert(client->bytes.end(), slice.begin(), slice.end());
        }
    }
    reply->bytes = client->bytes.data();
    reply->size = client->bytes.size();
    return 1;
}
