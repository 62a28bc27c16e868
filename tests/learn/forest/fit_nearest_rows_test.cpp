// Fitting neighbours: columns by hand, left-out predictions against brute force, and the number of
// neighbours.
#include "learn/forest/fit_nearest_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

constexpr float kNotKnown = std::numeric_limits<float>::quiet_NaN();

struct NeighbourRows {
  std::vector<float> features, losses, costs;
  std::vector<std::int32_t> fold_of;
  std::size_t d = 2;
  // With `tells`, the first feature tells which of two models is better; otherwise nothing does.
  explicit NeighbourRows(std::size_t n, bool tells = true) {
    Random random(6);
    for (std::size_t i = 0; i < n; ++i) {
      const bool first = random.below(2) == 0;
      const double x = tells ? (first ? 0.0 : 5.0) : 0.0;
      features.push_back(static_cast<float>(x + random.uniform()));
      features.push_back(static_cast<float>(random.uniform()));
      losses.insert(losses.end(), {first ? 0.1F : 0.7F, first ? 0.6F : 0.2F});
      costs.insert(costs.end(), {static_cast<float>(i), 1.0F});
      fold_of.push_back(static_cast<std::int32_t>(i % 5));
    }
  }
  [[nodiscard]] ForestData data() const { return {features, d, losses, 2, costs, {}, fold_of}; }
};

TEST(NearestFit, StandardisesColumnsAfterTakingMediansForWhatIsMissing) {
  // The second column does not vary, of the third nothing is known.
  NeighbourRows rows(4);
  rows.d = 3;
  rows.features = {1, 5, kNotKnown, kNotKnown, 5, kNotKnown, 2, 5, kNotKnown, 9, 5, kNotKnown};
  const NearestRows nearest = fit_nearest_rows(rows.data(), 1).nearest;
  check_nearest_rows(nearest, "nearest");
  EXPECT_EQ(nearest.column, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(nearest.median, (std::vector<float>{2}));
  // 1, 2, 2, 9: mean 3.5, variance (6.25 + 2.25 + 2.25 + 30.25) / 4.
  const double deviation = std::sqrt(10.25);
  EXPECT_NEAR(nearest.mean[0], 3.5, 1e-6);
  EXPECT_NEAR(nearest.scale[0], 1 / deviation, 1e-6);
  EXPECT_NEAR(nearest.rows[1], -1.5 / deviation, 1e-6);
  EXPECT_NEAR(nearest.rows[3], 5.5 / deviation, 1e-6);
}

TEST(NearestFit, PredictsEachRowByNeighboursOutsideItsFold) {
  const NeighbourRows rows(60);
  const TrainedNeighbours trained = fit_nearest_rows(rows.data(), 2);
  const NearestRows& nearest = trained.nearest;
  for (std::size_t i = 0; i < 60; ++i) {
    std::vector<std::pair<double, std::size_t>> others;
    for (std::size_t o = 0; o < 60; ++o) {
      if (rows.fold_of[o] == rows.fold_of[i]) continue;
      double distance = 0;
      for (std::size_t j = 0; j < 2; ++j) {
        distance += std::pow(
            static_cast<double>(nearest.rows[2 * i + j]) - static_cast<double>(nearest.rows[2 * o + j]), 2);
      }
      others.emplace_back(distance, o);
    }
    std::sort(others.begin(), others.end());
    double loss = 0, cost = 0;
    for (std::size_t k = 0; k < nearest.k; ++k) {
      loss += static_cast<double>(rows.losses[2 * others[k].second]);
      cost += static_cast<double>(rows.costs[2 * others[k].second]);
    }
    EXPECT_NEAR(trained.unseen.loss[2 * i], loss / nearest.k, 1e-3);
    EXPECT_NEAR(trained.unseen.cost[2 * i], cost / nearest.k, 0.05);
    EXPECT_EQ(trained.unseen.score[2 * i], trained.unseen.loss[2 * i]);
  }
}

TEST(NearestFit, TakesTheCountThatLosesLeast) {
  // Wherever one neighbour knows as much as forty, more of them lose nothing.
  EXPECT_EQ(fit_nearest_rows(NeighbourRows(300).data(), 1).nearest.k, 40U);
  // Islands of two equal rows, between islands where the other model is better.
  NeighbourRows islands(80);
  for (std::size_t i = 0; i < 80; ++i) {
    const bool first = i / 2 % 2 == 0;
    islands.features[2 * i] = static_cast<float>(10 * (i / 2));
    islands.features[2 * i + 1] = 0;
    islands.losses[2 * i] = first ? 0.1F : 0.7F;
    islands.losses[2 * i + 1] = first ? 0.6F : 0.2F;
    islands.fold_of[i] = static_cast<std::int32_t>(i % 2);
  }
  EXPECT_EQ(fit_nearest_rows(islands.data(), 1).nearest.k, 1U);
}

TEST(NearestFit, IsTheSameAtAnyNumberOfThreads) {
  const NeighbourRows rows(100);
  EXPECT_EQ(fit_nearest_rows(rows.data(), 1).unseen.loss, fit_nearest_rows(rows.data(), 3).unseen.loss);
}

TEST(NearestFit, WithoutFeaturesThatVaryHasMeansAlone) {
  NeighbourRows rows(40);
  std::fill(rows.features.begin(), rows.features.end(), 3.0F);
  const NearestRows nearest = fit_nearest_rows(rows.data(), 1).nearest;
  check_nearest_rows(nearest, "nearest");
  EXPECT_TRUE(nearest.column.empty());
  std::vector<float> score(2), loss(2), cost(2);
  NearestBuffers buffers;
  predict_by_neighbours(nearest, NearestSearch(nearest.rows, 0), std::vector<float>{3, 3}, buffers,
                        {score, loss, cost});
  EXPECT_EQ(loss, nearest.mean_loss);
  EXPECT_EQ(cost, nearest.mean_cost);
}

TEST(NearestFit, RefusesWhatForestsRefuse) {
  NeighbourRows rows(20);
  ForestData data = rows.data();
  data.fold_of = {};
  EXPECT_TRIAGE_ERROR(fit_nearest_rows(data), ErrorCode::kUsage, "inner folds: 0, expected 20");
  rows.losses[3] = -1;
  EXPECT_TRIAGE_ERROR(fit_nearest_rows(rows.data()), ErrorCode::kUsage, "losses of row 1, model 1: -1");
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_TRIAGE_ERROR(fit_nearest_rows(NeighbourRows(20).data(), 1, stopped.get_token()),
                      ErrorCode::kInterrupted, "neighbours: stopped");
}

}  // namespace
}  // namespace triage
