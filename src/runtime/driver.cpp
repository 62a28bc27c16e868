// The driver loop: asks a policy, has the backend do it, and holds the policy to the rules that make the loop
// end (every step must bring something new).
#include "runtime/driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "triage/error.h"

namespace triage {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

[[noreturn]] void fail_policy(const Policy& policy, std::string_view found, std::string_view expected) {
  throw Error(ErrorCode::kInternal,
              fmt::format("policy of kind '{}': {}, expected {}; this is a bug in that policy", policy.kind(),
                          found, expected));
}

bool has_look(const Result& result, ModelIndex model) {
  return std::any_of(result.looks.begin(), result.looks.end(),
                     [&](const Look& look) { return look.model == model; });
}

// A model that was stopped may run again.
bool has_answer(const Result& result, ModelIndex model) {
  return std::any_of(result.looks.begin(), result.looks.end(),
                     [&](const Look& look) { return look.model == model && !look.unanswered; });
}

// Whether the mean energies of what ran and of `wanted` fit. Live looks are not metered one by one.
bool fits_energy(const PolicyInfo& info, const PolicyModel& wanted, const Request& request,
                 const Result& result) {
  if (std::isinf(request.max_energy_j)) return true;
  double joules = wanted.mean_j + (std::isnan(result.features_j) ? 0 : result.features_j);
  for (const Look& look : result.looks) joules += info.models[static_cast<std::size_t>(look.model)].mean_j;
  return joules <= request.max_energy_j;
}

void explain_limit(const Policy& policy, ModelIndex model, Limit limit, double quantile_ms, double cap_ms,
                   const Request& request, const Result& result, Trace& trace) {
  const PolicyModel& wanted = policy.info().models[static_cast<std::size_t>(model)];
  if (limit == Limit::kEnergy) {
    trace.emplace_back(CapHeld{CapHeld::Cap::kEnergyJ, model, wanted.mean_j, 0, request.max_energy_j});
    return;
  }
  trace.emplace_back(CapHeld{limit == Limit::kLatency ? CapHeld::Cap::kLatencyMs : CapHeld::Cap::kDeadlineMs,
                             model, quantile_ms, result.elapsed_ms, cap_ms});
}

// Energy starts at 0, not NaN: it stays known as long as every part of it was measured.
void reset(const PolicyInfo& info, bool explain, Result& result) {
  result.elapsed_ms = 0;
  result.answer = {};
  result.refused = result.breached = result.below_confidence = result.certified = false;
  result.limit = Limit::kNone;
  result.model = result.kept_out = kNoModel;
  result.kept_out_at_ms = 0;
  result.looks.clear();
  result.looks.reserve(info.models.size());
  result.features.assign(info.schema.size(), std::numeric_limits<float>::quiet_NaN());
  result.total = {.ms = 0, .j = 0};
  result.features_ms = result.features_j = result.decision_ms = 0;
  result.preprocess_ms = result.infer_ms = result.decode_ms = 0;
  result.trace.reset();
  if (explain) result.trace.emplace();
}

void check_model(const Policy& policy, ModelIndex model, const Result& result) {
  const std::size_t n_models = policy.info().models.size();
  if (model < 0 || static_cast<std::size_t>(model) >= n_models) {
    fail_policy(policy, fmt::format("asks for model {}", model),
                fmt::format("one of its {} models", n_models));
  }
  if (has_answer(result, model)) {
    fail_policy(policy, fmt::format("asks twice for model {}", model), "each model at most once an input");
  }
}

}  // namespace

Drive::Drive(const Policy& policy, Backend& backend, const Clock& clock, const Request& request,
             const std::stop_token& stop, Result& result, const LoadFactor* load)
    : policy_(policy),
      backend_(backend),
      clock_(clock),
      request_(request),
      stop_(stop),
      result_(result),
      load_(load) {
  reset(policy.info(), request.explain, result);
  trace_ = result.trace ? &*result.trace : nullptr;
  tick();
  deadline_ms_ = request.deadline_ns == kNoDeadline
                     ? kNever
                     : result.elapsed_ms + static_cast<double>(request.deadline_ns - clock.now_ns()) * 1e-6;
}

Evidence Drive::evidence() const {
  return {.features = result_.features,
          .looks = result_.looks,
          .spent = result_.total,
          .request = request_,
          .extracted = extracted_};
}

void Drive::tick() { result_.elapsed_ms = request_.spent_ms + backend_.elapsed_ms(result_.total.ms); }

// What a model may take now.
double Drive::quantile_ms(ModelIndex model) const {
  const PolicyModel& wanted = policy_.info().models[static_cast<std::size_t>(model)];
  return wanted.time_quantile_ms(request_.cap_quantile) * (load_ == nullptr ? 1 : load_->value());
}

// What keeps a model from being started now.
Limit Drive::limit_of(ModelIndex model) const {
  const PolicyModel& wanted = policy_.info().models[static_cast<std::size_t>(model)];
  const double done_ms = result_.elapsed_ms + quantile_ms(model);
  if (done_ms > deadline_ms_) return Limit::kDeadline;
  if (done_ms > request_.max_latency_ms) return Limit::kLatency;
  return fits_energy(policy_.info(), wanted, request_, result_) ? Limit::kNone : Limit::kEnergy;
}

// The most expensive answering model that may be started, kNoModel when none may.
ModelIndex Drive::dearest_fitting() const {
  const auto& models = policy_.info().models;
  ModelIndex best = kNoModel;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const auto model = static_cast<ModelIndex>(i);
    if (!policy_.can_answer(model) || limit_of(model) != Limit::kNone) continue;
    if (best == kNoModel || models[i].mean_ms > models[static_cast<std::size_t>(best)].mean_ms) best = model;
  }
  return best;
}

std::optional<ModelIndex> Drive::next_model() {
  while (state_ == State::kAsking) {
    if (stop_.stop_requested()) return cut_short(Limit::kStopped, false);
    if (const auto model = ask()) return model;
  }
  return std::nullopt;
}

// One step of the policy: a model to run, or nothing when that was no run.
std::optional<ModelIndex> Drive::ask() {
  const Stopwatch watch(clock_);
  const Action action = policy_.next(evidence(), trace_);
  const double decision_ms = watch.ms();
  result_.decision_ms += decision_ms;
  result_.total.ms += decision_ms;
  tick();
  switch (action.kind) {
    case Action::Kind::kExtract:
      extract(action.features);
      break;
    case Action::Kind::kRun:
      most_ms_ = action.most_ms;
      return within_limits(action.model);
    case Action::Kind::kAnswer:
      answer(action);
      break;
    case Action::Kind::kRefuse:
      result_.refused = true;
      finish();
      break;
  }
  return std::nullopt;
}

std::optional<ModelIndex> Drive::within_limits(ModelIndex wanted) {
  check_model(policy_, wanted, result_);
  const Limit limit = limit_of(wanted);
  if (limit == Limit::kNone) return wanted;
  result_.kept_out = wanted;
  result_.kept_out_at_ms = result_.elapsed_ms;
  if (trace_ != nullptr) {
    const double cap_ms = limit == Limit::kDeadline ? deadline_ms_ : request_.max_latency_ms;
    explain_limit(policy_, wanted, limit, quantile_ms(wanted), cap_ms, request_, result_, *trace_);
  }
  return cut_short(limit, true);
}

// Answers with what there is; where there is nothing, has the best model that may be started answer, if
// asked.
std::optional<ModelIndex> Drive::cut_short(Limit limit, bool may_run_another) {
  result_.limit = limit;
  const Action action = policy_.answer(evidence());
  if (action.kind == Action::Kind::kAnswer) {
    answer(action);
    return std::nullopt;
  }
  const ModelIndex instead = may_run_another ? dearest_fitting() : kNoModel;
  if (instead != kNoModel) {
    state_ = State::kAnswersNext;
    return instead;
  }
  result_.refused = true;
  finish();
  return std::nullopt;
}

Patience Drive::patience(ModelIndex model) const {
  const double latest_ms = std::min(deadline_ms_, request_.max_latency_ms) - quantile_ms(model);
  if (std::isinf(latest_ms)) return {.until_ns = kNoDeadline, .stop = stop_, .most_ms = most_ms_};
  const double left_ms = std::max(0.0, latest_ms - result_.elapsed_ms);
  return {.until_ns = clock_.now_ns() + static_cast<std::int64_t>(left_ms * 1e6),
          .stop = stop_,
          .most_ms = most_ms_};
}

void Drive::took(const Look& look) {
  result_.total += look.cost;
  result_.looks.push_back(look);
  tick();
  if (state_ == State::kAnswersNext) answer(Action::answer_of(result_.looks.back()));
}

void Drive::gave_up() {
  tick();
  const Limit limit = stop_.stop_requested()                   ? Limit::kStopped
                      : deadline_ms_ < request_.max_latency_ms ? Limit::kDeadline
                                                               : Limit::kLatency;
  (void)cut_short(limit, false);
}

void Drive::extract(FeatureMask mask) {
  const FeatureSchema& schema = policy_.info().schema;
  if ((mask & ~all_features(schema)) != 0) {
    fail_policy(policy_, "asks for a feature outside its schema",
                fmt::format("one of its {} features", schema.size()));
  }
  const FeatureMask missing = mask & ~extracted_;
  if (missing == 0) fail_policy(policy_, "asks for no new feature", "at least one");
  const Cost cost = backend_.extract(missing, result_.features);
  extracted_ |= missing;
  result_.features_ms += cost.ms;
  result_.features_j += cost.j;
  result_.total += cost;
}

void Drive::answer(const Action& action) {
  if (result_.looks.empty()) fail_policy(policy_, "answers before any model ran", "a look first");
  if (action.model != kNoModel && !has_look(result_, action.model)) {
    fail_policy(policy_, fmt::format("answers for model {}, which did not run", action.model),
                "one that did");
  }
  result_.answer = action.answer;
  result_.model = action.model;
  finish();
}

void Drive::finish() {
  tick();
  state_ = State::kDone;
  result_.breached = result_.elapsed_ms > std::min(request_.max_latency_ms, deadline_ms_);
  result_.below_confidence = !result_.refused && request_.min_confidence > 0 &&
                             !(result_.answer.confidence() >= request_.min_confidence);
  result_.certified = !result_.limited() && policy_.certifies(request_);
}

void drive(const Policy& policy, Backend& backend, const Clock& clock, Result& result, const Request& request,
           const std::stop_token& stop, const LoadFactor* load) {
  Drive drive(policy, backend, clock, request, stop, result, load);
  while (const auto model = drive.next_model()) {
    if (auto look = backend.run_within(*model, drive.patience(*model))) {
      look->model = *model;
      drive.took(*look);
    } else {
      drive.gave_up();
    }
  }
}

}  // namespace triage
