// The losses of pairs of scores, and the tests that fit them.
#pragma once

#include <span>
#include <vector>

#include "stats/paired_loss_test.h"

namespace triage {

enum class LossKind {
  kSigns,  // of answers that are right or wrong: -1, 0 or 1, of which counts say all; the tests are exact
  kShares  // of any scores that are shares: from -1 to 1; the tests bet
};

// Of independent pairs. Where the order matters (kShares, without `anytime`), they are to be added in one
// that does not depend on the losses.
class PairedLosses {
 public:
  PairedLosses() = default;
  explicit PairedLosses(LossKind kind) : kind_(kind) {}
  PairedLosses(const LossCounts& counts) : counts_(counts) {}  // NOLINT: they are such losses

  void add(float loss);
  void add(const PairedLosses& others);  // of the same kind
  [[nodiscard]] LossKind kind() const { return kind_; }
  [[nodiscard]] std::size_t size() const { return counts_.n; }
  [[nodiscard]] double mean() const;
  // How many are above 0, and below.
  [[nodiscard]] const LossCounts& counts() const { return counts_; }
  [[nodiscard]] std::span<const float> values() const { return values_; }  // empty for kSigns
  // Those of the reference against the policy.
  [[nodiscard]] PairedLosses mirrored() const;

 private:
  LossKind kind_ = LossKind::kSigns;
  LossCounts counts_;
  std::vector<float> values_;
};

// As for LossCounts, see stats/paired_loss_test.h, stats/bounded_loss_test.h and stats/loss_evidence.h.
[[nodiscard]] double loss_p_value(const PairedLosses& losses, double bound, double delta);
[[nodiscard]] bool is_loss_below(const PairedLosses& losses, double bound, double delta);
[[nodiscard]] Interval mean_loss_interval(const PairedLosses& losses, double delta);
[[nodiscard]] double pairs_needed(const PairedLosses& losses, double bound, double delta);
[[nodiscard]] double log_loss_evidence(const PairedLosses& losses, double bound);
[[nodiscard]] double anytime_loss_p_value(const PairedLosses& losses, double bound);
[[nodiscard]] double anytime_pairs_needed(const PairedLosses& losses, double bound, double delta);

}  // namespace triage
