#include "serve/grpc_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "http/http_message.h"
#include "serve/bearer_token.h"
#include "serve/grpc_messages.h"
#include "triage/error.h"
#include "triage/version.h"

namespace triage {
namespace {

constexpr const char* kRequestIdKey = "x-request-id";

// The one place that says HTTP's statuses as gRPC does.
grpc::StatusCode code_of(const InferFailure& failure) {
  switch (failure.status) {
    case 401:
      return grpc::StatusCode::UNAUTHENTICATED;
    case 404:
      return grpc::StatusCode::NOT_FOUND;
    case 405:
      return grpc::StatusCode::UNIMPLEMENTED;
    case 503:
      return failure.is_ending ? grpc::StatusCode::UNAVAILABLE : grpc::StatusCode::RESOURCE_EXHAUSTED;
    default:
      break;
  }
  return failure.status < 500 ? grpc::StatusCode::INVALID_ARGUMENT : grpc::StatusCode::INTERNAL;
}

// It travels as a header, for which clients have little room, and may quote what they sent.
std::string short_message(const std::string& message) {
  constexpr std::size_t kMost = 1'000;
  return message.size() <= kMost ? message : message.substr(0, kMost) + "...";
}

std::string metadata_value(const grpc::CallbackServerContext& context, const char* key) {
  const auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

// "ipv4:1.2.3.4:5678" and "ipv6:%5B::1%5D:5678" without scheme and port.
std::string address_of(std::string_view peer) {
  std::string text = percent_decoded(peer.substr(peer.find(':') + 1));
  if (const std::size_t port = text.rfind(':'); port != std::string::npos) text.resize(port);
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  return text;
}

// What is left of the client's deadline is a cap on the latency; the smaller one of two counts.
void cap_by_deadline(Parameters& parameters, std::chrono::system_clock::time_point deadline) {
  if (deadline == std::chrono::system_clock::time_point::max()) return;
  const std::chrono::duration<double, std::milli> left = deadline - std::chrono::system_clock::now();
  const double left_ms = std::max(0.0, left.count());
  Parameter& value = parameters.try_emplace("max_latency_ms", left_ms).first->second;
  if (auto* number = std::get_if<double>(&value)) *number = std::min(*number, left_ms);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    value = std::min(static_cast<double>(*whole), left_ms);
  }
}

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

GrpcCall::GrpcCall(grpc::CallbackServerContext& context, Caller given,
                   std::function<void(GrpcCall&, int status)> on_done)
    : caller(std::move(given)), context_(&context), on_done_(std::move(on_done)) {}

void GrpcCall::answer(const std::function<void()>& fill) {
  if (answered_.exchange(true)) return;
  try {
    fill();
  } catch (const std::exception&) {
    const InferFailure failure = failure_of(std::current_exception());
    return end(failure.status, {code_of(failure), short_message(failure.message)});
  }
  end(200, grpc::Status::OK);
}

void GrpcCall::fail(const InferFailure& failure) {
  if (answered_.exchange(true)) return;
  if (failure.retry_after_s > 0) {
    context_->AddTrailingMetadata("retry-after", fmt::format("{:.0f}", failure.retry_after_s));
  }
  end(failure.status, {code_of(failure), short_message(failure.message)});
}

void GrpcCall::end(int status, const grpc::Status& said) {
  status_ = status;
  context_->AddTrailingMetadata(kRequestIdKey, caller.request_id);
  Finish(said);
}

void GrpcCall::OnDone() { on_done_(*this, status_); }

GrpcService::GrpcService(ServerContext& context) : context_(&context) {}

bool GrpcService::is_allowed(const Context& context) const {
  const auto& tokens = context_->options->listen.tokens;
  return tokens.empty() || has_token(metadata_value(context, "authorization"), tokens);
}

GrpcService::Reactor* GrpcService::begin(Context& context, std::string_view route, For whom,
                                         const Work& work) {
  Caller caller{.protocol = "grpc",
                .peer = address_of(context.peer()),
                .request_id = metadata_value(context, kRequestIdKey),
                .trace = metadata_value(context, "traceparent"),
                .first_byte_ns = context_->clock->now_ns()};
  if (!is_request_id(caller.request_id)) caller.request_id = new_request_id();
  const auto call =
      std::make_shared<GrpcCall>(context, std::move(caller), [this, route](GrpcCall& done, int status) {
        const double seconds =
            static_cast<double>(context_->clock->now_ns() - done.caller.first_byte_ns) * 1e-9;
        context_->metrics->count_request("grpc", route, status, seconds);
        const auto kept = done.shared_from_this();  // until nothing of it is in use
        const std::lock_guard lock(mutex_);
        calls_.erase(kept);
      });
  {
    const std::lock_guard lock(mutex_);
    calls_.insert(call);
  }
  const std::shared_lock gate(gate_);
  try {
    if (stopped_) {
      call->fail(ending_failure());
    } else if (whom == For::kTokens && !is_allowed(context)) {
      call->fail({401, "this server wants a bearer token"});
    } else {
      work(call);
    }
  } catch (const std::exception&) {
    call->fail(failure_of(std::current_exception()));
  }
  return call.get();
}

void GrpcService::stop() {
  {
    const std::unique_lock gate(gate_);
    stopped_ = true;
  }
  std::vector<std::shared_ptr<GrpcCall>> left;
  {
    const std::lock_guard lock(mutex_);
    left.assign(calls_.begin(), calls_.end());
  }
  for (const auto& call : left) call->fail(ending_failure());
}

bool GrpcService::is_idle() {
  const std::lock_guard lock(mutex_);
  return calls_.empty();
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
    call->caller.request_id = request_id_of(asked, std::move(call->caller.request_id));
    infer(*context_, request->model_name(), request->model_version(), std::move(asked), call->caller,
          [call = call, response](const InferRequest&, const InferResponse& answer,
                                  const InferFailure* failure) {
            if (failure != nullptr) return call->fail(*failure);
            call->answer([&] { write_response(answer, *response); });
          });
  });
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
      call->fail({error_info(error->code()).http_status,
                  "the policy could not be loaded, and the one before goes on; the log says why"});
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
