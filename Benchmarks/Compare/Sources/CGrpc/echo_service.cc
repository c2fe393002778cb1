// What a user writes for the service on C++ gRPC, with its asynchronous interface: a state for each call that may be open, which
// a completion queue brings along.

#include "grpc_calls.h"

#include <memory>
#include <thread>
#include <vector>

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/support/async_unary_call.h>

namespace {

// What protoc's plugin makes of `service Echo { rpc Echo(Bytes) returns (Bytes); }` for messages that are left as bytes.
class EchoService final : public grpc::Service {
public:
    EchoService() {
        AddMethod(new grpc::internal::RpcServiceMethod("/compare.Echo/Echo", grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
        MarkMethodRaw(0);
    }

    void RequestEcho(grpc::ServerContext *context, grpc::ByteBuffer *request,
                     grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> *response, grpc::ServerCompletionQueue *queue, void *tag) {
        RequestAsyncUnary(0, context, request, response, queue, queue, tag);
    }
};

// begin calls
class EchoCall {
public:
    EchoCall(EchoService *service, grpc::ServerCompletionQueue *queue) : service(service), queue(queue), responder(&context) {
        service->RequestEcho(&context, &message, &responder, queue, this);
    }

    void proceed(bool ok) {
        if (ok && !is_answered) {
            new EchoCall(service, queue);
            is_answered = true;
            responder.Finish(message, grpc::Status::OK, this);
        } else {
            delete this;
        }
    }

private:
    EchoService *service;
    grpc::ServerCompletionQueue *queue;
    grpc::ServerContext context;
    grpc::ByteBuffer message;
    grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> responder;
    bool is_answered = false;
};

void answer(EchoService *service, grpc::ServerCompletionQueue *queue) {
    for (int waiting = 0; waiting < 256; waiting += 1) {
        new EchoCall(service, queue);
    }
    void *tag = nullptr;
    bool ok = false;
    while (queue->Next(&tag, &ok)) {
        static_cast<EchoCall *>(tag)->proceed(ok);
    }
}
// end calls

}  // namespace

int compare_grpc_serve_echo(const char *endpoint, int threads, void (*ready)(void *), void *context) {
    // begin calls
    EchoService service;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(endpoint, grpc::InsecureServerCredentials());
    builder.RegisterService(&service);
    std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
    for (int index = 0; index < threads; index += 1) {
        queues.push_back(builder.AddCompletionQueue());
    }
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    // end calls
    if (server == nullptr) {
        return -1;
    }
    ready(context);
    // begin calls
    std::vector<std::thread> others;
    for (int index = 1; index < threads; index += 1) {
        others.emplace_back(answer, &service, queues[index].get());
    }
    answer(&service, queues[0].get());
    // end calls
    return 0;
}
