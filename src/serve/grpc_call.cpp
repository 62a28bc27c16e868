#include "serve/grpc_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "http/http_message.h"
#include "serve/bearer_token.h"

namespace triage {
namespace {

constexpr const char* kRequestIdKey = "x-request-id";

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

}  // namespace

grpc::Status status_of(const InferFailure& failure) {
  return {code_of(failure), short_message(failure.message)};
}

Caller caller_of(const grpc::CallbackServerContext& context, const Clock& clock) {
  Caller caller{.protocol = "grpc",
                .peer = address_of(context.peer()),
                .request_id = metadata_value(context, kRequestIdKey),
                .trace = metadata_value(context, "traceparent"),
                .first_byte_ns = clock.now_ns()};
  if (!is_request_id(caller.request_id)) caller.request_id = new_request_id();
  return caller;
}

bool brings_token(const grpc::CallbackServerContext& context, const std::vector<std::string>& tokens) {
  return tokens.empty() || has_token(metadata_value(context, "authorization"), tokens);
}

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

bool GrpcGate::pass(const std::function<void()>& work) {
  const std::shared_lock lock(mutex_);
  if (!closed_) work();
  return !closed_;
}

void GrpcGate::close() {
  const std::unique_lock lock(mutex_);
  closed_ = true;
}

GrpcCall::GrpcCall(grpc::CallbackServerContext& context, Caller given,
                   std::function<void(GrpcCall&, int status)> on_done)
    : caller(std::move(given)), context_(&context), on_done_(std::move(on_done)) {}

void GrpcCall::answer(const std::function<void()>& fill) {
  if (answered_.exchange(true)) return;
  try {
    fill();
  } catch (const std::exception&) {
    const InferFailure failure = failure_of(std::current_exception());
    return end(failure.status, status_of(failure));
  }
  end(200, grpc::Status::OK);
}

void GrpcCall::fail(const InferFailure& failure) {
  if (answered_.exchange(true)) return;
  if (failure.retry_after_s > 0) {
    context_->AddTrailingMetadata("retry-after", fmt::format("{:.0f}", failure.retry_after_s));
  }
  end(failure.status, status_of(failure));
}

void GrpcCall::end(int status, const grpc::Status& said) {
  status_ = status;
  context_->AddTrailingMetadata(kRequestIdKey, caller.request_id);
  Finish(said);
}

void GrpcCall::OnDone() { on_done_(*this, status_); }

}  // namespace triage
