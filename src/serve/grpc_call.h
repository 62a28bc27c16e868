// What calls over gRPC have in common, and those with one request and one answer.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "serve/infer.h"
#include "triage/clock.h"

namespace triage {

// The one place that says HTTP's statuses as gRPC does; the message is short enough for a header.
[[nodiscard]] grpc::Status status_of(const InferFailure& failure);

// Who calls, by its address and metadata, from now on.
[[nodiscard]] Caller caller_of(const grpc::CallbackServerContext& context, const Clock& clock);

// Whether the call brings one of the tokens, or there are none.
[[nodiscard]] bool brings_token(const grpc::CallbackServerContext& context,
                                const std::vector<std::string>& tokens);

// What is left of the client's deadline is a cap on the latency; the smaller one of two counts.
void cap_by_deadline(Parameters& parameters, std::chrono::system_clock::time_point deadline);

// Whoever uses the server's context for a call passes here, until it is closed.
class GrpcGate {
 public:
  // Whether `work` was done.
  bool pass(const std::function<void()>& work);
  // Returns when nobody is inside.
  void close();

 private:
  std::shared_mutex mutex_;
  bool closed_ = false;
};

// One call and its one answer: the first counts. It lives until gRPC is done with it and nobody answers any
// more.
class GrpcCall final : public grpc::ServerUnaryReactor, public std::enable_shared_from_this<GrpcCall> {
 public:
  // `on_done` is called last, with the answer's status as HTTP says it.
  GrpcCall(grpc::CallbackServerContext& context, Caller caller,
           std::function<void(GrpcCall&, int status)> on_done);

  Caller caller;

  // `fill` writes the response, unless the call has its answer.
  void answer(const std::function<void()>& fill);
  void fail(const InferFailure& failure);

 private:
  void OnDone() override;
  void end(int status, const grpc::Status& said);

  grpc::CallbackServerContext* context_;  // until it has its answer
  std::function<void(GrpcCall&, int status)> on_done_;
  std::atomic<bool> answered_{false};
  int status_ = 200;  // of the answer, as HTTP says it
};

}  // namespace triage
