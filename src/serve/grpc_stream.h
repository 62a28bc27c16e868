// Requests that come one after the other over one call of gRPC; each is answered before the next is read.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <mutex>

#include "serve/grpc_call.h"
#include "serve/infer.h"
#include "serve/inference.pb.h"

namespace triage {

class GrpcStream final
    : public grpc::ServerBidiReactor<inference::ModelInferRequest, inference::ModelStreamInferResponse>,
      public std::enable_shared_from_this<GrpcStream> {
 public:
  struct Events {
    std::function<void(const Caller&, int status)> answered;  // of each request, as HTTP says it
    std::function<void(GrpcStream&)> done;                    // the last of it
  };
  GrpcStream(ServerContext& server, grpc::CallbackServerContext& context, GrpcGate& gate, Events events);

  void begin();
  // At once; what is under way goes nowhere.
  void end(const InferFailure& failure);
  // Now, or behind the answer that is under way.
  void end_behind_next();

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override { events_.done(*this); }
  void ask();
  // `fill` writes the response, unless the stream has ended.
  void answer(const Caller& caller, int status, const std::function<void()>& fill);
  void fail(const Caller& caller, const std::string& id, const InferFailure& failure);
  void finish(const grpc::Status& status);

  ServerContext* server_;
  grpc::CallbackServerContext* context_;
  GrpcGate* gate_;
  Events events_;
  inference::ModelInferRequest request_;
  inference::ModelStreamInferResponse response_;
  std::mutex mutex_;  // guards what follows, and what is begun of gRPC
  bool finished_ = false;
  bool ending_ = false;
  bool reads_ = false;  // waits for a request
};

}  // namespace triage
