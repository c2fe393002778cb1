// A server that hands calls over to whoever asks for them, so that a worker can take several at once.

#include "grpc_calls.h"

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

namespace {

/// What a server that closes gives answers that are on their way.
constexpr int kCloseMs = 1000;

/// A call: asked for, then read, then answered. Each step comes back from the queue with the call itself.
struct Call {
    enum { kAsked, kReading, kInHand, kAnswered } step = kAsked;
    uint64_t id = 0;
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter both_ways{&context};
    grpc::ByteBuffer message;
    grpc::Slice slice;
    std::vector<uint8_t> bytes;
};

}  // namespace

struct compare_grpc_server {
    grpc::AsyncGenericService service;
    std::unique_ptr<grpc::ServerCompletionQueue> queue;
    std::unique_ptr<grpc::Server> server;
    /// By id; not yet answered.
    std::unordered_map<uint64_t, Call *> in_hand;
    uint64_t next_id = 1;

    void ask() {
        auto *call = new Call;
        service.RequestCall(&call->context, &call->both_ways, queue.get(), queue.get(), call);
    }
};

compare_grpc_server *compare_grpc_server_open(const char *endpoint) {
    auto server = std::make_unique<compare_grpc_server>();
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(endpoint, grpc::InsecureServerCredentials(), &port);
    builder.RegisterAsyncGenericService(&server->service);
    server->queue = builder.AddCompletionQueue();
    server->server = builder.BuildAndStart();
    if (server->server == nullptr || port == 0) {
        if (server->server == nullptr) {
            server->queue->Shutdown();
        }
        return nullptr;
    }
    server->ask();
    return server.release();
}

static void give(Call *call, compare_grpc_request *request) {
    request->id = call->id;
    request->method = call->context.method().c_str();
    if (call->message.TrySingleSlice(&call->slice).ok()) {
        request->bytes = call->slice.begin();
        request->size = call->slice.size();
        return;
    }
    std::vector<grpc::Slice> slices;
    if (call->message.Dump(&slices).ok()) {
        for (const auto &slice : slices) {
            call->bytes.insert(call->bytes.end(), slice.begin(), slice.end());
        }
    }
    request->bytes = call->bytes.data();
    request->size = call->bytes.size();
}

int compare_grpc_server_next(compare_grpc_server *server, int64_t ms, compare_grpc_request *request) {
    gpr_timespec end = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
    void *tag = nullptr;
    bool ok = false;
    while (server->queue->AsyncNext(&tag, &ok, end) == grpc::CompletionQueue::GOT_EVENT) {
        auto *call = static_cast<Call *>(tag);
        if (!ok || call->step == Call::kAnswered) {
            delete call;
            continue;
        }
        if (call->step == Call::kAsked) {
            server->ask();
            call->step = Call::kReading;
            call->both_ways.Read(&call->message, call);
            continue;
        }
        call->step = Call::kInHand;
        call->id = server->next_id++;
        server->in_hand[call->id] = call;
        give(call, request);
        return 1;
    }
    return 0;
}

void compare_grpc_server_answer(compare_grpc_server *server, uint64_t id, const uint8_t *message, size_t size) {
    auto found = server->in_hand.find(id);
    if (found == server->in_hand.end()) {
        return;
    }
    Call *call = found->second;
    server->in_hand.erase(found);
    call->step = Call::kAnswered;
    grpc::Slice slice(message, size);
    call->both_ways.WriteAndFinish(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), grpc::Status::OK, call);
}

void compare_grpc_server_close(compare_grpc_server *server) {
    server->server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(kCloseMs));
    server->queue->Shutdown();
    void *tag = nullptr;
    bool ok = false;
    while (server->queue->Next(&tag, &ok)) {
        delete static_cast<Call *>(tag);
    }
    for (auto &entry : server->in_hand) {
        delete entry.second;
    }
    delete server;
}
