#include "serve/grpc_service.h"

#include <fmt/format.h>

#include <exception>
#include <utility>
#include <vector>

#include "serve/grpc_messages.h"
#include "triage/error.h"
#include "triage/version.h"

namespace triage {
namespace {

template <class Message>
void write_tensor_infos(const std::vector<TensorInfo>& infos, Message& messages) {
  for (const TensorInfo& info : infos) {
    auto& message = *messages.Add();
    message.set_name(info.name);
    message.set_datatype(std::string(to_string(info.type)));
    message.mutable_shape()->Add(info.shape.begin(), info.shape.end());
  }
}

template <class Message>
void write_config_tensors(const std::vector<TensorInfo>& infos, Message& messages) {
  for (const TensorInfo& info : infos) {
    auto& message = *messages.Add();
    message.set_name(info.name);
    inference::DataType type = inference::TYPE_INVALID;
    static_cast<void>(inference::DataType_Parse(info.config_type(), &type));
    message.set_data_type(type);
    const std::vector<std::int64_t> dims = info.config_dims();
    message.mutable_dims()->Add(dims.begin(), dims.end());
  }
}

void write_statistics(const ServedModel& model, const ModelStatistics& counts,
                      inference::ModelStatistics& message) {
  message.set_name(model.name);
  message.set_version(model.version);
  message.set_last_inference(static_cast<std::uint64_t>(counts.last_ms));
  message.set_inference_count(counts.inputs);
  message.set_execution_count(counts.batches);
  const auto write = [](inference::StatisticDuration* duration, std::uint64_t count, std::uint64_t ns) {
    duration->set_count(count);
    duration->set_ns(ns);
  };
  inference::InferStatistics& times = *message.mutable_inference_stats();
  write(times.mutable_success(), counts.requests, counts.request_ns);
  write(times.mutable_fail(), counts.failed, counts.failed_ns);
  write(times.mutable_queue(), counts.requests, counts.queue_ns);
  write(times.mutable_compute_input(), counts.requests, counts.input_ns);
  write(times.mutable_compute_infer(), counts.requests, counts.infer_ns);
  write(times.mutable_compute_output(), counts.requests, 0);
}

}  // namespace

GrpcService::GrpcService(ServerContext& context) : context_(&context) {}

GrpcService::Reactor* GrpcService::begin(Context& context, std::string_view route, For whom,
                                         const Work& work) {
  const auto call = std::make_shared<GrpcCall>(
      context, caller_of(context, *context_->clock), [this, route](GrpcCall& done, int status) {
        count(route, status, done.caller);
        const auto kept = done.shared_from_this();  // until nothing of it is in use
        const std::lock_guard lock(mutex_);
        calls_.erase(kept);
      });
  {
    const std::lock_guard lock(mutex_);
    calls_.insert(call);
  }
  const bool is_open = gate_.pass([&] {
    try {
      if (whom == For::kTokens && !brings_token(context, context_->options->listen.tokens)) {
        call->fail({401, "this server wants a bearer token"});
      } else {
        work(call);
      }
    } catch (const std::exception&) {
      call->fail(failure_of(std::current_exception()));
    }
  });
  if (!is_open) call->fail(ending_failure());
  return call.get();
}

void GrpcService::count(std::string_view route, int status, const Caller& caller) const {
  const double seconds = static_cast<double>(context_->clock->now_ns() - caller.first_byte_ns) * 1e-9;
  context_->metrics->count_request("grpc", route, status, seconds);
}

void GrpcService::end_streams() {
  std::vector<std::shared_ptr<GrpcStream>> left;
  {
    const std::lock_guard lock(mutex_);
    left.assign(streams_.begin(), streams_.end());
  }
  for (const auto& stream : left) stream->end_behind_next();
}

void GrpcService::stop() {
  gate_.close();
  std::vector<std::shared_ptr<GrpcCall>> calls;
  std::vector<std::shared_ptr<GrpcStream>> streams;
  {
    const std::lock_guard lock(mutex_);
    calls.assign(calls_.begin(), calls_.end());
    streams.assign(streams_.begin(), streams_.end());
  }
  for (const auto& call : calls) call->fail(ending_failure());
  for (const auto& stream : streams) stream->end(ending_failure());
}

bool GrpcService::is_idle() {
  const std::lock_guard lock(mutex_);
  return calls_.empty() && streams_.empty();
}

void GrpcService::answer_of(GrpcCall& call, const std::string& name, const std::string& version,
                            const std::function<void(const ServedModel&)>& fill) const {
  const auto model = context_->models->find(name, version, call.caller.request_id);
  if (model == nullptr) return call.fail({404, fmt::format("model '{}': there is none", name)});
  call.answer([&] { fill(*model); });
}

// ---- the server ----

GrpcService::Reactor* GrpcService::ServerLive(Context* context, const inference::ServerLiveRequest*,
                                              inference::ServerLiveResponse* response) {
  return begin(*context, "health", For::kEverybody,
               [&](const auto& call) { call->answer([&] { response->set_live(true); }); });
}

GrpcService::Reactor* GrpcService::ServerReady(Context* context, const inference::ServerReadyRequest*,
                                               inference::ServerReadyResponse* response) {
  return begin(*context, "health", For::kEverybody,
               [&](const auto& call) { call->answer([&] { response->set_ready(context_->is_ready); }); });
}

GrpcService::Reactor* GrpcService::ServerMetadata(Context* context, const inference::ServerMetadataRequest*,
                                                  inference::ServerMetadataResponse* response) {
  return begin(*context, "server", For::kTokens, [&](const auto& call) {
    call->answer([&] {
      response->set_name(std::string(kServerName));
      response->set_version(std::string(kVersion));
      for (const std::string_view name : kServerExtensions) response->add_extensions(std::string(name));
    });
  });
}

// ---- models ----

GrpcService::Reactor* GrpcService::ModelReady(Context* context, const inference::ModelReadyRequest* request,
                                              inference::ModelReadyResponse* response) {
  return begin(*context, "health", For::kTokens, [&](const auto& call) {
    const auto model = context_->models->find(request->name(), request->version(), call->caller.request_id);
    call->answer([&] { response->set_ready(model != nullptr); });
  });
}

GrpcService::Reactor* GrpcService::ModelMetadata(Context* context,
                                                 const inference::ModelMetadataRequest* request,
                                                 inference::ModelMetadataResponse* response) {
  return begin(*context, "model", For::kTokens, [&](const auto& call) {
    answer_of(*call, request->name(), request->version(), [&](const ServedModel& model) {
      response->set_name(model.name);
      response->add_versions(model.version);
      response->set_platform(model.platform());
      write_tensor_infos(model.inputs(), *response->mutable_inputs());
      write_tensor_infos(model.outputs(), *response->mutable_outputs());
    });
  });
}

GrpcService::Reactor* GrpcService::ModelConfig(Context* context, const inference::ModelConfigRequest* request,
                                               inference::ModelConfigResponse* response) {
  return begin(*context, "model", For::kTokens, [&](const auto& call) {
    answer_of(*call, request->name(), request->version(), [&](const ServedModel& model) {
      inference::ModelConfig& config = *response->mutable_config();
      config.set_name(model.name);
      config.set_platform(model.platform());
      config.set_backend(std::string(kServerName));
      write_config_tensors(model.inputs(), *config.mutable_input());
      write_config_tensors(model.outputs(), *config.mutable_output());
    });
  });
}

GrpcService::Reactor* GrpcService::ModelStatistics(Context* context,
                                                   const inference::ModelStatisticsRequest* request,
                                                   inference::ModelStatisticsResponse* response) {
  return begin(*context, "statistics", For::kTokens, [&](const auto& call) {
    const auto write = [&](const ServedModel& model) {
      write_statistics(model, context_->metrics->statistics(model.name), *response->add_model_stats());
    };
    if (!request->name().empty()) return answer_of(*call, request->name(), request->version(), write);
    call->answer([&] {
      for (const auto& model : context_->models->all()) write(*model);
    });
  });
}

GrpcService::Reactor* GrpcService::ModelInfer(Context* context, const inference::ModelInferRequest* request,
                                              inference::ModelInferResponse* response) {
  return begin(*context, "infer", For::kTokens, [&](const auto& call) {
    // Made for this call alone, as no constant, and not read by gRPC again: its tensors need no copy.
    InferRequest asked = take_request(const_cast<inference::ModelInferRequest&>(*request));
    cap_by_deadline(asked.parameters, context->deadline());
    call->caller.request_id = request_id_of(asked, call->caller.request_id);
    infer(*context_, request->model_name(), request->model_version(), std::move(asked), call->caller,
          [call = call, response](const InferRequest&, const InferResponse& answer,
                                  const InferFailure* failure) {
            if (failure != nullptr) return call->fail(*failure);
            call->answer([&] { write_response(answer, *response); });
          });
  });
}

GrpcService::Stream* GrpcService::ModelStreamInfer(Context* context) {
  const auto stream = std::make_shared<GrpcStream>(
      *context_, *context, gate_,
      GrpcStream::Events{
          .answered = [this](const Caller& caller, int status) { count("infer_stream", status, caller); },
          .done =
              [this](GrpcStream& done) {
                const auto kept = done.shared_from_this();
                const std::lock_guard lock(mutex_);
                streams_.erase(kept);
              }});
  {
    const std::lock_guard lock(mutex_);
    streams_.insert(stream);
  }
  stream->begin();
  return stream.get();
}

// ---- the repository ----

GrpcService::Reactor* GrpcService::RepositoryIndex(Context* context, const inference::RepositoryIndexRequest*,
                                                   inference::RepositoryIndexResponse* response) {
  return begin(*context, "repository", For::kTokens, [&](const auto& call) {
    call->answer([&] {
      for (const auto& model : context_->models->all()) {
        auto& message = *response->add_models();
        message.set_name(model->name);
        message.set_version(model->version);
        message.set_state("READY");
      }
    });
  });
}

GrpcService::Reactor* GrpcService::RepositoryModelLoad(Context* context,
                                                       const inference::RepositoryModelLoadRequest* request,
                                                       inference::RepositoryModelLoadResponse*) {
  return begin(*context, "repository", For::kTokens, [&](const auto& call) {
    const std::string& name = request->model_name();
    if (context_->models->find(name, "", call->caller.request_id) == nullptr) {
      return call->fail({400, fmt::format("model '{}': there is none, and what is served is fixed at the "
                                          "start, expected one that is",
                                          name)});
    }
    context_->reload([call = call](const Error* error) {
      if (error == nullptr) return call->answer([] {});
      call->fail(reload_failure(*error));
    });
  });
}

GrpcService::Reactor* GrpcService::RepositoryModelUnload(Context* context,
                                                         const inference::RepositoryModelUnloadRequest*,
                                                         inference::RepositoryModelUnloadResponse*) {
  return begin(*context, "repository", For::kTokens, [&](const auto& call) {
    call->fail({405, "nothing is unloaded: what is served is fixed at the start"});
  });
}

}  // namespace triage
