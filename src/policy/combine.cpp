#include "policy/combine.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace triage {
namespace {

constexpr float kFloor = 1e-5F;  // of a probability, so that one look alone never rules a class out
constexpr double kEdge = 1e-3;   // t1 and t2 are clamped to [1e-3, 1 - 1e-3] so that the logit stays finite

float log_of(float probability) { return std::log(probability + kFloor); }

// What a class that is not listed has: TopK's rule.
float unlisted(const TopK& output) {
  const auto entries = output.entries();
  const auto n_others = output.n_classes() - static_cast<std::int32_t>(entries.size());
  if (entries.size() < kTopK || n_others <= 0) return 0;
  return std::min(entries.back().probability, output.residual() / static_cast<float>(n_others));
}

// Position of `cls`, n when it is not there. It is often at `guess`, as a look's own classes are in its
// order.
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
  const std::size_t n = classes.size(), l = n == 0 ? 0 : log_p.size() / n;
  TRIAGE_CHECK(n >= 1 && n <= kMaxPooled && l >= 1 && l <= kMaxPooledLooks && log_p.size() == n * l);
  // Without weights of its own every class has those of "class 0" of 1, and no bias.
  const bool is_own = weights.size() != l;
  const std::size_t n_own = is_own ? weights.size() / (l + 1) : 1;
  TRIAGE_CHECK(!is_own || (n_own >= 1 && n_own <= kMaxOwnClasses && weights.size() == (l + 1) * n_own));
  std::array<float, (kMaxPooledLooks + 1) * kMaxOwnClasses> w;
  std::transform(weights.begin(), weights.end(), w.begin(), [](double x) { return static_cast<float>(x); });
  Posterior posterior;
  posterior.n = n;
  std::array<float, kMaxPooled> scores;
  float most = -std::numeric_limits<float>::infinity();
  for (std::size_t c = 0; c < n; ++c) {
    const std::size_t own = is_own ? static_cast<std::size_t>(classes[c]) : 0;
    TRIAGE_CHECK(own < n_own);
    scores[c] = is_own ? w[l * n_own + own] : 0;
    for (std::size_t m = 0; m < l; ++m) scores[c] += w[m * n_own + own] * log_p[c * l + m];
    most = std::max(most, scores[c]);
  }
  float sum = 0;
  for (std::size_t c = 0; c < n; ++c) sum += scores[c] = std::exp(scores[c] - most);
  for (std::size_t c = 0; c < n; ++c) posterior.entries[c] = {classes[c], scores[c] / sum};
  std::sort(posterior.entries.begin(), posterior.entries.begin() + static_cast<std::ptrdiff_t>(n), before);
  return posterior;
}

EvidenceNumbers evidence_of(const Posterior& posterior, std::size_t own_classes) {
  TRIAGE_CHECK(own_classes <= kMaxOwnClasses);
  const auto p = [&](std::size_t i) {
    return i < posterior.n ? static_cast<double>(posterior.entries[i].probability) : 0.0;
  };
  const double t1 = std::clamp(p(0), kEdge, 1 - kEdge), t2 = std::max(p(1), kEdge);
  double entropy = 0;
  for (std::size_t i = 0; i < posterior.n && p(i) > 0; ++i) entropy -= p(i) * std::log(p(i));
  EvidenceNumbers evidence{kEvidenceNumbers + own_classes,
                           {t1, t1 - t2, std::log(t1 / (1 - t1)), std::log(t2), entropy, t1 * t1}};
  for (std::size_t i = 0; i < posterior.n && own_classes > 0; ++i) {
    const auto cls = static_cast<std::size_t>(posterior.entries[i].cls);
    TRIAGE_CHECK(cls < own_classes);
    evidence.values[kEvidenceNumbers + cls] = p(i) * (1 - p(i));
  }
  return evidence;
}

double predicted_gain(std::span<const double> gain, const Posterior& posterior) {
  TRIAGE_CHECK(gain.size() > kEvidenceNumbers);
  const auto evidence = evidence_of(posterior, gain.size() - 1 - kEvidenceNumbers);
  double sum = gain[0];
  for (std::size_t i = 0; i < evidence.n; ++i) sum += gain[1 + i] * evidence.values[i];
  return sum;
}

TopK to_answer(const Posterior& posterior, std::int32_t n_classes) {
  const std::size_t n = std::min(posterior.n, std::size_t{kTopK});
  double rest = 0;
  for (std::size_t i = n; i < posterior.n; ++i) rest += static_cast<double>(posterior.entries[i].probability);
  return TopK::from_parts({posterior.entries.data(), n}, static_cast<float>(rest), n_classes);
}

}  // namespace triage
