#include "policy/combine.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace triage {
namespace {

constexpr float kFloor = 1e-5F;  // of a probability, so that one look alone never rules a class out
constexpr double kEdge = 1e-3;   // t1 and t2 keep this distance from 0 and 1: surer is not to be believed

float log_of(float probability) { return std::log(probability + kFloor); }

// What a class that is not listed has: TopK's rule.
float unlisted(const TopK& output) {
  const auto entries = output.entries();
  const auto n_others = output.n_classes() - static_cast<std::int32_t>(entries.size());
  if (entries.size() < kTopK || n_others <= 0) return 0;
  return std::min(entries.back().probability, output.residual() / static_cast<float>(n_others));
}

// Position of `cls`, n when it is not there. It is often at `guess`: a look's own classes stand in its order.
std::size_t find(const Pool& pool, std::int32_t cls, std::size_t guess) {
  if (guess < pool.n && pool.classes[guess] == cls) return guess;
  const auto* begin = pool.classes.data();
  return static_cast<std::size_t>(std::find(begin, begin + pool.n, cls) - begin);
}

bool before(const ClassProbability& a, const ClassProbability& b) {
  return a.probability != b.probability ? a.probability > b.probability : a.cls < b.cls;
}

}  // namespace

Pool gather(std::span<const TopK* const> outputs) {
  TRIAGE_CHECK(!outputs.empty() && outputs.size() <= kMaxPooledLooks);
  Pool pool;
  pool.n_looks = outputs.size();
  for (const TopK* output : outputs) {
    TRIAGE_CHECK(!output->empty());
    const auto entries = output->entries();
    for (const auto& entry : entries.first(std::min(entries.size(), kPooledClasses))) {
      if (output == outputs[0] || find(pool, entry.cls, pool.n) == pool.n) pool.classes[pool.n++] = entry.cls;
    }
  }
  for (std::size_t m = 0; m < outputs.size(); ++m) {
    const float rest = log_of(unlisted(*outputs[m]));
    for (std::size_t c = 0; c < pool.n; ++c) pool.log_p[c * pool.n_looks + m] = rest;
    const auto entries = outputs[m]->entries();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const std::size_t c = find(pool, entries[i].cls, i);
      if (c < pool.n) pool.log_p[c * pool.n_looks + m] = log_of(entries[i].probability);
    }
  }
  return pool;
}

Posterior combine(std::span<const std::int32_t> classes, std::span<const float> log_p,
                  std::span<const double> weights) {
  const std::size_t n = classes.size(), l = weights.size();
  TRIAGE_CHECK(n >= 1 && n <= kMaxPooled && l <= kMaxPooledLooks && log_p.size() == n * l);
  std::array<float, kMaxPooledLooks> w;
  std::transform(weights.begin(), weights.end(), w.begin(), [](double x) { return static_cast<float>(x); });
  Posterior posterior;
  posterior.n = n;
  std::array<float, kMaxPooled> scores;
  float most = -std::numeric_limits<float>::infinity();
  for (std::size_t c = 0; c < n; ++c) {
    scores[c] = 0;
    for (std::size_t m = 0; m < l; ++m) scores[c] += w[m] * log_p[c * l + m];
    most = std::max(most, scores[c]);
  }
  float sum = 0;
  for (std::size_t c = 0; c < n; ++c) sum += scores[c] = std::exp(scores[c] - most);
  for (std::size_t c = 0; c < n; ++c) posterior.entries[c] = {classes[c], scores[c] / sum};
  std::sort(posterior.entries.begin(), posterior.entries.begin() + static_cast<std::ptrdiff_t>(n), before);
  return posterior;
}

std::array<double, kNumbers> evidence_of(const Posterior& posterior) {
  const auto p = [&](std::size_t i) {
    return i < posterior.n ? static_cast<double>(posterior.entries[i].probability) : 0.0;
  };
  const double t1 = std::clamp(p(0), kEdge, 1 - kEdge), t2 = std::max(p(1), kEdge);
  double entropy = 0;
  for (std::size_t i = 0; i < posterior.n && p(i) > 0; ++i) entropy -= p(i) * std::log(p(i));
  return {t1, t1 - t2, std::log(t1 / (1 - t1)), std::log(t2), entropy, t1 * t1};
}

TopK to_answer(const Posterior& posterior, std::int32_t n_classes) {
  const std::size_t n = std::min(posterior.n, std::size_t{kTopK});
  double rest = 0;
  for (std::size_t i = n; i < posterior.n; ++i) rest += static_cast<double>(posterior.entries[i].probability);
  return TopK::from_parts({posterior.entries.data(), n}, static_cast<float>(rest), n_classes);
}

}  // namespace triage
