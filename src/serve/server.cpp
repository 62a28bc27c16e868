// Puts the parts of a server together, and takes them apart again in the right order.
#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "http/http_server.h"
#include "serve/explore.h"
#include "serve/feedback.h"
#include "serve/grpc_server.h"
#include "serve/http_routes.h"
#include "serve/infer.h"
#include "triage/engine.h"
#include "triage/error.h"
#include "triage/policy.h"
#include "triage/tools/serve.h"

namespace triage {
namespace {

using Milliseconds = std::chrono::milliseconds;

// Does what takes long, one after the other, on a thread of its own.
class SideThread {
 public:
  SideThread() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void add(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(work));
    }
    wake_.notify_one();
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (wake_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
      const std::function<void()> work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<std::function<void()>> waiting_;
  std::jthread thread_;
};

HttpOptions http_options(const ServeOptions& options, const std::shared_ptr<Clock>& clock) {
  HttpOptions http{.address = options.listen.address,
                   .port = options.listen.http_port,
                   .threads = options.listen.threads,
                   .limits = {},
                   .tls = nullptr,
                   .clock = clock};
  http.limits.body_bytes = options.limits.body_bytes;
  http.limits.bodies_bytes = options.limits.bodies_bytes;
  http.limits.header_bytes = options.limits.header_bytes;
  http.limits.header_time = options.limits.receive_time / 3;
  http.limits.body_time = options.limits.receive_time;
  http.limits.idle_time = options.limits.idle_time;
  http.limits.connections = options.limits.connections;
  http.limits.connections_of_client = options.limits.connections_of_client;
  if (!options.listen.tls_certificate.empty() || !options.listen.tls_key.empty()) {
    http.tls = std::make_unique<TlsFiles>(TlsFiles{options.listen.tls_certificate, options.listen.tls_key});
  }
  return http;
}

std::shared_ptr<Runtime> runtime_of(const ServeOptions& options) {
  return options.zoo.empty() ? nullptr : Runtime::load(options.zoo, options.runtime);
}

// When the files of the policies were last written; 0 for one that is not there.
std::vector<std::int64_t> times_of(const ServeOptions& options) {
  std::vector<std::int64_t> times;
  const auto add = [&](const std::filesystem::path& path) {
    std::error_code error;
    const auto time = std::filesystem::last_write_time(path, error);
    times.push_back(error ? 0 : static_cast<std::int64_t>(time.time_since_epoch().count()));
  };
  add(options.policy);
  if (options.canary) add(options.canary->policy);
  if (options.shadow) add(options.shadow->policy);
  return times;
}

void check(const ServeOptions& options) {
  const auto refuse = [](std::string_view what, std::string_view expected) {
    throw Error(ErrorCode::kUsage, fmt::format("{}: out of range, expected {}", what, expected));
  };
  if (options.listen.threads < 1 || options.listen.threads > 256) refuse("threads", "1 to 256");
  if (options.load.workers > 1024) refuse("workers", "0 to 1024");
  if (options.load.capacity < 1) refuse("capacity", "1 or more");
  if (options.load.max_batch < 1) refuse("max_batch", "1 or more");
  if (!(options.load.shed_wait_ms > 0)) refuse("shed_wait_ms", "above 0");
  if (options.listen.tls_certificate.empty() != options.listen.tls_key.empty()) {
    throw Error(ErrorCode::kUsage, "TLS: a certificate without its key, or a key alone, expected both files");
  }
  for (const std::string& token : options.listen.tokens) {
    if (token.empty()) refuse("a token", "one that is not empty");
  }
}

}  // namespace

struct Server::State {
  explicit State(const ServeOptions& given)
      : options(given),
        clock(given.runtime.clock),
        runtime(runtime_of(options)),
        log(options.log, [this] { metrics.count_lost_log_line(); }),
        loaded_times(times_of(options)),
        models(options, runtime) {
    queue = std::make_unique<InferQueue>(InferQueueOptions{.workers = options.load.workers,
                                                           .capacity = options.load.capacity,
                                                           .max_batch = options.load.max_batch,
                                                           .shed_wait_ms = options.load.shed_wait_ms},
                                         clock_or_steady(clock));
    context.options = &options;
    context.clock = &clock_or_steady(clock);
    context.runtime = runtime;
    context.metrics = &metrics;
    context.log = &log;
    context.models = &models;
    context.queue = queue.get();
    context.aside = [this](std::function<void()> work) { reader->add(std::move(work)); };
    context.reload = [this](std::function<void(const Error*)> done) {
      side->add([this, done = std::move(done)] { reload_and_say(done); });
    };
    if (options.feedback) {
      if (!models.now()->main->takes_images()) {
        throw Error(ErrorCode::kUsage,
                    "feedback: the policy chooses for rows, expected one that looks at pictures");
      }
      feedback = std::make_unique<Feedback>(*options.feedback, feedback_observer());
      context.feedback = feedback.get();
      serve_feedback(*models.now());
    }
    routes = std::make_unique<HttpRoutes>(context);
    note_policy();
    context.is_ready = true;
    http = std::make_unique<HttpServer>(http_options(options, clock),
                                        [this](HttpRequest request, HttpRespond respond) {
                                          routes->handle(std::move(request), std::move(respond));
                                        });
    routes->set_connections([this] { return http->counts().connections; });
    if (options.listen.grpc_port) grpc = std::make_unique<GrpcServer>(context);
    if (options.watch) watcher = std::jthread([this](const std::stop_token& stop) { watch(stop); });
  }

  ~State() {
    watcher = {};
    http->stop();
    if (grpc != nullptr) grpc->stop();
    side.reset();
    reader.reset();
    queue.reset();     // with it go the last that would answer,
    feedback.reset();  // and with this those that would say what was kept
  }

  FeedbackObserver feedback_observer() {
    return {.lost = [this](std::size_t inputs) { metrics.count_lost_feedback(inputs); },
            .told = [this](FeedbackStatus status,
                           std::size_t items) { metrics.count_feedback(to_string(status), items); },
            .raised =
                [this](const FeedbackAlarm& alarm) {
                  log_event(context, "alarm",
                            {{"kind", alarm.kind},
                             {"version", alarm.version},
                             {"of", alarm.of},
                             {"inputs", std::to_string(alarm.inputs)}});
                },
            .failing =
                [this](std::string_view reason) {
                  log_event(context, "feedback_not_kept", {{"error", std::string(reason)}});
                }};
  }

  // What the inputs of policies are kept and explored with, before they answer.
  void serve_feedback(const ServedSet& set) {
    if (feedback == nullptr) return;
    const auto versions = [&](bool explores) {
      std::vector<std::shared_ptr<const FeedbackVersion>> list;
      for (const auto& model : {set.main, set.canary}) {
        if (model != nullptr && model->takes_images()) {
          list.push_back(feedback_version(model, runtime, explores));
        }
      }
      return list;
    };
    try {
      feedback->serve(versions(options.feedback->explore > 0));
    } catch (const Error& error) {
      log_event(context, "not_explored", {{"error", error.what()}});
      feedback->serve(versions(false));
    }
  }

  void note_policy() {
    const auto now = models.now();
    metrics.count_load(now->main->name, now->main->version, now->main->policy->kind());
    log_event(context, "policy",
              {{"name", now->main->name},
               {"version", now->main->version},
               {"kind", std::string(now->main->policy->kind())}});
  }

  // Throws as Server::reload.
  void reload() {
    try {
      models.reload([this](const ServedSet& next) { serve_feedback(next); });
    } catch (const Error& error) {
      metrics.count_failed_load();
      log_event(context, "policy_refused", {{"error", error.what()}});
      throw;
    }
    note_policy();
  }

  void reload_and_say(const std::function<void(const Error*)>& done) {
    try {
      reload();
      done(nullptr);
    } catch (const Error& error) {
      done(&error);
    }
  }

  void watch(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::vector<std::int64_t> seen = loaded_times;
    std::unique_lock lock(mutex);
    while (!never.wait_for(lock, stop, Milliseconds(500), [] { return false; }) && !stop.stop_requested()) {
      std::vector<std::int64_t> now = times_of(options);
      if (now == seen) continue;
      seen = std::move(now);
      context.reload([](const Error*) {});
    }
  }

  ServeOptions options;
  std::shared_ptr<Clock> clock;
  ServeMetrics metrics;
  std::shared_ptr<Runtime> runtime;
  ServerContext context;
  LineLog log;
  std::vector<std::int64_t> loaded_times;  // before the policies were read, so that no change is missed
  ServedModels models;
  std::optional<SideThread> side{std::in_place};    // loads policies
  std::optional<SideThread> reader{std::in_place};  // reads long requests
  std::unique_ptr<InferQueue> queue;
  std::unique_ptr<Feedback> feedback;
  std::unique_ptr<HttpRoutes> routes;
  std::unique_ptr<HttpServer> http;
  std::unique_ptr<GrpcServer> grpc;  // null: none
  std::jthread watcher;
};

Server::Server(const ServeOptions& options) {
  check(options);
  state_ = std::make_unique<State>(options);
}

Server::~Server() = default;

std::uint16_t Server::http_port() const { return state_->http->port(); }

std::uint16_t Server::grpc_port() const { return state_->grpc == nullptr ? 0 : state_->grpc->port(); }

std::string Server::policy_version() const { return state_->models.now()->main->version; }

void Server::reload() { state_->reload(); }

bool Server::drain(std::chrono::milliseconds grace) {
  const auto until = std::chrono::steady_clock::now() + grace;
  state_->context.is_ready = false;
  log_event(state_->context, "draining", {});
  auto over_grpc =
      std::async(std::launch::async, [&] { return state_->grpc == nullptr || state_->grpc->drain(grace); });
  const bool over_http = state_->http->drain(grace);
  const bool answered = over_grpc.get() && over_http;
  const auto left = std::chrono::duration_cast<Milliseconds>(until - std::chrono::steady_clock::now());
  return state_->queue->drain(std::max(left, Milliseconds(0))) && answered;
}

}  // namespace triage
