#include "serve/infer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "serve/explore.h"
#include "serve/feedback.h"
#include "serve/protocol_json.h"
#include "triage/error.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

using Json = nlohmann::json;

double ms_since(const ServerContext& context, std::int64_t from_ns) {
  return static_cast<double>(context.clock->now_ns() - from_ns) * 1e-6;
}

// UTC, RFC 3339, in milliseconds.
std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, ms);
}

InferFailure failure_of_refusal(const InferRefusal& refusal) {
  const double seconds = std::max(1.0, std::ceil(refusal.wait_ms * 1e-3));
  switch (refusal.reason) {
    case InferRefusal::Reason::kFull:
      return {503, "as many inputs wait as may; try again", seconds};
    case InferRefusal::Reason::kTooLate:
      return {503,
              fmt::format("an input would wait {:.3g} ms here, which leaves no model the time that "
                          "max_latency_ms allows; try again, or allow more",
                          refusal.wait_ms),
              seconds};
    case InferRefusal::Reason::kEnding:
      break;
  }
  return ending_failure();
}

// One span of what an input took, as OpenTelemetry names them.
Json span_json(std::string_view name, double ms) { return {{"name", name}, {"duration_ms", ms}}; }

Json result_line(const ServedModel& model, const Result& result) {
  const PolicyInfo& info = model.policy->info();
  Json spans = Json::array();
  if (result.decode_ms > 0) spans.push_back(span_json("decode", result.decode_ms));
  for (const Look& look : result.looks) {
    Json span = span_json("look", look.cost.ms);
    span["model"] = model_name(info, look.model);
    spans.push_back(std::move(span));
  }
  spans.push_back(span_json("decide", result.decision_ms + result.features_ms));
  Json line{{"class", result.label()}, {"spans", std::move(spans)}};
  if (!result.refused) line["confidence"] = result.confidence();
  if (result.refused) line["refused"] = true;
  if (result.limited()) line["limit"] = to_string(result.limit);
  if (result.certified) line["certified"] = true;
  return line;
}

void log_job(ServerContext& context, const InferJob& job, const Caller& caller, std::string_view event,
             const InferFailure* failure) {
  if (!context.log->is_on()) return;
  Json line{{"time", timestamp()},
            {"event", event},
            {"protocol", caller.protocol},
            {"peer", caller.peer},
            {"request_id", caller.request_id},
            {"model", job.model->name},
            {"version", job.model->version},
            {"ms", ms_since(context, caller.first_byte_ns)},
            {"queue_ms", job.queue_ms}};
  if (!caller.trace.empty()) line["traceparent"] = caller.trace;
  if (job.shed) line["shed"] = true;
  if (failure != nullptr) {
    line["status"] = failure->status;
    line["error"] = failure->message;
  } else {
    line["status"] = 200;
    Json inputs = Json::array();
    for (const Result& result : job.results) inputs.push_back(result_line(*job.model, result));
    line["inputs"] = std::move(inputs);
  }
  context.log->write(json_text(line));
}

// Has the second policy decide on the same request, where there is room, and logs what it says.
void run_shadow(ServerContext& context, const InferJob& job, const Caller& caller) {
  const auto set = context.models->now();
  if (set->shadow == nullptr || job.model != set->main ||
      !is_in_share(caller.request_id, context.options->shadow->share) || !context.queue->has_spare_room()) {
    return;
  }
  auto shadow = std::make_shared<InferJob>();
  shadow->model = set->shadow;
  shadow->request = job.request;
  shadow->first_byte_ns = context.clock->now_ns();
  if (set->shadow->takes_images()) shadow->images = images_of(shadow->request);
  shadow->done = [&context, caller](InferJob& done) {
    if (done.error) {
      const InferFailure failure = failure_of(done.error);
      return log_job(context, done, caller, "shadow", &failure);
    }
    log_job(context, done, caller, "shadow", nullptr);
  };
  static_cast<void>(context.queue->submit(shadow));
}

// Before the answer goes out, so that whoever has it may send feedback at once.
void keep_for_feedback(ServerContext& context, InferJob& job, const Caller& caller) {
  if (context.feedback == nullptr || job.results.empty()) return;
  if (const auto version = context.feedback->version_of(*job.model)) {
    context.feedback->record(version, job, caller.request_id);
  }
}

// Before anything is made for each of its inputs.
std::optional<InferFailure> too_many_inputs(const ServerContext& context, const InferRequest& request) {
  if (request.inputs.empty() || request.inputs.front().shape.empty()) return std::nullopt;
  const Tensor& tensor = request.inputs.front();
  const bool is_one = tensor.type != Datatype::kBytes && tensor.shape.size() == 3;
  const auto n = static_cast<std::size_t>(is_one ? 1 : tensor.shape.front());
  const std::size_t most = context.options->limits.inputs;
  if (n <= most) return std::nullopt;
  return InferFailure{
      413, fmt::format("the request has {} inputs, expected at most {}; send several", n, most), 0};
}

void count_and_log(ServerContext& context, const InferJob& job, const Caller& caller,
                   const InferFailure* failure) {
  context.metrics->count_job(job, ms_since(context, caller.first_byte_ns));
  log_job(context, job, caller, "infer", failure);
  if (failure != nullptr) return;
  run_shadow(context, job, caller);
  explore(context, job);
}

}  // namespace

std::string new_request_id() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{:016x}", random());
}

bool is_request_id(std::string_view text) {
  constexpr std::size_t kLongest = 128;
  return !text.empty() && text.size() <= kLongest &&
         std::all_of(text.begin(), text.end(), [](char letter) { return letter > ' ' && letter <= '~'; });
}

std::string request_id_of(const InferRequest& request, const std::string& other) {
  const auto given = request.parameters.find("request_id");
  const auto* text = given == request.parameters.end() ? nullptr : std::get_if<std::string>(&given->second);
  if (text != nullptr && is_request_id(*text)) return *text;
  return is_request_id(request.id) ? request.id : other;
}

void log_event(ServerContext& context, std::string_view event,
               std::initializer_list<std::pair<std::string_view, std::string>> values) {
  Json line{{"time", timestamp()}, {"event", event}};
  for (const auto& [name, value] : values) line[std::string(name)] = value;
  context.log->write(json_text(line));
}

InferFailure ending_failure() { return {503, "this server is ending; ask another", 1, true}; }

InferFailure failure_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& found) {
    const int status = error_info(found.code()).http_status;
    if (status < 500) return {status, found.what(), 0};
    return {status, fmt::format("internal error ({})", error_info(found.code()).name), 0};
  } catch (const std::bad_alloc&) {
    return {503, "out of memory; send less at once", 1};
  } catch (const std::exception&) {
    return {500, "internal error", 0};
  }
}

InferFailure reload_failure(const Error& error) {
  return {error_info(error.code()).http_status,
          "the policy could not be loaded, and the one before goes on; the log says why"};
}

void run_job(ServerContext& context, const std::shared_ptr<InferJob>& job, const Caller& caller,
             const JobDone& done) {
  job->first_byte_ns = caller.first_byte_ns;
  job->done = [&context, caller, done](InferJob& finished) {
    std::optional<InferFailure> failure;
    if (finished.is_late) failure = InferFailure{503, "its time was over while it waited; try again", 1};
    if (finished.error) failure = failure_of(finished.error);
    const InferFailure* why = failure ? &*failure : nullptr;
    if (why == nullptr) keep_for_feedback(context, finished, caller);
    done(finished, why);
    count_and_log(context, finished, caller, why);
  };
  std::optional<InferFailure> failure;
  try {
    if (const auto refusal = context.queue->submit(job)) {
      context.metrics->count_refusal(refusal->reason);
      failure = failure_of_refusal(*refusal);
    }
  } catch (const std::exception&) {
    failure = failure_of(std::current_exception());
  }
  if (!failure) return;
  job->done = nullptr;
  log_job(context, *job, caller, "infer", &*failure);
  done(*job, &*failure);
}

void infer(ServerContext& context, std::string_view model, std::string_view version, InferRequest request,
           const Caller& caller, InferDone done) {
  const auto fail = [&](const InferFailure& failure) { done({}, {}, &failure); };
  const auto served = context.models->find(model, version, caller.request_id);
  if (served == nullptr) {
    return fail({404,
                 version.empty() ? fmt::format("model '{}': there is none", model)
                                 : fmt::format("model '{}': it has no version '{}' now", model, version),
                 0});
  }
  if (served->takes_images()) {
    if (const auto failure = too_many_inputs(context, request)) return fail(*failure);
  }
  auto job = std::make_shared<InferJob>();
  try {
    job->model = served;
    job->wanted = request_of(request.parameters);
    job->wanted.explain = job->wanted.explain ||
                          std::any_of(request.outputs.begin(), request.outputs.end(),
                                      [](const RequestedOutput& output) { return output.name == "why"; });
    check_outputs(*served, request);
    job->request = std::move(request);
    if (served->takes_images()) job->images = images_of(job->request);
    if (served->takes_images() && job->images.empty()) {
      return fail({400, "request: no inputs, expected one or more", 0});
    }
  } catch (const std::exception&) {
    return fail(failure_of(std::current_exception()));
  }
  run_job(context, job, caller, [caller, done](const InferJob& finished, const InferFailure* failure) {
    if (failure != nullptr) return done(finished.request, {}, failure);
    InferResponse response{.model = finished.model->name,
                           .version = finished.model->version,
                           .id = finished.request.id,
                           .parameters = {{"request_id", caller.request_id}},
                           .outputs = {}};
    if (finished.shed) response.parameters["shed"] = true;
    try {
      response.outputs = finished.model->takes_images()
                             ? outputs_of(*finished.model, finished.request, finished.results)
                             : finished.choices;
    } catch (const std::exception&) {
      const InferFailure unexpected = failure_of(std::current_exception());
      return done(finished.request, {}, &unexpected);
    }
    done(finished.request, response, nullptr);
  });
}

}  // namespace triage
