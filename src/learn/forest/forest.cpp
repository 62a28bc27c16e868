#include "learn/forest/forest.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "base/check.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "learn/forest/boosted_models.h"
#include "learn/forest/check_forest_data.h"
#include "learn/forest/forest_target.h"
#include "learn/forest/grow_forest.h"
#include "learn/forest/learn_feature_map.h"
#include "learn/forest/pair_forests.h"

namespace triage {
namespace {

struct ForestKind {
  ForestTarget target;
  SplitRule rule;
};
constexpr std::array<ForestKind, 7> kForestKinds{{{ForestTarget::kLog, SplitRule::kVariance},
                                                  {ForestTarget::kRegret, SplitRule::kVariance},
                                                  {ForestTarget::kScaled, SplitRule::kVariance},
                                                  {ForestTarget::kRaw, SplitRule::kBestSingle},
                                                  {ForestTarget::kSoftLog, SplitRule::kRandomVariance},
                                                  {ForestTarget::kRegret, SplitRule::kRandomVariance},
                                                  {ForestTarget::kScaled, SplitRule::kRandomVariance}}};
constexpr std::size_t kRawForest = 3;

// Up to what share of one vote, or of one unit of what boosted trees predict, the raw forest decides.
constexpr double kVoteGrain = 0.5, kBoostedGrain = 1e-4;

std::vector<float> mean_one(std::span<const float> weights) {
  double sum = 0;
  for (const float weight : weights) sum += static_cast<double>(weight);
  const double scale = static_cast<double>(weights.size()) / sum;
  std::vector<float> scaled;
  for (const float weight : weights)
    scaled.push_back(static_cast<float>(static_cast<double>(weight) * scale));
  return scaled;
}

// Of each of m columns, weighted, without NaN.
void add_column_means(std::span<const float> values, std::size_t m, std::span<const float> weights,
                      std::vector<float>& means) {
  std::vector<double> sum(m), weight(m);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    const double w = weights.empty() ? 1.0 : static_cast<double>(weights[i / m]);
    sum[i % m] += w * static_cast<double>(values[i]);
    weight[i % m] += w;
  }
  for (std::size_t j = 0; j < m; ++j) means.push_back(static_cast<float>(sum[j] / weight[j]));
}

class ForestTrainer {
 public:
  ForestTrainer(const ForestData& data, const ForestOptions& options, const std::stop_token& stop)
      : data_(data),
        options_(options),
        threads_(options.threads == 0 ? default_threads() : options.threads),
        stop_(stop),
        n_(data.losses.size() / data.m),
        weights_(mean_one(data.weights)),
        n_scores_(n_) {}

  TrainedForests run() {
    Forests& forests = out_.forests;
    forests.n_models = static_cast<std::uint32_t>(data_.m);
    forests.features = learn_feature_map(data_.features, data_.d, threads_);
    codes_ = encode_rows(forests.features, data_.features, threads_);
    const LossScale scale = loss_scale(data_.losses, options_.is_time);
    forests.loss_low = static_cast<float>(scale.low);
    forests.loss_range = static_cast<float>(scale.range);
    forests.has_costs = !data_.costs.empty();
    out_.out_of_bag.score.assign(n_ * data_.m, 0.0F);
    add_ensembles();
    for (TreeEnsemble& trees : forests.ensembles) narrow_nodes(trees);
    finish_scores();
    forests.slope = slope();
    OutOfBag& bag = out_.out_of_bag;
    for (std::size_t i = 0; i < n_ * data_.m; ++i) bag.loss[i] += forests.slope * bag.score[i];
    return std::move(out_);
  }

 private:
  [[nodiscard]] TreeRows rows_of(std::span<const float> targets, bool with_costs) const {
    const bool sparse = std::any_of(targets.begin(), targets.end(), [](float x) { return std::isnan(x); });
    TreeRows rows{codes_, codes_.size() / n_,         out_.forests.features.n_codes(), targets, {}, weights_,
                  {},     lane_shape(data_.m, sparse)};
    add_column_means(targets, data_.m, weights_, rows.means);
    if (with_costs) {
      rows.costs = data_.costs;
      add_column_means(data_.costs, data_.m, weights_, rows.means);
    }
    return rows;
  }

  [[nodiscard]] TreeGrowth growth_of(SplitRule rule) const {
    const std::size_t share = rule == SplitRule::kRandomVariance ? 2 : 3;
    const double leaf_rows = std::max(static_cast<double>(n_) / static_cast<double>(options_.full_rows),
                                      static_cast<double>(options_.leaf_rows));
    return {rule, std::max<std::size_t>(1, out_.forests.features.n_codes() / share),
            leaf_rows > 1 ? static_cast<float>(leaf_rows) : 0.0F};
  }

  void add_ensembles() {
    switch (options_.learner) {
      case ForestsLearner::kSeven:
        for (std::size_t k = 0; k < kForestKinds.size(); ++k) add_forest(k);
        return;
      case ForestsLearner::kPairwise:
        return add_votes();
      case ForestsLearner::kBoostedRegression:
        return add_boosted({.loss = BoostLoss::kSquares, .trees = options_.trees},
                           forest_target(data_.losses, data_.m, ForestTarget::kLog, options_.is_time));
      case ForestsLearner::kBoostedClassification:
        return add_boosted({.loss = BoostLoss::kLogistic, .trees = options_.trees},
                           nearly_best(data_.losses, data_.m));
      case ForestsLearner::kNearest:
        break;
    }
    TRIAGE_CHECK(false);
  }

  void add_votes() {
    const TreeRows rows = rows_of(data_.losses, false);
    const TreeGrowth growth = growth_of(SplitRule::kVariance);
    add_ensemble(grow_pair_forests(rows, data_.m, growth.min_weight, options_.trees,
                                   mix64(mix64(options_.seed) + kForestKinds.size()), threads_, stop_));
    add_forest(kRawForest, deviation_of_last(kVoteGrain));
  }

  void add_boosted(const BoostOptions& options, const std::vector<float>& targets) {
    add_ensemble(boost_models(rows_of(targets, false), data_.m, data_.fold_of, options, threads_, stop_));
    add_forest(kRawForest, deviation_of_last(kBoostedGrain));
  }

  // By which the raw forest, whose predictions span at most 1, moves a sum over the trees of the last
  // ensemble by at most `grain`.
  [[nodiscard]] float deviation_of_last(double grain) const {
    const auto trees = static_cast<double>(out_.forests.ensembles.back().n_trees());
    return static_cast<float>(static_cast<double>(out_.forests.deviation.back()) * trees / grain);
  }

  void add_forest(std::size_t kind, std::optional<float> deviation = std::nullopt) {
    const auto [target, rule] = kForestKinds[kind];
    const std::vector<float> targets = forest_target(data_.losses, data_.m, target, options_.is_time);
    const TreeRows rows = rows_of(targets, kind == kRawForest && !data_.costs.empty());
    GrownForest forest = grow_forest(rows, growth_of(rule), options_.trees,
                                     mix64(mix64(options_.seed) + kind), threads_, stop_);
    if (kind == kRawForest) {
      out_.forests.raw = static_cast<std::uint32_t>(out_.forests.ensembles.size());
      read_raw_means(forest);
    }
    add_ensemble(std::move(forest), deviation);
  }

  // `given`: what counts for the deviation of its predictions.
  void add_ensemble(GrownForest forest, std::optional<float> given = std::nullopt) {
    const std::size_t m = data_.m, width = forest.trees.width;
    std::vector<float> centred(n_ * m);
    double squares = 0, count = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      if (forest.n_trees[i] == 0) continue;
      add_centred({&forest.means[i * width], m}, 1, {&centred[i * m], m});
      for (std::size_t j = 0; j < m; ++j) squares += std::pow(static_cast<double>(centred[i * m + j]), 2);
      count += static_cast<double>(m);
      ++n_scores_[i];
    }
    const double found = squares > 0 ? std::sqrt(squares / count) : 1.0;
    const double deviation = given ? static_cast<double>(*given) : found;
    out_.forests.deviation.push_back(static_cast<float>(deviation));
    const auto scale = static_cast<float>(1 / deviation);
    for (std::size_t i = 0; i < n_ * m; ++i) out_.out_of_bag.score[i] += centred[i] * scale;
    out_.forests.ensembles.push_back(std::move(forest.trees));
  }

  // The expected losses' level, and the costs.
  void read_raw_means(const GrownForest& forest) {
    const std::size_t m = data_.m, width = forest.trees.width;
    OutOfBag& bag = out_.out_of_bag;
    bag.loss.assign(n_ * m, std::numeric_limits<float>::quiet_NaN());
    if (out_.forests.has_costs) bag.cost.assign(n_ * m, std::numeric_limits<float>::quiet_NaN());
    for (std::size_t i = 0; i < n_; ++i) {
      if (forest.n_trees[i] == 0) continue;
      const float* means = &forest.means[i * width];
      float level = 0;
      for (std::size_t j = 0; j < m; ++j) level += means[j];
      level /= static_cast<float>(m);
      std::fill_n(&bag.loss[i * m], m, out_.forests.loss_low + out_.forests.loss_range * level);
      if (out_.forests.has_costs) std::copy_n(means + m, m, &bag.cost[i * m]);
    }
  }

  // A row's score is the mean over the forests that have a tree without it.
  void finish_scores() {
    for (std::size_t i = 0; i < n_; ++i) {
      const float per_forest = n_scores_[i] == 0 ? std::numeric_limits<float>::quiet_NaN()
                                                 : 1.0F / static_cast<float>(n_scores_[i]);
      for (std::size_t j = 0; j < data_.m; ++j) out_.out_of_bag.score[i * data_.m + j] *= per_forest;
    }
  }

  // Least squares of the losses on the scores, both centred over the models that were run. Not below 0: then
  // the scores tell nothing.
  [[nodiscard]] float slope() const {
    const std::size_t m = data_.m;
    double product = 0, squares = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      const std::span loss = data_.losses.subspan(i * m, m);
      const float* score = &out_.out_of_bag.score[i * m];
      double n = 0, mean_loss = 0, mean_score = 0;
      for (std::size_t j = 0; j < m; ++j) {
        if (std::isnan(loss[j]) || std::isnan(score[j])) continue;
        ++n;
        mean_loss += (static_cast<double>(loss[j]) - mean_loss) / n;
        mean_score += (static_cast<double>(score[j]) - mean_score) / n;
      }
      for (std::size_t j = 0; j < m; ++j) {
        if (std::isnan(loss[j]) || std::isnan(score[j])) continue;
        const double z = static_cast<double>(score[j]) - mean_score;
        product += z * (static_cast<double>(loss[j]) - mean_loss);
        squares += z * z;
      }
    }
    return squares > 0 ? static_cast<float>(std::max(0.0, product / squares)) : 0.0F;
  }

  ForestData data_;
  ForestOptions options_;
  unsigned threads_;
  const std::stop_token& stop_;
  std::size_t n_;
  std::vector<float> weights_;
  std::vector<std::uint8_t> codes_;
  std::vector<std::uint32_t> n_scores_;  // forests that have a tree without the row
  TrainedForests out_;
};

}  // namespace

TrainedForests train_forests(const ForestData& data, const ForestOptions& options, std::stop_token stop) {
  check_forest_data(data);
  check_forest_options(data, options);
  return ForestTrainer(data, options, stop).run();
}

}  // namespace triage
