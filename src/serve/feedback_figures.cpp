#include "serve/feedback_figures.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/hash.h"
#include "stats/intervals.h"

namespace triage {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kConfidenceLevels = 4096, kMostLooks = 64;

double score_of_classes(const std::vector<std::int32_t>& classes, Label label, Criterion criterion) {
  const auto at = std::find(classes.begin(), classes.end(), label);
  return at == classes.end() ? 0
                             : score_of_rank(static_cast<std::int32_t>(at - classes.begin()) + 1, criterion);
}

// None: nothing was told.
std::optional<double> score_of_told(const std::vector<std::int32_t>& answer, const ToldScore& told,
                                    Criterion criterion) {
  return told.label ? std::optional(score_of_classes(answer, *told.label, criterion)) : told.score;
}

Json bettor_json(const BettorState& bettor) {
  return {{"log_wealth", bettor.log_wealth}, {"shares", bettor.shares}};
}

BettorState bettor_of(const Json& json) {
  BettorState bettor;
  json.at("log_wealth").get_to(bettor.log_wealth);
  json.at("shares").get_to(bettor.shares);
  return bettor;
}

Json monitor_json(const MonitorState& state) {
  Json json{{"inputs", state.inputs},
            {"sum", state.sum},
            {"broken", bettor_json(state.broken)},
            {"kept", bettor_json(state.kept)}};
  if (state.broken_at) json["broken_at"] = *state.broken_at;
  if (state.kept_at) json["kept_at"] = *state.kept_at;
  return json;
}

MonitorState monitor_of(const Json& json) {
  MonitorState state;
  json.at("inputs").get_to(state.inputs);
  json.at("sum").get_to(state.sum);
  state.broken = bettor_of(json.at("broken"));
  state.kept = bettor_of(json.at("kept"));
  if (json.contains("broken_at")) state.broken_at = json.at("broken_at").get<std::size_t>();
  if (json.contains("kept_at")) state.kept_at = json.at("kept_at").get<std::size_t>();
  return state;
}

// Throws Json::exception, and kUsage for a monitor that cannot be.
void restore(FeedbackTally& tally, const Json& json) {
  json.at("inputs").get_to(tally.inputs);
  json.at("refused").get_to(tally.refused);
  json.at("explored").get_to(tally.explored);
  json.at("told").get_to(tally.told);
  json.at("score_sum").get_to(tally.score_sum);
  json.at("agreed").get_to(tally.agreed);
  json.at("compared").get_to(tally.compared);
  json.at("loss_sum").get_to(tally.loss_sum);
  if (tally.promise && json.contains("promise")) {
    tally.promise = Monitor(tally.promise->options(), monitor_of(json.at("promise")));
  }
}

Json share_json(double sum, std::size_t n) {
  const auto count = static_cast<double>(n);
  Json json{{"inputs", n}};
  if (n == 0) return json;
  const Interval interval = wilson_interval(sum, count);
  json["mean"] = sum / count;
  json["low"] = interval.low;
  json["high"] = interval.high;
  return json;
}

// JSON has no infinity.
double finite(double value) { return std::min(value, 1e300); }

Json promise_json(const ServedPolicyFacts& facts, const Monitor& monitor) {
  const MonitorState& state = monitor.state();
  Json json{{"max_loss", *facts.max_loss},
            {"labels_from", facts.labels_from ? facts.explored[*facts.labels_from].id.name : std::string()},
            {"inputs", state.inputs},
            {"broken", monitor.is_broken()},
            {"kept", monitor.is_kept()},
            {"broken_evidence", finite(monitor.broken_wealth())},
            {"kept_evidence", finite(monitor.kept_wealth())},
            {"enough_evidence", 1 / monitor.options().delta}};
  if (state.inputs > 0) json["mean_loss"] = monitor.mean();
  if (state.broken_at) json["broken_at"] = *state.broken_at;
  return json;
}

}  // namespace

FeedbackFigures::FeedbackFigures(ServedPolicyFacts facts, const FeedbackOptions& options,
                                 const std::string& saved)
    : facts_(std::move(facts)), options_(options) {
  if (facts_.max_loss && facts_.reference) {
    tally_.promise = Monitor({.limit = *facts_.max_loss, .delta = options.false_alarm, .least = -1});
  }
  if (!saved.empty()) restore(tally_, Json::parse(saved));
  // The chance of a false alarm is shared, since tests of one input's values depend on each other.
  const auto d = facts_.schema.size();
  const double share = options.false_alarm / (d == 0 ? 2 : 3);
  const auto watch = [&](std::string of, std::size_t levels, double false_alarm) {
    const std::uint64_t seed = hash64(drift_.size(), facts_.version);
    drift_.push_back({std::move(of), DriftTest({.reference = options.reference,
                                                .levels = levels,
                                                .false_alarm = std::max(1e-9, false_alarm),
                                                .seed = seed})});
  };
  watch("confidence", kConfidenceLevels, share);
  watch("looks", kMostLooks, share);
  for (const FeatureRef& feature : facts_.schema.features) {
    watch(feature.name, kNumberLevels, share / static_cast<double>(d));
  }
  for (std::size_t i = 0; i < facts_.label_names.size(); ++i) {
    const auto [at, is_new] = labels_.emplace(facts_.label_names[i], static_cast<Label>(i));
    if (!is_new) at->second = kNoLabel;
  }
}

void FeedbackFigures::count_input(bool is_refused) {
  ++tally_.inputs;
  if (is_refused) ++tally_.refused;
}

void FeedbackFigures::count_explored(bool agrees) {
  ++tally_.explored;
  if (agrees) ++tally_.agreed;
}

void FeedbackFigures::count_told(const std::vector<std::int32_t>& answer, const ToldScore& before,
                                 const ToldScore& now) {
  if (const auto score = score_of_told(answer, before, facts_.criterion)) {
    --tally_.told;
    tally_.score_sum -= *score;
  }
  if (const auto score = score_of_told(answer, now, facts_.criterion)) {
    ++tally_.told;
    tally_.score_sum += *score;
  }
}

void FeedbackFigures::count_loss(const std::vector<std::int32_t>& answer,
                                 const std::vector<std::int32_t>& reference, Label label, bool certified) {
  const double loss = score_of_classes(reference, label, facts_.criterion) -
                      score_of_classes(answer, label, facts_.criterion);
  ++tally_.compared;
  tally_.loss_sum += loss;
  if (certified && tally_.promise) tally_.promise->add(loss);
}

void FeedbackFigures::look_for_drift(const StoredEvidence& evidence) {
  drift_[0].test.add(level_of_share(evidence.confidence, kConfidenceLevels));
  drift_[1].test.add(evidence.looks);
  const std::size_t d = std::min(drift_.size() - 2, evidence.features.size());
  for (std::size_t i = 0; i < d; ++i) drift_[2 + i].test.add(level_of_number(evidence.features[i]));
}

std::optional<Label> FeedbackFigures::label_of(std::string_view name) const {
  const auto found = labels_.find(std::string(name));
  if (found == labels_.end() || found->second == kNoLabel) return std::nullopt;
  return found->second;
}

std::vector<FeedbackAlarm> FeedbackFigures::alarms() const {
  std::vector<FeedbackAlarm> alarms;
  if (tally_.promise && tally_.promise->is_broken()) {
    alarms.push_back({"promise", facts_.version, {}, *tally_.promise->state().broken_at});
  }
  for (const Watched& watched : drift_) {
    if (watched.test.is_alarm()) {
      alarms.push_back({"drift", facts_.version, watched.of, *watched.test.alarm_at()});
    }
  }
  return alarms;
}

std::string FeedbackFigures::saved() const {
  Json json{{"inputs", tally_.inputs},     {"refused", tally_.refused},  {"explored", tally_.explored},
            {"told", tally_.told},         {"agreed", tally_.agreed},    {"score_sum", tally_.score_sum},
            {"compared", tally_.compared}, {"loss_sum", tally_.loss_sum}};
  if (tally_.promise) json["promise"] = monitor_json(tally_.promise->state());
  return json.dump();
}

Json FeedbackFigures::json() const {
  Json json{{"version", facts_.version},
            {"inputs", tally_.inputs},
            {"refused", tally_.refused},
            {"explored", tally_.explored},
            {"score", share_json(tally_.score_sum, tally_.told)}};
  if (facts_.reference) {
    json["reference"] = facts_.explored[*facts_.reference].id.name;
    json["agreement"] = share_json(static_cast<double>(tally_.agreed), tally_.explored);
    json["compared"] = tally_.compared;
    if (tally_.compared > 0) json["mean_loss"] = tally_.loss_sum / static_cast<double>(tally_.compared);
  }
  if (tally_.promise) json["promise"] = promise_json(facts_, *tally_.promise);
  Json drift = Json::array();
  for (const Watched& watched : drift_) {
    Json one{{"of", watched.of},
             {"inputs", watched.test.values()},
             {"reference", options_.reference},
             {"evidence", finite(watched.test.evidence())},
             {"enough_evidence", 1 / watched.test.options().false_alarm},
             {"alarm", watched.test.is_alarm()}};
    if (watched.test.is_alarm()) one["alarm_at"] = *watched.test.alarm_at();
    drift.push_back(std::move(one));
  }
  json["drift"] = std::move(drift);
  return json;
}

}  // namespace triage
