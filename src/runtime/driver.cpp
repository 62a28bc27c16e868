// The driver loop: asks a policy, has the backend do it, and holds the policy to the rules that make the loop
// end (every step must bring something new).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "triage/error.h"
#include "triage/runtime.h"

namespace triage {
namespace {

[[noreturn]] void fail_policy(const Policy& policy, std::string_view found, std::string_view expected) {
  throw Error(ErrorCode::kInternal,
              fmt::format("policy of kind '{}': {}, expected {}; this is a bug in that policy", policy.kind(),
                          found, expected));
}

bool has_look(const Outcome& outcome, ModelIndex model) {
  return std::any_of(outcome.looks.begin(), outcome.looks.end(),
                     [model](const Look& look) { return look.model == model; });
}

// Whether a model may be started under the request's caps.
bool fits(const PolicyInfo& info, ModelIndex model, const Request& request, const Outcome& outcome) {
  const PolicyModel& wanted = info.models[static_cast<std::size_t>(model)];
  if (outcome.elapsed_ms + wanted.p999_ms > request.max_latency_ms) return false;
  if (std::isinf(request.max_energy_j)) return true;
  // Live looks are not metered one by one, so they count with their means.
  double joules = wanted.mean_j + (std::isnan(outcome.features_j) ? 0 : outcome.features_j);
  for (const Look& look : outcome.looks) joules += info.models[static_cast<std::size_t>(look.model)].mean_j;
  return joules <= request.max_energy_j;
}

// The dearest answering model that fits, kNoModel when none does.
ModelIndex dearest_fitting(const Policy& policy, const Request& request, const Outcome& outcome) {
  const auto& models = policy.info().models;
  ModelIndex best = kNoModel;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const auto model = static_cast<ModelIndex>(i);
    if (!policy.can_answer(model) || !fits(policy.info(), model, request, outcome)) continue;
    if (best == kNoModel || models[i].mean_ms > models[static_cast<std::size_t>(best)].mean_ms) best = model;
  }
  return best;
}

void explain_cap(const Policy& policy, ModelIndex model, const Request& request, const Outcome& outcome,
                 Trace& trace) {
  const PolicyModel& wanted = policy.info().models[static_cast<std::size_t>(model)];
  const bool late = outcome.elapsed_ms + wanted.p999_ms > request.max_latency_ms;
  trace.emplace_back(late ? CapHeld{CapHeld::Cap::kLatencyMs, model, wanted.p999_ms, outcome.elapsed_ms,
                                    request.max_latency_ms}
                          : CapHeld{CapHeld::Cap::kEnergyJ, model, wanted.mean_j, 0, request.max_energy_j});
}

// Energy starts at 0, so that it is known as long as every part of it was measured.
void reset(const PolicyInfo& info, Outcome& outcome) {
  outcome.refused = false;
  outcome.answer = {};
  outcome.model = kNoModel;
  outcome.limited = outcome.breached = outcome.below_confidence = outcome.certified = false;
  outcome.looks.clear();
  outcome.looks.reserve(info.models.size());
  outcome.features.assign(info.schema.size(), std::numeric_limits<float>::quiet_NaN());
  outcome.total = {.ms = 0, .j = 0};
  outcome.features_ms = 0;
  outcome.features_j = 0;
  outcome.decision_ms = 0;
}

void do_extract(const Policy& policy, Backend& backend, FeatureMask mask, FeatureMask& extracted,
                Outcome& outcome) {
  if ((mask & ~all_features(policy.info().schema)) != 0) {
    fail_policy(policy, "asks for a feature outside its schema",
                fmt::format("one of its {} features", policy.info().schema.size()));
  }
  const FeatureMask missing = mask & ~extracted;
  if (missing == 0) fail_policy(policy, "asks for no new feature", "at least one");
  const Cost cost = backend.extract(missing, outcome.features);
  extracted |= missing;
  outcome.features_ms += cost.ms;
  outcome.features_j += cost.j;
  outcome.total += cost;
}

void check_model(const Policy& policy, ModelIndex model) {
  const std::size_t n_models = policy.info().models.size();
  if (model < 0 || static_cast<std::size_t>(model) >= n_models) {
    fail_policy(policy, fmt::format("asks for model {}", model),
                fmt::format("one of its {} models", n_models));
  }
}

void do_run(const Policy& policy, Backend& backend, ModelIndex model, Outcome& outcome) {
  if (has_look(outcome, model)) {
    fail_policy(policy, fmt::format("asks twice for model {}", model), "each model at most once an input");
  }
  outcome.looks.push_back(backend.run(model));
  outcome.looks.back().model = model;
  outcome.total += outcome.looks.back().cost;
}

void do_answer(const Policy& policy, const Action& action, Outcome& outcome) {
  if (outcome.looks.empty()) fail_policy(policy, "answers before any model ran", "a look first");
  if (action.model != kNoModel && !has_look(outcome, action.model)) {
    fail_policy(policy, fmt::format("answers for model {}, which did not run", action.model), "one that did");
  }
  outcome.answer = action.answer;
  outcome.model = action.model;
}

// Takes the policy's steps until the answer is in `outcome`.
class Drive {
 public:
  Drive(const Policy& policy, Backend& backend, const Clock& clock, const Request& request, Outcome& outcome,
        Trace* trace)
      : policy_(policy),
        backend_(backend),
        clock_(clock),
        request_(request),
        outcome_(outcome),
        trace_(trace) {}

  void run() {
    reset(policy_.info(), outcome_);
    outcome_.elapsed_ms = request_.spent_ms + backend_.elapsed_ms(0);
    while (!step()) {
    }
    tick();
    outcome_.breached = outcome_.elapsed_ms > request_.max_latency_ms;
    outcome_.below_confidence = !outcome_.refused &&
                                !(outcome_.answer.confidence() >= request_.min_confidence) &&
                                request_.min_confidence > 0;
    outcome_.certified = !outcome_.limited && policy_.certifies(request_);
  }

 private:
  [[nodiscard]] Evidence evidence() const {
    return {
        .features = outcome_.features, .looks = outcome_.looks, .spent = outcome_.total, .request = request_};
  }
  void tick() { outcome_.elapsed_ms = request_.spent_ms + backend_.elapsed_ms(outcome_.total.ms); }

  // Whether that was the last.
  bool step() {
    const Stopwatch watch(clock_);
    const Action action = policy_.next(evidence(), trace_);
    const double decision_ms = watch.ms();
    outcome_.decision_ms += decision_ms;
    outcome_.total.ms += decision_ms;
    tick();
    switch (action.kind) {
      case Action::Kind::kExtract:
        do_extract(policy_, backend_, action.features, extracted_, outcome_);
        return false;
      case Action::Kind::kRun:
        return run_within_caps(action.model);
      case Action::Kind::kAnswer:
        do_answer(policy_, action, outcome_);
        return true;
      case Action::Kind::kRefuse:
        outcome_.refused = true;
        return true;
    }
    return true;
  }

  bool run_within_caps(ModelIndex wanted) {
    check_model(policy_, wanted);
    if (fits(policy_.info(), wanted, request_, outcome_)) {
      do_run(policy_, backend_, wanted, outcome_);
      return false;
    }
    outcome_.limited = true;
    if (trace_ != nullptr) explain_cap(policy_, wanted, request_, outcome_, *trace_);
    Action action = policy_.answer(evidence());
    if (action.kind != Action::Kind::kAnswer) {
      const ModelIndex instead = dearest_fitting(policy_, request_, outcome_);
      if (instead != kNoModel) {
        do_run(policy_, backend_, instead, outcome_);
        action = Action::answer_of(outcome_.looks.back());
      }
    }
    outcome_.refused = action.kind != Action::Kind::kAnswer;
    if (!outcome_.refused) do_answer(policy_, action, outcome_);
    return true;
  }

  const Policy& policy_;
  Backend& backend_;
  const Clock& clock_;
  const Request& request_;
  Outcome& outcome_;
  Trace* trace_;
  FeatureMask extracted_ = 0;
};

// Of the models that may answer, the least of `cost`.
template <class CostOf>
const PolicyModel& cheapest(const Policy& policy, const CostOf& cost) {
  const auto& models = policy.info().models;
  const PolicyModel* best = nullptr;
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (!policy.can_answer(static_cast<ModelIndex>(i))) continue;
    if (best == nullptr || cost(models[i]) < cost(*best)) best = &models[i];
  }
  TRIAGE_CHECK(best != nullptr);
  return *best;
}

// Named as on the command line, where nearly all requests come from; the fields' names are the same words.
[[noreturn]] void fail_request(std::string_view what, double found, const std::string& expected) {
  throw Error(ErrorCode::kUsage, fmt::format("{}: {}, expected {}", what, found, expected));
}

void check_caps(const Policy& policy, const Request& request) {
  const PolicyModel& fastest = cheapest(policy, [](const PolicyModel& m) { return m.p999_ms; });
  if (!(request.max_latency_ms >= fastest.p999_ms)) {
    fail_request("--max-latency-ms", request.max_latency_ms,
                 fmt::format("at least {}, and what decoding and deciding take: 999 of 1,000 runs of {}, the "
                             "policy's fastest model, take no longer",
                             fastest.p999_ms, fastest.name));
  }
  if (request.max_energy_j == std::numeric_limits<double>::infinity()) return;
  const auto& models = policy.info().models;
  const bool measured =
      std::none_of(models.begin(), models.end(), [](const PolicyModel& m) { return std::isnan(m.mean_j); });
  if (!measured) {
    fail_request(
        "--max-energy-j", request.max_energy_j,
        "no energy cap, as the energy of this policy's models was not measured; profile with --energy on "
        "a machine that has a meter, and train again");
  }
  const PolicyModel& frugal = cheapest(policy, [](const PolicyModel& m) { return m.mean_j; });
  if (!(request.max_energy_j >= frugal.mean_j)) {
    fail_request("--max-energy-j", request.max_energy_j,
                 fmt::format("at least {:.4g}, the mean of {}, the policy's most frugal model", frugal.mean_j,
                             frugal.name));
  }
}

}  // namespace

void check_request(const Policy& policy, const Request& request) {
  if (!(request.min_confidence >= 0 && request.min_confidence <= 1)) {
    fail_request("--min-confidence", request.min_confidence, "0 to 1");
  }
  if (!(request.spent_ms >= 0)) fail_request("spent_ms", request.spent_ms, "0 or more");
  if (!std::isnan(request.price)) {
    if (!policy.has_prices()) {
      fail_request("--price", request.price,
                   fmt::format("none, as a policy of kind '{}' has no prices; train one of kind adaptive",
                               policy.kind()));
    }
    if (!(request.price >= 0)) fail_request("--price", request.price, "0 or more");
  }
  check_caps(policy, request);
}

void drive(const Policy& policy, Backend& backend, const Clock& clock, Outcome& outcome, Trace* trace,
           const Request& request) {
  Drive(policy, backend, clock, request, outcome, trace).run();
}

}  // namespace triage
