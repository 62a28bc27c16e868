#include "policy/ladder_policy.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "policy/checks.h"
#include "policy/price_settings.h"

namespace triage {
namespace {

constexpr double kLeastRight = 0.05;  // chance of being right; 1 less it is the most

template <class Number>
void check_numbers_of(std::string_view field, const std::vector<Number>& values, std::size_t n) {
  const bool all_finite =
      std::all_of(values.begin(), values.end(), [](Number value) { return std::isfinite(value); });
  if (values.size() == n && all_finite) return;
  fail_field(field, fmt::format("{} numbers", values.size()), fmt::format("{} finite numbers", n));
}

void check_answering(const LadderShape& shape, const LadderAnswering& answering, std::size_t n_rungs) {
  const auto& [right, quality] = answering;
  if (right.size() != (shape.answers ? n_rungs : 0)) {
    fail_field("ladder.right", right.size(), "one a rung with answers, else none");
  }
  for (const LinearFunction& function : right)
    check_numbers_of("ladder.right", function, 1 + shape.n_features);
  if (quality.size() != (shape.answers ? 0 : n_rungs)) {
    fail_field("ladder.quality", quality.size(), "one a rung without answers, else none");
  }
  for (std::size_t k = 0; k < quality.size(); ++k) {
    if (quality[k].size() != k + 1) {
      fail_field("ladder.quality", quality[k].size(), fmt::format("{} looks", k + 1));
    }
    for (const LinearFunction& function : quality[k]) {
      check_numbers_of("ladder.quality", function, 1 + ladder_looks_size(shape, k + 1));
    }
  }
}

void check_gains(const LadderParameters& parameters, std::size_t n_rungs) {
  for (const LadderSetting& setting : parameters.settings) {
    if (setting.gains.size() + 1 != n_rungs) {
      fail_field("ladder.settings", setting.gains.size(), fmt::format("{} gains", n_rungs - 1));
    }
    for (std::size_t k = 0; k < setting.gains.size(); ++k) {
      check_numbers_of("ladder.settings", setting.gains[k],
                       1 + ladder_evidence_size(parameters.shape, k + 1));
    }
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

double value_of(const LinearFunction& function, std::span<const float> numbers) {
  double value = function[0];
  for (std::size_t i = 0; i < numbers.size(); ++i) value += function[1 + i] * static_cast<double>(numbers[i]);
  return value;
}

Label said(const TopK& output) {
  const auto entries = output.entries();
  if (entries.empty()) return kNoLabel;
  const bool is_undecided = entries.size() > 1 && entries[0].probability <= entries[1].probability;
  return is_undecided ? kNoLabel : entries[0].cls;
}

std::size_t ladder_looks_size(const LadderShape& shape, std::size_t k) {
  return shape.n_features + (shape.answers ? k * (k - 1) / 2 + k : 0) + (shape.signals ? k : 0);
}

std::size_t ladder_evidence_size(const LadderShape& shape, std::size_t k) {
  return ladder_looks_size(shape, k) + 2 + (shape.products ? shape.n_features : 0);
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
      if (looks.answer[j] == kNoLabel || looks.answer[i] != looks.answer[j]) continue;
      const double p = std::clamp(right[i], kLeastRight, 1 - kLeastRight);
      support[j] += std::log((shape.n_answers - 1) * p / (1 - p));
    }
  }
}

BestSupported best_supported(std::span<const double> support) {
  std::size_t best = 0;
  for (std::size_t j = 1; j < support.size(); ++j) best = support[j] >= support[best] ? j : best;
  double next = 0;
  for (const double each : support) {
    if (each < support[best]) next = std::max(next, each);
  }
  return {best, static_cast<float>(support[best]), static_cast<float>(support[best] - next)};
}

std::size_t weigh_looks(const LadderShape& shape, const LadderAnswering& answering,
                        std::span<const float> usual, const LadderLooks& looks, std::span<float> evidence) {
  const std::size_t n_looks = ladder_looks_size(shape, looks.n);
  const auto at_once = evidence.first(n_looks);
  std::array<double, kMaxRungs> right{}, support{};
  for (std::size_t i = 0; i < looks.n; ++i) {
    if (shape.answers) {
      right[i] = value_of(answering.right[i], at_once.first(shape.n_features));
    } else {
      support[i] = value_of(answering.quality[looks.n - 1][i], at_once);
    }
  }
  if (shape.answers) support_by_votes(shape, looks, right, support);
  const BestSupported best = best_supported(std::span(support).first(looks.n));
  evidence[n_looks] = best.support;
  evidence[n_looks + 1] = best.margin;
  for (std::size_t i = 0; shape.products && i < shape.n_features; ++i) {
    evidence[n_looks + 2 + i] = (at_once[i] - usual[i]) * best.margin;
  }
  return best.look;
}

Ladder::Ladder(PolicyInfo info, LadderParameters parameters)
    : PricedPolicy(std::move(info), std::move(parameters)) {
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
  check_numbers_of("ladder.usual_features", parameters_.usual_features, shape.n_features);
  check_numbers_of("ladder.usual_signals", parameters_.usual_signals, n_rungs);
  check_answering(shape, parameters_.answering, n_rungs);
  check_price_settings("ladder", price_settings(), parameters_.chosen);
  check_certificate("ladder", parameters_.certificate);
  check_gains(parameters_, n_rungs);
}

std::vector<OrderedLook> Ladder::look_order(const Request&) const {
  std::vector<OrderedLook> order;
  for (std::size_t m = 0; m < info().models.size(); ++m) order.push_back({static_cast<ModelIndex>(m)});
  return order;
}

const LadderSetting& Ladder::setting(const Request& request) const {
  return parameters_
      .settings[std::isnan(request.price) ? parameters_.chosen : setting_at(price_settings(), request.price)];
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
  ladder_evidence(shape, numbers.features, looks, all.first(ladder_looks_size(shape, k)));
  Reading reading;
  reading.best = weigh_looks(shape, parameters_.answering, parameters_.usual_features, looks, all);
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

std::unique_ptr<Policy> Ladder::remake(LadderParameters parameters) const {
  return make_ladder(info(), std::move(parameters));
}

std::unique_ptr<Policy> make_ladder(PolicyInfo info, LadderParameters parameters) {
  return std::make_unique<Ladder>(std::move(info), std::move(parameters));
}

}  // namespace triage
