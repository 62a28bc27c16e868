#include "learn/forest/fit_nearest_rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/parallel.h"
#include "base/stop.h"
#include "learn/forest/check_forest_data.h"
#include "policy/feature_map.h"
#include "stats/quantile.h"
#include "stats/standardise.h"

namespace triage {
namespace {

constexpr std::array<std::uint32_t, 6> kNeighbourCounts{1, 3, 5, 10, 20, 40};

// Columns that vary, their medians and their standardisation, missing values taken for the median.
void learn_columns(std::span<const float> features, std::size_t d, NearestRows& nearest) {
  const std::size_t n = features.size() / d;
  nearest.n_features = static_cast<std::uint32_t>(d);
  for (std::uint32_t j = 0; j < d; ++j) {
    std::vector<double> known;
    for (std::size_t i = 0; i < n; ++i) {
      const float value = features[i * d + j];
      if (!is_missing(value)) known.push_back(static_cast<double>(value));
    }
    if (known.empty()) continue;
    const auto median = static_cast<float>(interpolated_quantile(known, 0.5));
    const Standardisation column = fit_standardisation(n, 1, [&](std::size_t i, std::size_t) {
      const float value = features[i * d + j];
      return static_cast<double>(is_missing(value) ? median : value);
    });
    const auto scale = static_cast<float>(column.scale[0]);
    if (!(scale > 0) || !std::isfinite(scale)) continue;
    nearest.column.push_back(j);
    nearest.median.push_back(median);
    nearest.mean.push_back(static_cast<float>(column.mean[0]));
    nearest.scale.push_back(scale);
  }
}

std::vector<float> column_means(std::span<const float> values, std::size_t m) {
  std::vector<double> sum(m), n(m);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    sum[i % m] += static_cast<double>(values[i]);
    n[i % m] += 1;
  }
  std::vector<float> means(m);
  for (std::size_t j = 0; j < m; ++j) means[j] = static_cast<float>(sum[j] / std::max(1.0, n[j]));
  return means;
}

// The rows outside of a fold, to predict those inside by each number of neighbours.
class FoldNeighbours {
 public:
  FoldNeighbours(const NearestRows& all, std::span<const std::int32_t> fold_of, std::int32_t fold) {
    const std::size_t m = all.n_models, c = all.column.size();
    const auto append = [](std::vector<float>& to, const std::vector<float>& from, std::size_t i,
                           std::size_t width) {
      if (!from.empty()) to.insert(to.end(), &from[i * width], &from[i * width] + width);
    };
    for (std::size_t i = 0; i < fold_of.size(); ++i) {
      if (fold_of[i] == fold) continue;
      append(rows_, all.rows, i, c);
      append(losses_, all.losses, i, m);
      append(costs_, all.costs, i, m);
    }
    mean_loss_ = column_means(losses_, m);
    mean_cost_ = column_means(costs_, m);
    search_.emplace(rows_, c);
  }

  // Fills row i of loss and cost for the first k of at most kNeighbourCounts.back() neighbours.
  void predict(std::span<const Neighbour> found, std::size_t k, std::span<float> loss,
               std::span<float> cost) const {
    const auto nearest = found.first(std::min(k, found.size()));
    average_neighbours(nearest, losses_, mean_loss_, loss);
    if (!cost.empty()) average_neighbours(nearest, costs_, mean_cost_, cost);
  }
  std::size_t search(std::span<const float> query, std::span<Neighbour> nearest) const {
    return search_->search(query, nearest);
  }

 private:
  std::vector<float> rows_, losses_, costs_, mean_loss_, mean_cost_;
  std::optional<NearestSearch> search_;
};

class NeighbourFit {
 public:
  NeighbourFit(const ForestData& data, unsigned threads, const std::stop_token& stop)
      : data_(data), threads_(threads == 0 ? default_threads() : threads), stop_(stop) {}

  TrainedNeighbours run() {
    NearestRows& nearest = out_.nearest;
    const std::size_t m = data_.m, n = data_.losses.size() / m;
    nearest.n_models = static_cast<std::uint32_t>(m);
    learn_columns(data_.features, data_.d, nearest);
    const std::size_t c = nearest.column.size();
    nearest.rows.resize(n * c);
    for (std::size_t i = 0; i < n; ++i) {
      standardise_row(nearest, data_.features.subspan(i * data_.d, data_.d),
                      {nearest.rows.data() + i * c, c});
    }
    nearest.losses.assign(data_.losses.begin(), data_.losses.end());
    nearest.costs.assign(data_.costs.begin(), data_.costs.end());
    nearest.mean_loss = column_means(nearest.losses, m);
    if (nearest.has_costs()) nearest.mean_cost = column_means(nearest.costs, m);
    judge_counts();
    return std::move(out_);
  }

 private:
  // Predicts every row by each number of neighbours, and keeps the best.
  void judge_counts() {
    const std::size_t size = data_.losses.size();
    for (OutOfBag& unseen : by_count_) {
      unseen.loss.resize(size);
      unseen.cost.resize(data_.costs.size());
    }
    const std::int32_t folds = 1 + *std::max_element(data_.fold_of.begin(), data_.fold_of.end());
    for_each_parallel(static_cast<std::size_t>(folds), threads_, [&] {
      return [&](std::size_t fold) {
        throw_if_stopped(stop_, "neighbours");
        predict_fold(static_cast<std::int32_t>(fold));
      };
    });
    std::size_t best = 0;
    for (std::size_t i = 1; i < kNeighbourCounts.size() && kNeighbourCounts[i] < data_.fold_of.size(); ++i) {
      if (mean_chosen(by_count_[i].loss) <= mean_chosen(by_count_[best].loss)) best = i;
    }
    out_.nearest.k = kNeighbourCounts[best];
    out_.unseen = std::move(by_count_[best]);
    out_.unseen.score = out_.unseen.loss;
  }

  void predict_fold(std::int32_t fold) {
    const std::size_t m = data_.m, c = out_.nearest.column.size();
    const FoldNeighbours others(out_.nearest, data_.fold_of, fold);
    std::array<Neighbour, kNeighbourCounts.back()> found{};
    for (std::size_t i = 0; i < data_.fold_of.size(); ++i) {
      if (data_.fold_of[i] != fold) continue;
      const std::size_t n = others.search({out_.nearest.rows.data() + i * c, c}, found);
      for (std::size_t k = 0; k < kNeighbourCounts.size(); ++k) {
        const auto row_of = [&](std::vector<float>& values) {
          return values.empty() ? std::span<float>() : std::span(values).subspan(i * m, m);
        };
        others.predict({found.data(), n}, kNeighbourCounts[k], row_of(by_count_[k].loss),
                       row_of(by_count_[k].cost));
      }
    }
  }

  // What the models lose that are chosen at price 0, where they were run.
  [[nodiscard]] double mean_chosen(std::span<const float> predicted) const {
    const std::size_t m = data_.m;
    double sum = 0, n = 0;
    for (std::size_t i = 0; i < predicted.size(); i += m) {
      const auto model = static_cast<std::size_t>(choose_model(predicted.subspan(i, m), {}, {}, 0));
      const float loss = data_.losses[i + model];
      if (std::isnan(loss)) continue;
      sum += static_cast<double>(loss);
      n += 1;
    }
    return sum / std::max(1.0, n);
  }

  ForestData data_;
  unsigned threads_;
  const std::stop_token& stop_;
  std::array<OutOfBag, kNeighbourCounts.size()> by_count_;
  TrainedNeighbours out_;
};

}  // namespace

TrainedNeighbours fit_nearest_rows(const ForestData& data, unsigned threads, const std::stop_token& stop) {
  check_forest_data(data);
  check_inner_folds(data);
  return NeighbourFit(data, threads, stop).run();
}

}  // namespace triage
