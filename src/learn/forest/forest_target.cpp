#include "learn/forest/forest_target.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "triage/tools/learn.h"

namespace triage {
namespace {

// The least and the greatest, without NaN; infinities of the wrong order for none.
std::pair<float, float> least_and_greatest(std::span<const float> values) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  for (const float value : values) {
    if (std::isnan(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return {low, high};
}

void rescale_row(std::span<float> row, bool by_range) {
  const auto [low, high] = least_and_greatest(row);
  const float range = by_range && high > low ? high - low : 1;
  for (float& value : row) value = (value - low) / range;
}

}  // namespace

LossScale loss_scale(std::span<const float> losses, bool is_time) {
  if (is_time) return {};
  const auto [low, high] = least_and_greatest(losses);
  return {low, static_cast<double>(high) - static_cast<double>(low)};
}

std::vector<float> forest_target(std::span<const float> losses, std::size_t m, ForestTarget target,
                                 bool is_time) {
  const LossScale scale = loss_scale(losses, is_time);
  const double range = scale.range > 0 ? scale.range : 1;
  std::vector<float> out(losses.size());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const double loss = static_cast<double>(losses[i]);
    double value = (loss - scale.low) / range;
    // std::max keeps a NaN only as its first argument.
    if (is_time && target == ForestTarget::kLog) value = std::log10(std::max(10 * loss, 1e-6));
    if (is_time && target == ForestTarget::kSoftLog) value = std::log10(10 * loss + 1e-3);
    out[i] = static_cast<float>(value);
  }
  if (target == ForestTarget::kRegret || target == ForestTarget::kScaled) {
    for (std::size_t i = 0; i < out.size(); i += m) {
      rescale_row({&out[i], m}, target == ForestTarget::kScaled);
    }
  }
  return out;
}

std::vector<float> nearly_best(std::span<const float> losses, std::size_t m) {
  std::vector<float> out(losses.begin(), losses.end());
  for (std::size_t i = 0; i < out.size(); i += m) {
    const auto [low, high] = least_and_greatest(losses.subspan(i, m));
    for (std::size_t j = i; j < i + m; ++j) {
      if (!std::isnan(out[j])) out[j] = out[j] <= low + static_cast<float>(kScoreTolerance) ? 1.0F : 0.0F;
    }
  }
  return out;
}

}  // namespace triage
