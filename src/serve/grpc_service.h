// What calls of the protocol over gRPC mean. No thread waits for an answer: a call ends when its job does.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "serve/infer.h"
#include "serve/inference.grpc.pb.h"

namespace triage {

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

// Safe concurrently. `context` outlives the server that it is registered with.
class GrpcService final : public inference::GRPCInferenceService::CallbackService {
 public:
  explicit GrpcService(ServerContext& context);

  // Ends all calls, and those that still come, without the context; what they count they count before the
  // server is shut down.
  void stop();
  [[nodiscard]] bool is_idle();

  using Reactor = grpc::ServerUnaryReactor;
  using Context = grpc::CallbackServerContext;
  Reactor* ServerLive(Context*, const inference::ServerLiveRequest*, inference::ServerLiveResponse*) override;
  Reactor* ServerReady(Context*, const inference::ServerReadyRequest*,
                       inference::ServerReadyResponse*) override;
  Reactor* ModelReady(Context*, const inference::ModelReadyRequest*, inference::ModelReadyResponse*) override;
  Reactor* ServerMetadata(Context*, const inference::ServerMetadataRequest*,
                          inference::ServerMetadataResponse*) override;
  Reactor* ModelMetadata(Context*, const inference::ModelMetadataRequest*,
                         inference::ModelMetadataResponse*) override;
  Reactor* ModelInfer(Context*, const inference::ModelInferRequest*, inference::ModelInferResponse*) override;
  Reactor* ModelConfig(Context*, const inference::ModelConfigRequest*,
                       inference::ModelConfigResponse*) override;
  Reactor* ModelStatistics(Context*, const inference::ModelStatisticsRequest*,
                           inference::ModelStatisticsResponse*) override;
  Reactor* RepositoryIndex(Context*, const inference::RepositoryIndexRequest*,
                           inference::RepositoryIndexResponse*) override;
  Reactor* RepositoryModelLoad(Context*, const inference::RepositoryModelLoadRequest*,
                               inference::RepositoryModelLoadResponse*) override;
  Reactor* RepositoryModelUnload(Context*, const inference::RepositoryModelUnloadRequest*,
                                 inference::RepositoryModelUnloadResponse*) override;

 private:
  enum class For { kEverybody, kTokens };
  using Work = std::function<void(const std::shared_ptr<GrpcCall>&)>;
  // Makes a call and has `work` answer it, now or later.
  Reactor* begin(Context& context, std::string_view route, For whom, const Work& work);
  [[nodiscard]] bool is_allowed(const Context& context) const;
  // Answers about one model, where there is one.
  void answer_of(GrpcCall& call, const std::string& name, const std::string& version,
                 const std::function<void(const ServedModel&)>& fill) const;

  ServerContext* context_;
  std::shared_mutex gate_;  // held shared by who uses the context for a call that has just come
  bool stopped_ = false;    // guarded by gate_
  std::mutex mutex_;        // guards what follows
  std::unordered_set<std::shared_ptr<GrpcCall>> calls_;
};

}  // namespace triage
