#include "learn/adaptive/stopping.h"

#include <algorithm>

#include "base/check.h"
#include "stats/solve.h"

namespace triage {

GainFitter::GainFitter(const StageRows& stage, std::span<const std::uint32_t> which)
    : stage_(stage), which_(which), d_(stage.n_numbers) {
  TRIAGE_CHECK(!which.empty() && d_ <= kMaxEvidence);
  columns_ = fit_standardisation(which.size(), d_, [&](std::size_t k, std::size_t i) {
    return static_cast<double>(stage.evidence_row(which[k])[i]);
  });
  for (const std::uint32_t row : which) {
    const auto evidence = stage.evidence_row(row);
    std::array<double, kMaxEvidence> x;
    for (std::size_t i = 0; i < d_; ++i) {
      x[i] = columns_(i, static_cast<double>(evidence[i]));
      for (std::size_t j = 0; j <= i; ++j) gram_[i][j] += x[i] * x[j];
    }
  }
  for (std::size_t i = 0; i < d_; ++i) gram_[i][i] += i < kEvidenceNumbers ? kRidge : kOwnRidge;
}

GainWeights GainFitter::fit(std::span<const double> gain) const {
  TRIAGE_CHECK(gain.size() == which_.size());
  double mean = 0;
  for (const double g : gain) mean += g / static_cast<double>(gain.size());
  std::array<double, kMaxEvidence> moment{};
  for (std::size_t k = 0; k < gain.size(); ++k) {
    const auto evidence = stage_.evidence_row(which_[k]);
    for (std::size_t i = 0; i < d_; ++i) {
      moment[i] += (gain[k] - mean) * (static_cast<double>(evidence[i]) - columns_.mean[i]);
    }
  }
  for (std::size_t i = 0; i < d_; ++i) moment[i] *= columns_.scale[i];
  const auto slopes = solve(gram_, moment, d_);
  GainWeights model(1 + d_);
  model[0] = mean;
  for (std::size_t i = 0; i < d_; ++i) {
    model[1 + i] = slopes[i] * columns_.scale[i];
    model[0] -= model[1 + i] * columns_.mean[i];
  }
  return model;
}

std::vector<GainWeights> fit_stopping(std::span<const StageRows* const> stages,
                                      std::span<const GainFitter> fitters, std::span<const double> costs,
                                      double price, std::span<const std::uint32_t> which) {
  TRIAGE_CHECK(!stages.empty() && fitters.size() + 1 == stages.size() && costs.size() == stages.size());
  std::vector<GainWeights> gains(fitters.size());
  std::vector<double> value(which.size()), gain(which.size());
  for (std::size_t k = 0; k < which.size(); ++k) value[k] = stages.back()->reward(which[k]);
  for (std::size_t j = fitters.size(); j-- > 0;) {
    const double paid = price * costs[j + 1];
    for (std::size_t k = 0; k < which.size(); ++k) {
      gain[k] = value[k] - paid - stages[j]->reward(which[k]);
    }
    gains[j] = fitters[j].fit(gain);
    for (std::size_t k = 0; k < which.size(); ++k) {
      const bool goes_on = predict(gains[j], stages[j]->evidence_row(which[k])) > 0;
      value[k] = goes_on ? value[k] - paid : stages[j]->reward(which[k]);
    }
  }
  return gains;
}

Reached run_stopping(std::span<const StageRows* const> stages, std::span<const GainWeights> gains,
                     std::span<const double> costs, const StageRows& reference,
                     std::span<const std::uint32_t> which) {
  Reached mean;
  const double share = 1 / static_cast<double>(which.size());
  for (const std::uint32_t row : which) {
    std::size_t j = 0;
    Reached one{.cost = costs[0]};
    while (j < gains.size() && predict(gains[j], stages[j]->evidence_row(row)) > 0) one.cost += costs[++j];
    one.score = static_cast<double>(stages[j]->right[row]);
    one.gain = one.score - static_cast<double>(reference.right[row]);
    one.soft_gain = static_cast<double>(stages[j]->soft[row]) - static_cast<double>(reference.soft[row]);
    one.square = one.gain * one.gain;
    mean.add(one, share);
  }
  return mean;
}

}  // namespace triage
