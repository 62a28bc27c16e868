#include "policy/ladder_policy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "policy/checks.h"

namespace triage {
namespace {

constexpr double kLeastRight = 0.05;  // chance of being right; 1 less it is the most

double value_of(std::span<const double> weights, std::span<const float> numbers) {
  double value = weights[0];
  for (std::size_t i = 0; i < numbers.size(); ++i) value += weights[1 + i] * static_cast<double>(numbers[i]);
  return value;
}

bool is_linear(const std::vector<double>& weights, std::size_t n) {
  return weights.size() == 1 + n &&
         std::all_of(weights.begin(), weights.end(), [](double w) { return std::isfinite(w); });
}

void check_weights(std::string_view field, const std::vector<double>& weights, std::size_t n) {
  if (is_linear(weights, n)) return;
  fail_field(field, fmt::format("{} numbers", weights.size()), fmt::format("{} finite numbers", 1 + n));
}

void check_all_finite(std::string_view field, const std::vector<float>& values, std::size_t n) {
  if (values.size() != n ||
      !std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
    fail_field(field, fmt::format("{} numbers", values.size()), fmt::format("{} finite numbers", n));
  }
}

void check_answers(const LadderParameters& parameters, std::size_t n_rungs) {
  const LadderShape& shape = parameters.shape;
  if (parameters.right.size() != (shape.answers ? n_rungs : 0)) {
    fail_field("ladder.right", parameters.right.size(), "one a rung with answers, else none");
  }
  for (const auto& weights : parameters.right) check_weights("ladder.right", weights, shape.n_features);
  if (parameters.quality.size() != (shape.answers ? 0 : n_rungs)) {
    fail_field("ladder.quality", parameters.quality.size(), "one a rung without answers, else none");
  }
  for (std::size_t k = 0; k < parameters.quality.size(); ++k) {
    if (parameters.quality[k].size() != k + 1) {
      fail_field("ladder.quality", parameters.quality[k].size(), fmt::format("{} looks", k + 1));
    }
    for (const auto& weights : parameters.quality[k]) {
      check_weights("ladder.quality", weights, ladder_evidence_size(shape, k + 1) - 2);
    }
  }
}

void check_settings(const LadderParameters& parameters, std::size_t n_rungs) {
  if (parameters.chosen >= parameters.settings.size()) {
    fail_field("ladder.chosen", parameters.chosen, fmt::format("below {}", parameters.settings.size()));
  }
  double before = std::numeric_limits<double>::infinity();
  for (const LadderSetting& setting : parameters.settings) {
    if (!(setting.price >= 0 && setting.price < before)) {
      fail_field("ladder.settings", setting.price, "falling prices of 0 or more");
    }
    if (!std::isfinite(setting.score) || !std::isfinite(setting.cost)) {
      fail_field("ladder.settings", setting.score, "finite scores and costs");
    }
    if (setting.gains.size() + 1 != n_rungs) {
      fail_field("ladder.settings", setting.gains.size(), fmt::format("{} gains", n_rungs - 1));
    }
    for (std::size_t k = 0; k < setting.gains.size(); ++k) {
      check_weights("ladder.settings", setting.gains[k], ladder_evidence_size(parameters.shape, k + 1));
    }
    before = setting.price;
  }
}

// What one decision needs; grows once for each thread.
struct Numbers {
  std::vector<float> features, evidence;
};
Numbers& numbers_of(std::size_t n_features, std::size_t n_evidence) {
  thread_local Numbers numbers;
  numbers.features.resize(n_features);
  numbers.evidence.resize(n_evidence);
  return numbers;
}

}  // namespace

Label said(const TopK& output) {
  const auto entries = output.entries();
  if (entries.empty()) return kNoLabel;
  const bool is_undecided = entries.size() > 1 && entries[0].probability <= entries[1].probability;
  return is_undecided ? kNoLabel : entries[0].cls;
}

std::size_t ladder_evidence_size(const LadderShape& shape, std::size_t k) {
  return shape.n_features + (shape.answers ? k * (k - 1) / 2 + k : 0) + (shape.signals ? k : 0) + 2;
}

void ladder_evidence(const LadderShape& shape, std::span<const float> features, const LadderLooks& looks,
                     std::span<float> evidence) {
  std::size_t at = 0;
  for (const float value : features) evidence[at++] = value;
  for (std::size_t i = 0; shape.answers && i < looks.n; ++i) {
    evidence[at++] = looks.answer[i] == kNoLabel ? 1.0F : 0.0F;
    for (std::size_t j = 0; j < i; ++j) {
      const bool agree = looks.answer[i] != kNoLabel && looks.answer[i] == looks.answer[j];
      evidence[at++] = agree ? 1.0F : 0.0F;
    }
  }
  for (std::size_t i = 0; shape.signals && i < looks.n; ++i) evidence[at++] = looks.signal[i];
  TRIAGE_CHECK(at == evidence.size());
}

void support_by_votes(const LadderShape& shape, const LadderLooks& looks, std::span<const double> right,
                      std::span<double> support) {
  for (std::size_t j = 0; j < looks.n; ++j) {
    support[j] = 0;
    for (std::size_t i = 0; i < looks.n; ++i) {
      const bool votes = looks.answer[j] != kNoLabel ? looks.answer[i] == looks.answer[j] : false;
      if (!votes) continue;
      const double p = std::clamp(right[i], kLeastRight, 1 - kLeastRight);
      support[j] += std::log((shape.n_answers - 1) * p / (1 - p));
    }
  }
}

std::size_t best_supported(std::span<const double> support, std::span<float> last_two) {
  std::size_t best = 0;
  for (std::size_t j = 1; j < support.size(); ++j) best = support[j] >= support[best] ? j : best;
  double next = 0;
  for (const double each : support) {
    if (each < support[best]) next = std::max(next, each);
  }
  last_two[0] = static_cast<float>(support[best]);
  last_two[1] = static_cast<float>(support[best] - next);
  return best;
}

Ladder::Ladder(PolicyInfo info, LadderParameters parameters)
    : Policy(std::move(info)), parameters_(std::move(parameters)) {
  check_info(this->info());
  const std::size_t n_rungs = this->info().models.size();
  if (n_rungs > kMaxRungs) fail_field("ladder", n_rungs, fmt::format("at most {} models", kMaxRungs));
  const LadderShape& shape = parameters_.shape;
  if (shape.n_features != this->info().schema.size()) {
    fail_field("ladder.n_features", shape.n_features, "those of the schema");
  }
  if (!(shape.n_answers >= 2) || std::isinf(shape.n_answers)) {
    fail_field("ladder.n_answers", shape.n_answers, "2 or more");
  }
  check_all_finite("ladder.usual_features", parameters_.usual_features, shape.n_features);
  check_all_finite("ladder.usual_signals", parameters_.usual_signals, n_rungs);
  check_answers(parameters_, n_rungs);
  check_settings(parameters_, n_rungs);
  for (const LadderSetting& setting : parameters_.settings) {
    prices_.push_back({setting.price, setting.score, setting.cost});
  }
}

std::vector<OrderedLook> Ladder::look_order(const Request&) const {
  std::vector<OrderedLook> order;
  for (std::size_t m = 0; m < info().models.size(); ++m) order.push_back({static_cast<ModelIndex>(m)});
  return order;
}

// The highest price of at most the request's, else the lowest.
const LadderSetting& Ladder::setting(const Request& request) const {
  const auto& all = parameters_.settings;
  if (std::isnan(request.price)) return all[parameters_.chosen];
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const LadderSetting& s) { return s.price <= request.price; });
  return at == all.end() ? all.back() : *at;
}

Ladder::Reading Ladder::read(const Evidence& evidence) const {
  const LadderShape& shape = parameters_.shape;
  const std::size_t k = evidence.looks.size();
  Numbers& numbers = numbers_of(shape.n_features, ladder_evidence_size(shape, k));
  for (std::size_t i = 0; i < shape.n_features; ++i) {
    const float value = evidence.features[i];
    numbers.features[i] = std::isfinite(value) ? value : parameters_.usual_features[i];
  }
  LadderLooks looks;
  looks.n = k;
  for (std::size_t i = 0; i < k; ++i) {
    const Look& look = evidence.looks[i];
    looks.answer[i] = said(look.output);
    looks.signal[i] =
        std::isfinite(look.confidence) ? static_cast<float>(look.confidence) : parameters_.usual_signals[i];
  }
  const std::span all(numbers.evidence);
  ladder_evidence(shape, numbers.features, looks, all.first(all.size() - 2));
  std::array<double, kMaxRungs> right{}, support{};
  for (std::size_t i = 0; i < k; ++i) {
    if (shape.answers) {
      right[i] = value_of(parameters_.right[i], numbers.features);
    } else {
      support[i] = value_of(parameters_.quality[k - 1][i], all.first(all.size() - 2));
    }
  }
  if (shape.answers) support_by_votes(shape, looks, right, support);
  Reading reading;
  reading.best = best_supported(std::span(support).first(k), all.last(2));
  if (k < info().models.size()) reading.gain = value_of(setting(evidence.request).gains[k - 1], all);
  return reading;
}

Action Ladder::next(const Evidence& evidence, Trace* trace) const {
  const FeatureMask missing = all_features(info().schema) & ~evidence.extracted;
  const std::size_t k = evidence.looks.size();
  if (k == 0) return missing != 0 ? Action::extract(missing) : Action::run(0);
  TRIAGE_CHECK(k <= info().models.size() && evidence.features.size() == info().schema.size());
  const Reading reading = read(evidence);
  const bool is_last = k == info().models.size();
  if (trace != nullptr) {
    AdaptiveLook event;
    event.decision = is_last            ? AdaptiveLook::Decision::kLast
                     : reading.gain > 0 ? AdaptiveLook::Decision::kContinue
                                        : AdaptiveLook::Decision::kAnswer;
    event.looks = k;
    event.model = static_cast<ModelIndex>(k - 1);
    event.next = is_last ? kNoModel : static_cast<ModelIndex>(k);
    event.net_gain = is_last ? kNotMeasured : reading.gain;
    event.price = setting(evidence.request).price;
    trace->emplace_back(event);
  }
  if (!is_last && reading.gain > 0) return Action::run(static_cast<ModelIndex>(k));
  return Action::answer_of(evidence.looks[reading.best]);
}

Action Ladder::answer(const Evidence& evidence) const {
  if (evidence.looks.empty()) return Action::refuse();
  return Action::answer_of(evidence.looks[read(evidence).best]);
}

std::unique_ptr<Policy> make_ladder(PolicyInfo info, LadderParameters parameters) {
  return std::make_unique<Ladder>(std::move(info), std::move(parameters));
}

}  // namespace triage
