// What several looks say together: a log-linear pool of their outputs, and the few numbers of it that tell
// whether another look is needed. With the weights of one look alone it calibrates that network.
//
//   score(c) = sum over looks m of w[m] * log(P_m(c) + 1e-5),   posterior = softmax over the pooled classes
//
// c runs over the union of each look's 12 best classes. Training (learn/adaptive/combiner.h) gathers the same
// classes. Where there are no more classes than these and enough inputs to learn from, each class has weights
// of its own and a bias: w[m, c] and + b[c].
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "triage/types.h"

namespace triage {

inline constexpr std::size_t kMaxPooledLooks = 4;
inline constexpr std::size_t kPooledClasses = 12;  // that each look brings in
inline constexpr std::size_t kMaxPooled = kMaxPooledLooks * kPooledClasses;
inline constexpr std::size_t kEvidenceNumbers = 6;             // of evidence, without those of each class
inline constexpr std::size_t kMaxOwnClasses = kPooledClasses;  // that may have weights of their own
inline constexpr std::size_t kMaxEvidence = kEvidenceNumbers + kMaxOwnClasses;
[[nodiscard]] constexpr bool may_have_own_weights(std::size_t n_classes) {
  return n_classes >= 2 && n_classes <= kMaxOwnClasses;
}

// The pooled classes of l looks, and the logarithm of what each look gives them.
struct Pool {
  std::size_t n = 0;                                      // classes
  std::size_t n_looks = 0;                                // l
  std::array<std::int32_t, kMaxPooled> classes;           // (n) in the order of the looks
  std::array<float, kMaxPooled * kMaxPooledLooks> log_p;  // (n, l) row-major
};

// 1 to kMaxPooledLooks outputs, none of them empty, all of the same number of classes.
[[nodiscard]] Pool gather(std::span<const TopK* const> outputs);

// The posterior over a pool: probabilities that sum to 1, best first (ties: the lower class).
struct Posterior {
  std::size_t n = 0;
  std::array<ClassProbability, kMaxPooled> entries;
};
// `classes` has shape (n), `log_p` (n, l), `weights` (l), or (l + 1, C) row-major for C classes with weights
// of their own: w[m, c] of each look, then b[c].
[[nodiscard]] Posterior combine(std::span<const std::int32_t> classes, std::span<const float> log_p,
                                std::span<const double> weights);
[[nodiscard]] inline Posterior combine(const Pool& pool, std::span<const double> weights) {
  return combine({pool.classes.data(), pool.n}, {pool.log_p.data(), pool.n * pool.n_looks}, weights);
}

// Numbers of the posterior t1 >= t2 >= ...: t1, t1 - t2, log(t1 / (1 - t1)), log t2, entropy, t1^2; then, for
// `own_classes` of at most kMaxOwnClasses, p (1 - p) of each class: which classes are in doubt.
struct EvidenceNumbers {
  std::size_t n = kEvidenceNumbers;
  std::array<double, kMaxEvidence> values{};

  [[nodiscard]] std::span<const double> view() const& { return {values.data(), n}; }
  void view() const&& = delete;  // it would outlive the numbers
};
[[nodiscard]] EvidenceNumbers evidence_of(const Posterior& posterior, std::size_t own_classes = 0);

// gain[0] + gain[1..] * evidence of the posterior: what going on is expected to gain. `gain` has shape
// (1 + kEvidenceNumbers), or that and one for each of C classes.
[[nodiscard]] double predicted_gain(std::span<const double> gain, const Posterior& posterior);

// As an answer: the kTopK best classes, the mass of the others as residual.
[[nodiscard]] TopK to_answer(const Posterior& posterior, std::int32_t n_classes);

}  // namespace triage
