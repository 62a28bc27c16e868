#include "learn/routing/cascade_routing_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "learn/logistic.h"
#include "policy/checks.h"

namespace triage {
namespace {

constexpr double kFloor = 1e-5;  // of a probability in a logarithm
constexpr double kEdge = 1e-6;   // distance of t1 from 0 and 1 in its log-odds

std::array<float, kNumbersPerLook> own_numbers(const TopK& output) {
  const auto entries = output.entries();
  const double t1 = std::clamp(static_cast<double>(entries[0].probability), kEdge, 1 - kEdge);
  const double t2 = entries.size() > 1 ? static_cast<double>(entries[1].probability) : 0;
  double entropy = 0;
  for (const ClassProbability& entry : entries) {
    const double p = static_cast<double>(entry.probability);
    if (p > 0) entropy -= p * std::log(p);
  }
  return {static_cast<float>(std::log(t1 / (1 - t1))), static_cast<float>(std::log(t2 + kFloor)),
          static_cast<float>(entropy), static_cast<float>(t1)};
}

struct Seen {
  ModelSet set = 0;
  std::array<double, kMaxRouted> quality{};
  [[nodiscard]] std::size_t best() const {
    std::size_t best = first_of(set);
    for (std::size_t m = best + 1; m < kMaxRouted; ++m) {
      if (contains(set, m) && quality[m] > quality[best]) best = m;
    }
    return best;
  }
};

Seen see(const QualityEstimator& estimator, std::span<const Look> looks) {
  Seen seen;
  std::array<const TopK*, kMaxRouted> outputs{};
  for (const Look& look : looks) {
    const auto m = static_cast<std::size_t>(look.model);
    TRIAGE_CHECK(m < estimator.n_models);
    outputs[m] = &look.output;
    seen.set |= ModelSet{1} << m;
  }
  const std::size_t k = estimator.n_models;
  estimator.estimate(gather_evidence(std::span(outputs).first(k)), seen.set,
                     std::span(seen.quality).first(k));
  return seen;
}

Action answer_with(const Seen& seen, std::span<const Look> looks) {
  const auto best = static_cast<ModelIndex>(seen.best());
  return Action::answer_of(
      *std::find_if(looks.begin(), looks.end(), [&](const Look& look) { return look.model == best; }));
}

RoutingStep explain(const Seen& seen, std::size_t n_models, const Supermodel& best, double lambda) {
  RoutingStep event;
  event.looks = size_of(seen.set);
  event.quality = best.quality;
  event.lambda = lambda;
  for (std::size_t m = 0; m < n_models; ++m) {
    event.qualities.push_back(seen.quality[m]);
    if (contains(best.set, m)) event.best.push_back(static_cast<ModelIndex>(m));
  }
  return event;
}

void check_setting(const RoutingSetting& setting, const QualityEstimator& estimator) {
  const ModelSet all = (ModelSet{1} << estimator.n_models) - 1;
  const std::size_t n = size_of(setting.pool);
  if (n == 0 || n > estimator.most || (setting.pool & ~all) != 0) {
    fail_field("cascade routing.pool", setting.pool,
               fmt::format("1 to {} of its {} models", estimator.most, estimator.n_models));
  }
  if (setting.lambda.size() + 1 != n) {
    fail_field("cascade routing.lambda", setting.lambda.size(), "one less than the pool's models");
  }
  for (const double lambda : setting.lambda) {
    if (!(std::isfinite(lambda) && lambda >= 0)) fail_field("cascade routing.lambda", lambda, "0 or more");
  }
}

}  // namespace

LookEvidence gather_evidence(std::span<const TopK* const> outputs) {
  TRIAGE_CHECK(outputs.size() <= kMaxRouted);
  LookEvidence evidence;
  for (std::size_t a = 0; a < outputs.size(); ++a) {
    if (outputs[a] == nullptr) continue;
    TRIAGE_CHECK(!outputs[a]->empty());
    evidence.own[a] = own_numbers(*outputs[a]);
    evidence.best[a] = outputs[a]->best();
    for (std::size_t b = 0; b < outputs.size(); ++b) {
      if (b == a || outputs[b] == nullptr) continue;
      evidence.log_p[a][b] = static_cast<float>(std::log(outputs[b]->probability(evidence.best[a]) + kFloor));
    }
  }
  return evidence;
}

void write_numbers(const LookEvidence& evidence, ModelSet set, std::span<double> numbers) {
  TRIAGE_CHECK(numbers.size() == count_numbers(size_of(set)));
  std::size_t at = 0;
  for (std::size_t a = 0; a < kMaxRouted; ++a) {
    if (!contains(set, a)) continue;
    for (const float number : evidence.own[a]) numbers[at++] = static_cast<double>(number);
    for (std::size_t b = 0; b < a; ++b) {
      if (!contains(set, b)) continue;
      numbers[at++] = static_cast<double>(evidence.log_p[a][b]);
      numbers[at++] = static_cast<double>(evidence.log_p[b][a]);
      numbers[at++] = evidence.best[a] == evidence.best[b] ? 1 : 0;
    }
  }
}

void QualityEstimator::estimate(const LookEvidence& evidence, ModelSet set, std::span<double> quality) const {
  TRIAGE_CHECK(quality.size() == n_models && set < sets.size() && !sets[set].weights.empty());
  std::array<double, kMaxRoutingNumbers> numbers{};
  const std::size_t d = count_numbers(size_of(set));
  write_numbers(evidence, set, std::span(numbers).first(d));
  for (std::size_t m = 0; m < n_models; ++m) {
    quality[m] =
        logistic(std::span(sets[set].weights).subspan(m * (1 + d), 1 + d), std::span(numbers).first(d));
  }
}

void QualityEstimator::spread(std::span<const double> quality, ModelSet set, ModelSet pool,
                              std::span<double> covariance) const {
  TRIAGE_CHECK(covariance.size() == n_models * n_models && pool < sets[set].gaps.size());
  const auto& gaps = sets[set].gaps[pool];
  std::array<double, kMaxRouted> unit{};  // 0 outside the pool
  for (std::size_t m = 0; m < n_models; ++m) {
    if (contains(pool, m)) unit[m] = std::sqrt(quality[m] * (1 - quality[m]));
  }
  for (std::size_t a = 0; a < n_models; ++a) {
    for (std::size_t b = 0; b < n_models; ++b) {
      covariance[a * n_models + b] = unit[a] * unit[b] * gaps[a * n_models + b];
    }
  }
}

Supermodel best_supermodel(const Normals& qualities, const SetCosts& costs, ModelSet run, double lambda,
                           ModelSet pool) {
  const Maximum now = max_of(qualities, run);
  Supermodel best{run, now.mean, now.mean};  // of no model: minus infinity
  visit_supersets(qualities, now, run, pool,
                  [&](ModelSet set, double quality, double gain, std::size_t added) {
                    const double value = quality - lambda * (costs.of_set[set] - costs.of_set[run]);
                    if (value > best.value) best = {set, quality, value};
                    return gain >= lambda * costs.least[added];
                  });
  return best;
}

CascadeRouting::CascadeRouting(PolicyInfo info, RoutingParameters parameters)
    : Policy(std::move(info)), parameters_(std::move(parameters)) {
  check_info(this->info());
  const std::size_t k = this->info().models.size();
  if (k > kMaxRouted || parameters_.estimator.n_models != k || parameters_.estimator.most > kMaxRoutedLooks ||
      parameters_.estimator.sets.size() != std::size_t{1} << k ||
      parameters_.costs.of_set.size() != std::size_t{1} << k) {
    fail_field("cascade routing.models", k, fmt::format("at most {}, as its estimates", kMaxRouted));
  }
  check_setting(parameters_.chosen, parameters_.estimator);
  for (const RoutingSetting& setting : parameters_.settings) {
    check_setting(setting, parameters_.estimator);
    prices_.push_back({setting.price, setting.score, setting.cost});
  }
}

const RoutingSetting& CascadeRouting::setting(const Request& request) const {
  if (std::isnan(request.price) || parameters_.settings.empty()) return parameters_.chosen;
  const auto after = std::find_if(parameters_.settings.begin(), parameters_.settings.end(),
                                  [&](const RoutingSetting& s) { return s.price <= request.price; });
  return after == parameters_.settings.end() ? parameters_.settings.back() : *after;
}

Action CascadeRouting::next(const Evidence& evidence, Trace* trace) const {
  const RoutingSetting& setting = this->setting(evidence.request);
  const std::size_t n_looks = evidence.looks.size();
  if (n_looks == 0) return Action::run(static_cast<ModelIndex>(first_of(setting.pool)));
  if (n_looks > setting.lambda.size()) return answer(evidence);
  const Seen seen = see(parameters_.estimator, evidence.looks);
  const double lambda = setting.lambda[n_looks - 1];
  const std::size_t k = info().models.size();
  const auto quality = std::span<const double>(seen.quality).first(k);
  std::array<double, kMaxRouted * kMaxRouted> covariance{};
  parameters_.estimator.spread(quality, seen.set, setting.pool, std::span(covariance).first(k * k));
  const Supermodel best = best_supermodel({quality, std::span(covariance).first(k * k)}, parameters_.costs,
                                          seen.set, lambda, setting.pool);
  if (trace != nullptr) trace->emplace_back(explain(seen, info().models.size(), best, lambda));
  if (best.set == seen.set) return answer_with(seen, evidence.looks);
  return Action::run(static_cast<ModelIndex>(first_of(best.set & ~seen.set)));
}

Action CascadeRouting::answer(const Evidence& evidence) const {
  if (evidence.looks.empty()) return Action::refuse();
  if (evidence.looks.size() == 1) return Action::answer_of(evidence.looks.front());
  return answer_with(see(parameters_.estimator, evidence.looks), evidence.looks);
}

}  // namespace triage
