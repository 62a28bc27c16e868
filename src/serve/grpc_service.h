// What calls of the protocol over gRPC mean. No thread waits for an answer: a call ends when its job does.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "serve/grpc_call.h"
#include "serve/grpc_stream.h"
#include "serve/infer.h"
#include "serve/inference.grpc.pb.h"

namespace triage {

// Safe concurrently. `context` outlives the server that it is registered with.
class GrpcService final : public inference::GRPCInferenceService::CallbackService {
 public:
  explicit GrpcService(ServerContext& context);

  // Ends all calls, and those that still come, without the context; what they count they count before the
  // server is shut down.
  void stop();
  // Ends streams, each behind the answer that is under way.
  void end_streams();
  [[nodiscard]] bool is_idle();

  using Reactor = grpc::ServerUnaryReactor;
  using Stream = grpc::ServerBidiReactor<inference::ModelInferRequest, inference::ModelStreamInferResponse>;
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
  Stream* ModelStreamInfer(Context*) override;
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
  void count(std::string_view route, int status, const Caller& caller) const;
  // Answers about one model, where there is one.
  void answer_of(GrpcCall& call, const std::string& name, const std::string& version,
                 const std::function<void(const ServedModel&)>& fill) const;

  ServerContext* context_;
  GrpcGate gate_;
  std::mutex mutex_;  // guards what follows
  std::unordered_set<std::shared_ptr<GrpcCall>> calls_;
  std::unordered_set<std::shared_ptr<GrpcStream>> streams_;
};

}  // namespace triage
