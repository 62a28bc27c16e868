#include "serve/serve_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "base/memory.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

// Seconds.
const Histogram::BucketBoundaries kTimes{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                         0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
const Histogram::BucketBoundaries kConfidences{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99};
const Histogram::BucketBoundaries kCounts{1, 2, 3, 4, 6, 8, 12, 16, 32, 64};

std::string_view to_string(InferRefusal::Reason reason) {
  switch (reason) {
    case InferRefusal::Reason::kFull:
      return "queue_full";
    case InferRefusal::Reason::kTooLate:
      return "too_late";
    case InferRefusal::Reason::kEnding:
      break;
  }
  return "ending";
}

std::uint64_t ns_of(double ms) { return static_cast<std::uint64_t>(std::llround(std::max(0.0, ms) * 1e6)); }

template <class Metric>
Family<Metric>& family(prometheus::Registry& registry, const char* name, const char* help) {
  if constexpr (std::is_same_v<Metric, Counter>) {
    return BuildCounter().Name(name).Help(help).Register(registry);
  } else if constexpr (std::is_same_v<Metric, Gauge>) {
    return BuildGauge().Name(name).Help(help).Register(registry);
  } else {
    return BuildHistogram().Name(name).Help(help).Register(registry);
  }
}

}  // namespace

struct ServeMetrics::State {
  prometheus::Registry registry;
  Family<Counter>& requests = family<Counter>(registry, "triage_requests_total", "Requests by status");
  Family<Histogram>& request_seconds =
      family<Histogram>(registry, "triage_request_seconds", "From a request's first byte to its response");
  Family<Counter>& refused =
      family<Counter>(registry, "triage_refused_total", "Requests that were not taken, by reason");
  Family<Histogram>& stage_seconds =
      family<Histogram>(registry, "triage_stage_seconds", "Of an input, by stage");
  Family<Histogram>& look_seconds =
      family<Histogram>(registry, "triage_look_seconds", "Preprocessing and inference of a look, by model");
  Family<Counter>& answers =
      family<Counter>(registry, "triage_answers_total", "Inputs by the model that answered");
  Family<Counter>& limits = family<Counter>(registry, "triage_limits_total", "Inputs where a limit decided");
  Family<Counter>& certified =
      family<Counter>(registry, "triage_certified_total", "Inputs that a certificate covers");
  Family<Counter>& shed =
      family<Counter>(registry, "triage_shed_total", "Requests answered more cheaply because of the load");
  Family<Histogram>& looks = family<Histogram>(registry, "triage_looks", "Models that ran on an input");
  Family<Histogram>& batches = family<Histogram>(registry, "triage_batch_inputs", "Inputs run together");
  Family<Histogram>& confidences =
      family<Histogram>(registry, "triage_confidence", "Of the answers; watch it for drift");
  Family<Gauge>& policies =
      family<Gauge>(registry, "triage_policy_info", "1 for what is served now, by name and version");
  Family<Counter>& loads =
      family<Counter>(registry, "triage_policy_loads_total", "Policies loaded, by outcome");
  Family<Counter>& lost_lines =
      family<Counter>(registry, "triage_log_lines_lost_total", "Log lines that could not be written");
  Family<Counter>& feedback =
      family<Counter>(registry, "triage_feedback_total", "What was told of inputs, by its status");
  Family<Counter>& lost_feedback =
      family<Counter>(registry, "triage_feedback_lost_total", "Inputs that could not be kept for feedback");
  Family<Counter>& explored =
      family<Counter>(registry, "triage_explored_total", "Inputs to run every model on, by outcome");
  Family<Gauge>& alarms = family<Gauge>(registry, "triage_alarm", "1 while an alarm of this kind is on");
  Family<Gauge>& connections = family<Gauge>(registry, "triage_connections", "Open connections");
  Family<Gauge>& queue = family<Gauge>(registry, "triage_queue_inputs", "Inputs that wait");
  Family<Gauge>& networks = family<Gauge>(registry, "triage_networks", "Loaded networks, copies counted");
  Family<Gauge>& network_bytes =
      family<Gauge>(registry, "triage_network_bytes", "Memory of loaded networks, as estimated");
  Family<Gauge>& memory =
      family<Gauge>(registry, "process_resident_memory_bytes", "Resident memory of the process");

  mutable std::mutex mutex;  // guards what follows
  std::map<std::string, ModelStatistics> statistics;
  std::map<std::string, Gauge*> served;  // by name: the version that is served now
};

ServeMetrics::ServeMetrics() : state_(std::make_unique<State>()) {}
ServeMetrics::~ServeMetrics() = default;

void ServeMetrics::count_request(std::string_view protocol, std::string_view route, int status,
                                 double seconds) {
  const std::string name(route);
  state_->requests
      .Add({{"protocol", std::string(protocol)}, {"route", name}, {"status", std::to_string(status)}})
      .Increment();
  state_->request_seconds.Add({{"route", name}}, kTimes).Observe(seconds);
}

void ServeMetrics::count_refusal(InferRefusal::Reason reason) {
  state_->refused.Add({{"reason", std::string(to_string(reason))}}).Increment();
}

void ServeMetrics::count_job(const InferJob& job, double ms) {
  State& state = *state_;
  const std::string& name = job.model->name;
  double input_ms = 0, infer_ms = 0;
  const auto stage = [&](const char* what, double stage_ms) {
    state.stage_seconds.Add({{"model", name}, {"stage", what}}, kTimes).Observe(stage_ms * 1e-3);
  };
  stage("queue", job.queue_ms);
  if (job.shed) state.shed.Add({{"model", name}}).Increment();
  if (job.largest_batch > 0) {
    state.batches.Add({{"model", name}}, kCounts).Observe(static_cast<double>(job.largest_batch));
  }
  const PolicyInfo& info = job.model->policy->info();
  for (const Result& result : job.results) {
    if (job.error || job.is_late) break;
    input_ms += result.decode_ms + result.preprocess_ms;
    infer_ms += result.infer_ms;
    stage("decode", result.decode_ms);
    stage("preprocess", result.preprocess_ms);
    stage("infer", result.infer_ms);
    stage("decide", result.decision_ms + result.features_ms);
    state.looks.Add({{"model", name}}, kCounts).Observe(static_cast<double>(result.looks.size()));
    for (const Look& look : result.looks) {
      state.look_seconds.Add({{"model", model_name(info, look.model)}}, kTimes).Observe(look.cost.ms * 1e-3);
    }
    const std::string by = result.refused             ? "none"
                           : result.model == kNoModel ? "combined"
                                                      : model_name(info, result.model);
    state.answers.Add({{"model", name}, {"by", by}}).Increment();
    if (result.limited()) {
      state.limits.Add({{"model", name}, {"limit", std::string(triage::to_string(result.limit))}})
          .Increment();
    }
    if (result.certified) state.certified.Add({{"model", name}}).Increment();
    if (!result.refused) state.confidences.Add({{"model", name}}, kConfidences).Observe(result.confidence());
  }
  const std::lock_guard lock(state.mutex);
  ModelStatistics& counts = state.statistics[name];
  const bool failed = job.error || job.is_late;
  ++(failed ? counts.failed : counts.requests);
  (failed ? counts.failed_ns : counts.request_ns) += ns_of(ms);
  counts.inputs += failed ? 0 : std::max<std::size_t>(1, job.results.size());
  counts.batches += failed ? 0 : 1;
  counts.queue_ns += ns_of(job.queue_ms);
  counts.input_ns += ns_of(input_ms);
  counts.infer_ns += ns_of(infer_ms);
  counts.last_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
}

void ServeMetrics::count_load(std::string_view name, std::string_view version, std::string_view kind) {
  state_->loads.Add({{"outcome", "served"}}).Increment();
  const std::lock_guard lock(state_->mutex);
  Gauge*& now = state_->served[std::string(name)];
  if (now != nullptr) state_->policies.Remove(now);
  now = &state_->policies.Add(
      {{"name", std::string(name)}, {"version", std::string(version)}, {"kind", std::string(kind)}});
  now->Set(1);
}

void ServeMetrics::count_failed_load() { state_->loads.Add({{"outcome", "refused"}}).Increment(); }

void ServeMetrics::count_lost_log_line() { state_->lost_lines.Add({}).Increment(); }

void ServeMetrics::count_feedback(std::string_view status, std::size_t items) {
  state_->feedback.Add({{"status", std::string(status)}}).Increment(static_cast<double>(items));
}

void ServeMetrics::count_lost_feedback(std::size_t inputs) {
  state_->lost_feedback.Add({}).Increment(static_cast<double>(inputs));
}

void ServeMetrics::count_explored(std::size_t inputs, bool is_done) {
  state_->explored.Add({{"outcome", is_done ? "done" : "skipped"}}).Increment(static_cast<double>(inputs));
}

void ServeMetrics::set_alarms(const std::vector<std::string>& kinds) {
  for (const char* kind : {"promise", "drift", "store"}) {
    const bool is_on = std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    state_->alarms.Add({{"kind", kind}}).Set(is_on ? 1 : 0);
  }
}

ModelStatistics ServeMetrics::statistics(const std::string& model) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->statistics.find(model);
  return found == state_->statistics.end() ? ModelStatistics{} : found->second;
}

std::string ServeMetrics::text(const ServerGauges& now) {
  const auto set = [](Family<Gauge>& gauge, std::size_t value) {
    gauge.Add({}).Set(static_cast<double>(value));
  };
  set(state_->connections, now.connections);
  set(state_->queue, now.waiting);
  set(state_->networks, now.networks);
  set(state_->network_bytes, now.network_bytes);
  set(state_->memory, resident_bytes());
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace triage
