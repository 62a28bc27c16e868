#include "learn/forest/choose_leaf.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/hash.h"
#include "stats/mean.h"

namespace triage {
namespace {

constexpr std::size_t kSearchRowsOfLeaves = 6'000;
constexpr std::size_t kShareOfTrees = 4;
constexpr std::size_t kLeavesAtLeast = 10;  // so many of them in the rows, or the candidate is left out

// Some of the rows.
class RowSample {
 public:
  RowSample(const ForestData& data, std::uint64_t seed) : m_(data.m) {
    std::vector<std::uint32_t> rows(data.losses.size() / data.m);
    std::iota(rows.begin(), rows.end(), 0U);
    if (rows.size() > kSearchRowsOfLeaves) {
      Random random(mix64(seed));
      shuffle(std::span(rows), random);
      rows.resize(kSearchRowsOfLeaves);
      std::sort(rows.begin(), rows.end());
    }
    features_ = take(data.features, data.d, rows);
    losses_ = take(data.losses, data.m, rows);
    if (!data.costs.empty()) costs_ = take(data.costs, data.m, rows);
    if (!data.weights.empty()) weights_ = take(data.weights, 1, rows);
  }
  [[nodiscard]] ForestData data(std::size_t d) const {
    return {.features = features_, .d = d, .losses = losses_, .m = m_, .costs = costs_, .weights = weights_};
  }

 private:
  static std::vector<float> take(std::span<const float> values, std::size_t width,
                                 std::span<const std::uint32_t> rows) {
    std::vector<float> out;
    out.reserve(rows.size() * width);
    for (const std::uint32_t row : rows) {
      const auto from = values.subspan(row * width, width);
      out.insert(out.end(), from.begin(), from.end());
    }
    return out;
  }

  std::size_t m_;
  std::vector<float> features_, losses_, costs_, weights_;
};

bool every_model_ran(const ForestData& data) {
  for (std::size_t j = 0; j < data.m; ++j) {
    bool ran = false;
    for (std::size_t i = j; i < data.losses.size() && !ran; i += data.m) ran = !std::isnan(data.losses[i]);
    if (!ran) return false;
  }
  return true;
}

// Of each row what choosing is worth, the mean over the prices; NaN where it cannot be judged.
std::vector<double> worths(const ForestData& data, const OutOfBag& unseen, std::span<const double> prices) {
  const std::size_t n = data.losses.size() / data.m;
  std::vector<double> out(n, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < n; ++i) {
    const auto row_of = [&](std::span<const float> values) {
      return values.empty() ? values : values.subspan(i * data.m, data.m);
    };
    if (std::isnan(unseen.score[i * data.m])) continue;
    const auto costs = row_of(data.costs), losses = row_of(data.losses);
    double worth = 0;
    for (const double price : prices) {
      const auto choice = static_cast<std::size_t>(
          choose_model(row_of(unseen.score), row_of(unseen.loss), row_of(unseen.cost), price));
      const double cost = costs.empty() ? 0 : static_cast<double>(costs[choice]);
      worth -= static_cast<double>(losses[choice]) + price * cost;
    }
    out[i] = worth / static_cast<double>(prices.size());
  }
  return out;
}

// By how many standard errors the second is better, over the rows that both judge.
double lead(std::span<const double> first, std::span<const double> second) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const double difference = second[i] - first[i];
    if (!std::isnan(difference)) differences.push_back(difference);
  }
  if (differences.size() < 2) return 0;
  const double error = standard_deviation(differences) / std::sqrt(static_cast<double>(differences.size()));
  return error > 0 ? mean(differences) / error : 0;
}

}  // namespace

std::size_t choose_leaf_rows(const ForestData& data, const ForestOptions& options,
                             std::span<const double> prices, const std::stop_token& stop) {
  if (options.is_time) return kLeafRows.front();
  const RowSample sample(data, options.seed);
  const ForestData rows = sample.data(data.d);
  ForestOptions small = options;
  small.trees = std::max<std::size_t>(1, options.trees / kShareOfTrees);
  if (!every_model_ran(rows)) return kLeafRows.front();
  std::vector<double> best;
  std::size_t chosen = kLeafRows.front();
  for (const std::size_t leaf_rows : kLeafRows) {
    if (leaf_rows > 1 && rows.losses.size() / rows.m < leaf_rows * kLeavesAtLeast) break;
    small.leaf_rows = leaf_rows;
    auto worth = worths(rows, train_forests(rows, small, stop).out_of_bag, prices);
    if (!best.empty() && lead(best, worth) < 1) continue;
    best = std::move(worth);
    chosen = leaf_rows;
  }
  return chosen;
}

}  // namespace triage
