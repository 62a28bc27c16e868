// What the trees of a forest predict for each row and model, made from losses.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace triage {

enum class ForestTarget {
  kRaw,      // the loss
  kLog,      // times: its logarithm
  kSoftLog,  // times: the logarithm of the loss and a little more, so that short times differ less
  kRegret,   // raw, less the row's least
  kScaled,   // raw, from 0 for the row's least to 1 for its greatest
};

// Where the raw target of losses begins and how much it spans: raw = (loss - low) / range. Of times 0 and 1,
// otherwise the least loss and what the losses span, at least 0.
struct LossScale {
  double low = 0, range = 1;
};
[[nodiscard]] LossScale loss_scale(std::span<const float> losses, bool is_time);

// `losses` has shape (n, m), NaN where a model was not run, and so has the result. With `is_time` a loss is a
// share of ten cutoffs: log10(max(10 loss, 1e-6)) and log10(10 loss + 1e-3). Otherwise both logarithms are
// raw.
[[nodiscard]] std::vector<float> forest_target(std::span<const float> losses, std::size_t m,
                                               ForestTarget target, bool is_time);

// Of each model whether it loses at most kScoreTolerance more than the row's best: 1 or 0; NaN where it was
// not run.
[[nodiscard]] std::vector<float> nearly_best(std::span<const float> losses, std::size_t m);

}  // namespace triage
