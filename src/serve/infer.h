// From a request of the protocol to its response: which model, whether there is time for it, and what is
// logged and counted. HTTP and gRPC only translate.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "serve/infer_queue.h"
#include "serve/line_log.h"
#include "serve/serve_metrics.h"
#include "serve/served_models.h"
#include "serve/tensors.h"
#include "triage/error.h"
#include "triage/tools/serve.h"

namespace triage {

class Feedback;

// What the parts of a server share. Its members are safe concurrently.
struct ServerContext {
  const ServeOptions* options = nullptr;
  const Clock* clock = nullptr;
  std::shared_ptr<Runtime> runtime;  // null: policies on rows
  ServeMetrics* metrics = nullptr;
  LineLog* log = nullptr;
  ServedModels* models = nullptr;
  InferQueue* queue = nullptr;
  Feedback* feedback = nullptr;  // null: nothing is kept
  std::atomic<bool> is_ready{false};
  // Has another thread do what would hold up those that read and write.
  std::function<void(std::function<void()>)> aside;
  // Has another thread load the policies anew, which then says how that went: null, or why not.
  std::function<void(std::function<void(const Error*)>)> reload;
};

// What the server says that it is.
inline constexpr std::string_view kServerName = "triage";
inline constexpr std::array<std::string_view, 5> kServerExtensions{
    "binary_tensor_data", "classification", "statistics", "model_repository", "model_configuration"};

// Who asks, by what way.
struct Caller {
  std::string protocol;    // "http", "grpc"
  std::string peer;        // address
  std::string request_id;  // theirs, or new_request_id()
  std::string trace;       // the W3C traceparent that came with it; or empty
  std::int64_t first_byte_ns = 0;
};
[[nodiscard]] std::string new_request_id();  // 16 random hex digits
// Whether it may be one: 1 to 128 letters of ASCII that can be seen.
[[nodiscard]] bool is_request_id(std::string_view text);
// That a request of the protocol brings: its parameter `request_id`, else its id, else `other`.
[[nodiscard]] std::string request_id_of(const InferRequest& request, const std::string& other);

// A line about the server itself: `event`, and pairs of names and values.
void log_event(ServerContext& context, std::string_view event,
               std::initializer_list<std::pair<std::string_view, std::string>> values);

// Why a request has no answer, as HTTP says it.
struct InferFailure {
  int status = 500;
  std::string message;
  double retry_after_s = 0;  // 0: no use
  bool is_ending = false;    // the server is, so that another has to be asked
};
[[nodiscard]] InferFailure ending_failure();
// Of an exception: its message where the caller is to blame, else none of the inside.
[[nodiscard]] InferFailure failure_of(const std::exception_ptr& error);

// Of policies that could not be loaded anew; the log has the reason.
[[nodiscard]] InferFailure reload_failure(const Error& error);

// Has the job done, and calls `done` once: with what came of it, or why nothing did (the job then has no
// results). Logs and counts it.
using JobDone = std::function<void(const InferJob&, const InferFailure*)>;
void run_job(ServerContext& context, const std::shared_ptr<InferJob>& job, const Caller& caller,
             const JobDone& done);

// The same from a request to a response.
using InferDone = std::function<void(const InferRequest&, const InferResponse&, const InferFailure*)>;
void infer(ServerContext& context, std::string_view model, std::string_view version, InferRequest request,
           const Caller& caller, InferDone done);

}  // namespace triage
