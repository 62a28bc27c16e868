// Does the distance to the training inputs tell when a premodel's choice will be wrong? The area under the
// curve, what refusing the farthest inputs would bring, and how that reads.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "base/hash.h"
#include "policy/premodel_policy.h"
#include "replay/replay_backend.h"
#include "triage/tools/evaluate.h"

namespace triage {
namespace {

constexpr std::size_t kPoints = 200;

// Share of (failure, success) pairs in which the failure is farther, equal distances counting half. `inputs`
// by rising distance; input i stands `weights[i]` times. NaN without failures or without successes.
double auc_of(std::span<const SoundnessInput> inputs, std::span<const std::uint32_t> weights) {
  double pairs = 0, failures = 0, successes = 0;
  for (std::size_t i = 0; i < inputs.size();) {
    double failed = 0, succeeded = 0;
    std::size_t end = i;
    for (; end < inputs.size() && inputs[end].distance == inputs[i].distance; ++end) {
      (inputs[end].score > 0 ? succeeded : failed) += weights[end];
    }
    pairs += failed * (successes + succeeded / 2);
    failures += failed;
    successes += succeeded;
    i = end;
  }
  return failures > 0 && successes > 0 ? pairs / (failures * successes) : kNotMeasured;
}

Estimate estimate_auc(std::span<const SoundnessInput> inputs, int resamples, std::uint64_t seed) {
  std::vector<std::uint32_t> weights(inputs.size(), 1);
  Estimate estimate;
  estimate.value = auc_of(inputs, weights);
  std::vector<double> resampled;
  for (int b = 0; b < resamples; ++b) {
    Random random(mix64(seed) ^ static_cast<std::uint64_t>(b));
    std::fill(weights.begin(), weights.end(), 0U);
    for (std::size_t i = 0; i < inputs.size(); ++i) ++weights[random.below(inputs.size())];
    const double auc = auc_of(inputs, weights);
    if (std::isfinite(auc)) resampled.push_back(auc);
  }
  if (resampled.empty()) return estimate;
  std::sort(resampled.begin(), resampled.end());
  const auto at = [&](double q) {
    return resampled[static_cast<std::size_t>(std::lround(q * static_cast<double>(resampled.size() - 1)))];
  };
  estimate.interval = {at(0.025), at(0.975)};
  return estimate;
}

// Mean scores of the nearest i inputs, i = 1 .. n.
std::vector<SoundnessPoint> coverage_curve(std::span<const SoundnessInput> inputs) {
  std::vector<SoundnessPoint> points;
  const std::size_t n = inputs.size(), steps = std::min(n, kPoints);
  double sum = 0;
  std::size_t step = 1;
  for (std::size_t i = 0; i < n; ++i) {
    sum += inputs[i].score;
    if ((i + 1) * steps < step * n) continue;
    ++step;
    const auto covered = static_cast<double>(i + 1);
    points.push_back({inputs[i].distance, covered / static_cast<double>(n), sum / covered});
  }
  return points;
}

double score_without_farthest(std::span<const SoundnessPoint> points) {
  const auto at = std::find_if(points.begin(), points.end(), [](const SoundnessPoint& p) {
    return p.coverage >= 1 - kFarthestShare - 1e-9;
  });
  return at->score;
}

DistanceReading read_distance(const Estimate& auc) {
  if (!std::isfinite(auc.value)) return DistanceReading::kUnknown;
  if (high_end(auc) < 0.5) return DistanceReading::kMisleads;
  if (!(low_end(auc) > 0.5)) return DistanceReading::kNothing;
  if (auc.value < 0.6) return DistanceReading::kHardly;
  return auc.value < 0.7 ? DistanceReading::kSomewhat : DistanceReading::kPredicts;
}

}  // namespace

Soundness measure_soundness(std::vector<SoundnessInput> inputs, int resamples, std::uint64_t seed) {
  Soundness soundness;
  soundness.inputs = inputs.size();
  if (inputs.empty()) return soundness;
  std::stable_sort(inputs.begin(), inputs.end(),
                   [](const SoundnessInput& a, const SoundnessInput& b) { return a.distance < b.distance; });
  soundness.points = coverage_curve(inputs);
  soundness.auc = estimate_auc(inputs, resamples, seed);
  soundness.reading = read_distance(soundness.auc);
  soundness.gain_without_farthest = score_without_farthest(soundness.points) - soundness.points.back().score;
  return soundness;
}

void add_soundness_inputs(const Table& table, Rows rows, const Premodel& premodel, const Replay& replay,
                          std::vector<SoundnessInput>& inputs) {
  if (!premodel.has_index()) return;
  ReplayBackend backend(table, premodel.info());
  std::vector<float> raw(premodel.info().schema.size()), scaled(raw.size());
  std::array<Neighbour, kMaxNeighbours> nearest;
  for (const std::uint32_t input : rows) {
    if (replay.model[input] == kNoModel) continue;
    backend.begin(input);
    backend.extract(all_features(premodel.info().schema), raw);
    premodel.scale(raw, scaled);
    inputs.push_back({mean_distance(premodel.ask(scaled, nearest).neighbours),
                      replay.score(premodel.info().criterion)[input]});
  }
}

}  // namespace triage
