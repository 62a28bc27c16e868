#include "serve/http_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "http/multipart.h"
#include "serve/bearer_token.h"
#include "serve/classify_page.h"
#include "serve/feedback.h"
#include "serve/feedback_routes.h"
#include "serve/model_json.h"
#include "serve/openapi.h"
#include "serve/protocol_json.h"
#include "triage/error.h"
#include "triage/tools/import.h"
#include "triage/tools/result_json.h"
#include "triage/version.h"

namespace triage {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kBinaryHeader = "Inference-Header-Content-Length";
constexpr const char* kRequestIdField = "X-Request-Id";
constexpr int kTop = 5;  // classes of a picture

HttpResponse json_response(const Json& json, int status = 200) {
  return {.status = status, .body = json_text(json)};
}

HttpResponse error_response(int status, std::string_view message, double retry_after_s = 0) {
  HttpResponse response{.status = status, .body = error_json(message)};
  if (retry_after_s > 0) response.fields.emplace_back("Retry-After", fmt::format("{:.0f}", retry_after_s));
  return response;
}

HttpResponse failure_response(const InferFailure& failure) {
  return error_response(failure.status, failure.message, failure.retry_after_s);
}

// "max_latency_ms=20&explain=1" as parameters of the protocol.
Parameters query_parameters(const HttpRequest& request) {
  Parameters parameters;
  for (const char* name : {"max_latency_ms", "min_confidence", "price", "max_energy_j"}) {
    const std::string text = request.query_value(name);
    if (text.empty()) continue;
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
      throw Error(ErrorCode::kUsage, fmt::format("{}: '{}' is no number, expected one", name, text));
    }
    parameters[name] = value;
  }
  const std::string explain = request.query_value("explain");
  if (explain.empty()) return parameters;
  const bool is_yes = explain == "1" || explain == "true";
  if (!is_yes && explain != "0" && explain != "false") {
    throw Error(ErrorCode::kUsage, fmt::format("explain: '{}', expected true or false", explain));
  }
  parameters["explain"] = is_yes;
  return parameters;
}

bool wants_html(const HttpRequest& request) {
  return request.field("Accept").find("text/html") != std::string_view::npos;
}

// Without script, and nothing from elsewhere.
HttpResponse page_response(std::string html, int status) {
  return {.status = status,
          .content_type = "text/html; charset=utf-8",
          .body = std::move(html),
          .fields = {{"Content-Security-Policy",
                      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'self'; "
                      "frame-ancestors 'none'; base-uri 'none'"},
                     {"X-Content-Type-Options", "nosniff"},
                     {"Referrer-Policy", "no-referrer"}}};
}

ShownResult shown_of(const InferJob& job) {
  const double decode_ms = job.results.front().decode_ms;
  return {.input = "picture", .decode_ms = decode_ms, .remark = {}, .result = job.results.front()};
}

HttpResponse picture_page(const InferJob& job, const InferFailure* failure) {
  if (failure != nullptr) return page_response(failure_page(failure->message), failure->status);
  return page_response(
      classify_page(job.model->name, *job.model->classifier, shown_of(job), job.images.front().encoded), 200);
}

HttpResponse picture_json(const InferJob& job, const InferFailure* failure) {
  if (failure != nullptr) return failure_response(*failure);
  return {.body = result_json(*job.model->classifier, shown_of(job), kTop, job.wanted.explain)};
}

// "a/b/c" without its first slash, in parts.
std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    parts.push_back(part);
    path.remove_prefix(part.size());
  }
  return parts;
}

// Text that takes the thread that reads and writes so long that other clients would notice.
bool is_long_to_read(const HttpRequest& request) {
  constexpr std::size_t kLong = 256 << 10;  // some milliseconds
  const std::string_view json_bytes = request.field(kBinaryHeader);
  std::size_t bytes = request.body.size();
  std::from_chars(json_bytes.data(), json_bytes.data() + json_bytes.size(), bytes);
  return request.path != "/classify" && std::min(bytes, request.body.size()) > kLong;
}

}  // namespace

// One request, and its one response.
struct HttpRoutes::Call {
  HttpRequest request;
  std::function<void(std::string_view route, HttpResponse)> respond;
  Caller caller;
  std::vector<std::string_view> parts;

  [[nodiscard]] bool is_get() const { return request.method == "GET" || request.method == "HEAD"; }
  // For when the call is gone.
  [[nodiscard]] HttpRespond later(std::string route) const {
    return [respond = respond, id = caller.request_id, route = std::move(route)](HttpResponse response) {
      response.fields.emplace_back(kRequestIdField, id);
      respond(route, std::move(response));
    };
  }
  void answer(std::string_view route, HttpResponse response) const {
    later(std::string(route))(std::move(response));
  }
  void refuse_method(std::string_view route, std::string_view allowed) const {
    HttpResponse response =
        error_response(405, fmt::format("method {}: not known here, expected {}", request.method, allowed));
    response.fields.emplace_back("Allow", std::string(allowed));
    answer(route, std::move(response));
  }
};

HttpRoutes::HttpRoutes(ServerContext& context) : context_(&context) {}

bool HttpRoutes::is_allowed(const HttpRequest& request) const {
  const auto& tokens = context_->options->listen.tokens;
  return tokens.empty() || request.path.starts_with("/v2/health/") ||
         has_token(request.field("Authorization"), tokens);
}

void HttpRoutes::handle(HttpRequest request, HttpRespond respond) {
  const auto kept = std::make_shared<Call>(
      Call{.request = std::move(request), .respond = nullptr, .caller = {}, .parts = {}});
  Call& call = *kept;
  call.caller = {.protocol = "http",
                 .peer = call.request.peer,
                 .request_id = std::string(call.request.field(kRequestIdField)),
                 .trace = std::string(call.request.field("traceparent")),
                 .first_byte_ns = call.request.first_byte_ns};
  if (!is_request_id(call.caller.request_id)) call.caller.request_id = new_request_id();
  call.respond = [this, respond = std::move(respond), first = call.request.first_byte_ns](
                     std::string_view route, HttpResponse response) {
    const int status = response.status;
    response.on_sent = [this, first, status, name = std::string(route)](bool) {
      const double seconds = static_cast<double>(context_->clock->now_ns() - first) * 1e-9;
      context_->metrics->count_request("http", name, status, seconds);
    };
    respond(std::move(response));
  };
  call.parts = parts_of(call.request.path);
  if (!is_allowed(call.request)) {
    HttpResponse response = error_response(401, "this server wants a bearer token");
    response.fields.emplace_back("WWW-Authenticate", "Bearer");
    return call.answer("refused", std::move(response));
  }
  const std::string_view encoding = call.request.field("Content-Encoding");
  if (!encoding.empty() && encoding != "identity") {
    return call.answer("refused", error_response(415, "a compressed body, expected one that is not"));
  }
  if (!is_long_to_read(call.request)) return try_to_route(call);
  context_->aside([this, kept] { try_to_route(*kept); });
}

void HttpRoutes::try_to_route(Call& call) {
  try {
    route(call);
  } catch (const std::exception&) {
    call.answer("failed", failure_response(failure_of(std::current_exception())));
  }
}

void HttpRoutes::route(Call& call) {
  const std::string& path = call.request.path;
  if (path == "/v2/models" || path.starts_with("/v2/models/")) return route_model(call);
  if (path == "/classify" || path == "/") return classify_picture(call);
  if (path == "/choose") return choose_lines(call);
  if (path == "/feedback" || path == "/v2/feedback") return route_feedback(call);
  const bool is_repository = path.starts_with("/v2/repository");
  if (is_repository) {
    if (call.request.method != "POST") return call.refuse_method("repository", "POST");
    return answer_repository(call);
  }
  if (!call.is_get()) return call.refuse_method("other", "GET");
  if (path == "/v2") {
    return call.answer(
        "server",
        json_response({{"name", kServerName}, {"version", kVersion}, {"extensions", kServerExtensions}}));
  }
  if (path == "/v2/health/live") return call.answer("health", json_response({{"live", true}}));
  if (path == "/v2/health/ready") {
    const bool is_ready = context_->is_ready;
    return call.answer("health", json_response({{"ready", is_ready}, {"alarms", alarms_json(*context_)}},
                                               is_ready ? 200 : 503));
  }
  if (path == "/metrics") {
    if (context_->feedback != nullptr) context_->metrics->set_alarms(alarm_kinds(*context_));
    const PoolUse pool = context_->runtime == nullptr ? PoolUse{} : context_->runtime->pool_use();
    return call.answer("metrics", {.content_type = "text/plain; version=0.0.4; charset=utf-8",
                                   .body = context_->metrics->text({.connections = connections_(),
                                                                    .waiting = context_->queue->use().waiting,
                                                                    .networks = pool.networks,
                                                                    .network_bytes = pool.bytes})});
  }
  if (path == "/openapi.json") return call.answer("openapi", {.body = std::string(kOpenApi)});
  call.answer("unknown", error_response(404, fmt::format("path '{}': there is none", path)));
}

void HttpRoutes::route_feedback(Call& call) {
  if (context_->feedback == nullptr) {
    return call.answer("feedback", error_response(404, "this server keeps no feedback"));
  }
  const bool is_figures = call.request.path == "/v2/feedback";
  if (is_figures && !call.is_get()) return call.refuse_method("feedback", "GET");
  if (is_figures) return show_feedback(*context_->feedback, call.later("feedback"));
  if (call.request.method != "POST") return call.refuse_method("feedback", "POST");
  take_feedback(*context_->feedback, call.request.body, call.later("feedback"));
}

// /v2/repository: what there is, and to load it anew.
void HttpRoutes::answer_repository(Call& call) {
  const std::string& path = call.request.path;
  if (path == "/v2/repository/index") {
    Json list = Json::array();
    for (const auto& model : context_->models->all()) {
      list.push_back(
          {{"name", model->name}, {"version", model->version}, {"state", "READY"}, {"reason", ""}});
    }
    return call.answer("repository", json_response(list));
  }
  const bool is_load = call.parts.size() == 5 && call.parts[2] == "models" && call.parts[4] == "load" &&
                       context_->models->find(call.parts[3], "", call.caller.request_id) != nullptr;
  if (path != "/v2/repository" && !is_load) {
    return call.answer("repository",
                       error_response(400,
                                      "expected /v2/repository/index, or /v2/repository/models/MODEL/load "
                                      "of a model that is served; what is served is fixed at the start"));
  }
  context_->reload([respond = call.later("repository")](const Error* error) {
    if (error == nullptr) return respond(json_response(Json::object()));
    respond(failure_response(reload_failure(*error)));
  });
}

void HttpRoutes::route_model(Call& call) {
  // v2, models, MODEL, then perhaps versions, VERSION, then perhaps what is asked.
  const std::vector<std::string_view>& parts = call.parts;
  const std::string_view name = parts.size() > 2 ? parts[2] : std::string_view();
  const bool has_version = parts.size() > 4 && parts[3] == "versions";
  const std::string_view version = has_version ? parts[4] : std::string_view();
  const std::size_t rest = has_version ? 5 : 3;
  const std::string_view what = parts.size() > rest ? parts[rest] : std::string_view();
  if (name == "stats" && parts.size() == 3) {  // of all
    if (!call.is_get()) return call.refuse_method("statistics", "GET");
    Json list = Json::array();
    for (const auto& model : context_->models->all()) {
      list.push_back(statistics_json(*model, context_->metrics->statistics(model->name)));
    }
    return call.answer("statistics", json_response({{"model_stats", list}}));
  }
  if (what == "infer" && parts.size() == rest + 1) {
    if (call.request.method != "POST") return call.refuse_method("infer", "POST");
    return infer_json(call, name, version);
  }
  const auto model = context_->models->find(name, version, call.caller.request_id);
  if (name.empty() || model == nullptr || parts.size() > rest + 1) {
    return call.answer("model", error_response(404, fmt::format("path '{}': no such model, or nothing to ask "
                                                                "of it there",
                                                                call.request.path)));
  }
  if (!call.is_get()) return call.refuse_method("model", "GET");
  if (what.empty()) return call.answer("model", json_response(model_json(*model)));
  if (what == "config") return call.answer("model", json_response(config_json(*model)));
  if (what == "ready") {
    return call.answer("health", json_response({{"name", model->name}, {"ready", true}}));
  }
  if (what == "stats") {
    return call.answer(
        "statistics",
        json_response(
            {{"model_stats", {statistics_json(*model, context_->metrics->statistics(model->name))}}}));
  }
  call.answer("model", error_response(404, fmt::format("path '{}': there is none", call.request.path)));
}

void HttpRoutes::infer_json(Call& call, std::string_view model, std::string_view version) {
  std::optional<std::size_t> json_bytes;
  if (const std::string_view text = call.request.field(kBinaryHeader); !text.empty()) {
    std::size_t bytes = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
      return call.answer("infer", error_response(400, fmt::format("{}: '{}', expected a number of bytes",
                                                                  kBinaryHeader, text)));
    }
    json_bytes = bytes;
  }
  InferRequest request = parse_infer_request(call.request.body, json_bytes);
  call.request.body = {};
  call.caller.request_id = request_id_of(request, call.caller.request_id);
  infer(*context_, model, version, std::move(request), call.caller,
        [respond = call.later("infer")](const InferRequest& asked, const InferResponse& response,
                                        const InferFailure* failure) {
          if (failure != nullptr) return respond(failure_response(*failure));
          InferBody body = write_infer_response(response, asked);
          HttpResponse out{.body = std::move(body.body)};
          if (body.json_bytes) {
            out.content_type = "application/octet-stream";
            out.fields.emplace_back(std::string(kBinaryHeader), std::to_string(*body.json_bytes));
          }
          respond(std::move(out));
        });
}

// For people: a picture comes, and what it shows goes back, as JSON or as a page.
void HttpRoutes::classify_picture(Call& call) {
  const bool is_page = wants_html(call.request);
  const auto set = context_->models->now();
  if (call.is_get()) {
    if (!is_page && call.request.path == "/classify") return call.refuse_method("classify", "POST");
    return call.answer("page", page_response(classify_page(set->main->name, set->main->takes_images()), 200));
  }
  if (call.request.method != "POST") return call.refuse_method("classify", "GET, POST");
  if (!set->main->takes_images()) {
    return call.answer("classify", error_response(404, "the policy chooses for rows, expected at /choose"));
  }
  auto job = std::make_shared<InferJob>();
  job->model = context_->models->find(set->main->name, "", call.caller.request_id);
  job->wanted = request_of(query_parameters(call.request));
  job->wanted.explain = job->wanted.explain || is_page;
  const std::string_view type = call.request.field("Content-Type");
  std::string picture =
      is_multipart(type) ? first_file(call.request.body, type) : std::move(call.request.body);
  if (picture.empty()) {
    return call.answer("classify", error_response(400, "the body is empty, expected the bytes of a picture"));
  }
  const std::array<std::string, 1> pictures{std::move(picture)};
  job->request.inputs = {bytes_tensor("image", pictures)};
  job->images = images_of(job->request);
  run_job(*context_, job, call.caller,
          [respond = call.later("classify"), is_page](const InferJob& done, const InferFailure* failure) {
            respond(is_page ? picture_page(done, failure) : picture_json(done, failure));
          });
}

// Rows come as `triage choose` reads them, and its lines go back.
void HttpRoutes::choose_lines(Call& call) {
  if (call.request.method != "POST") return call.refuse_method("choose", "POST");
  const auto model = context_->models->find(context_->models->now()->main->name, "", call.caller.request_id);
  if (model->takes_images()) {
    return call.answer("choose", error_response(404, "the policy looks at pictures, expected at /classify"));
  }
  const Request wanted = request_of(query_parameters(call.request));
  check_request(*model->policy, wanted);
  const bool is_csv = call.request.field("Content-Type").starts_with("text/csv");
  std::istringstream in(std::move(call.request.body));
  FeatureRows rows(in, model->policy->info(), is_csv ? TextForm::kCsv : TextForm::kJsonLines);
  std::string lines;
  FeatureRow row;
  while (rows.next(row)) {
    Trace trace;
    const Choice choice =
        choose(*model->policy, row.features, row.looks, wanted, wanted.explain ? &trace : nullptr);
    lines += wanted.explain ? choice_json(*model->policy, row.id, choice, trace, wanted)
                            : choice_json(model->policy->info(), row.id, choice);
    lines += '\n';
  }
  call.answer("choose", {.content_type = "application/jsonl", .body = std::move(lines)});
}

}  // namespace triage
