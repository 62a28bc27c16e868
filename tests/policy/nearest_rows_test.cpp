// Neighbours of a forests policy: the search against brute force, means by hand, and what is refused.
#include "policy/nearest_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

constexpr float kMissingValue = std::numeric_limits<float>::quiet_NaN();

// Three rows of one of two features, two models.
NearestRows three_rows() {
  NearestRows nearest;
  nearest.n_models = 2;
  nearest.n_features = 2;
  nearest.k = 2;
  nearest.column = {1};
  nearest.median = {20};
  nearest.mean = {10};
  nearest.scale = {0.5F};
  nearest.rows = {-1, 0, 4};
  nearest.losses = {0.2F, 0.8F, 0.4F, kMissingValue, 0.9F, 0.1F};
  nearest.costs = {1, 2, 3, kMissingValue, 5, 6};
  nearest.mean_loss = {0.5F, 0.45F};
  nearest.mean_cost = {3, 4};
  return nearest;
}

struct NearestPredicted {
  std::vector<float> score, loss, cost;
};
NearestPredicted predicted_by(const NearestRows& nearest, const std::vector<float>& features) {
  const std::size_t size = features.size() / nearest.n_features * nearest.n_models;
  NearestPredicted out{std::vector<float>(size), std::vector<float>(size), std::vector<float>(size)};
  NearestBuffers buffers;
  predict_by_neighbours(
      nearest, NearestSearch(nearest.rows, nearest.column.size()), features, buffers,
      {out.score, out.loss, nearest.has_costs() ? std::span(out.cost) : std::span<float>()});
  return out;
}

TEST(NearestRows, AverageTheNeighboursThatWereRun) {
  // 9 is -0.5, between the first two rows; a missing value is 20, hence 5: the last two, the nearer first.
  const auto out = predicted_by(three_rows(), {0, 9, 7, kMissingValue});
  EXPECT_NEAR(out.loss[0], 0.3, 1e-3);
  EXPECT_NEAR(out.loss[1], 0.8, 1e-3);
  EXPECT_NEAR(out.cost[0], 2, 1e-2);
  EXPECT_NEAR(out.loss[2], 0.65, 1e-3);
  EXPECT_NEAR(out.loss[3], 0.1, 1e-3);
  EXPECT_NEAR(out.cost[3], 6, 1e-2);
  EXPECT_EQ(out.score, out.loss);
}

TEST(NearestRows, TakeTheMeanOverAllRowsWhereNoNeighbourKnows) {
  NearestRows nearest = three_rows();
  nearest.k = 1;
  const auto out = predicted_by(nearest, {0, 10});  // the row in the middle
  EXPECT_EQ(out.loss[1], 0.45F);
  EXPECT_EQ(out.cost[1], 4);
}

TEST(NearestRows, MeansDecideWhereNeighboursAreEven) {
  NearestRows nearest = three_rows();
  nearest.k = 1;
  nearest.losses = {0.3F, 0.3F, 0.4F, 0.4F, 0.9F, 0.1F};
  EXPECT_EQ(choose_model(predicted_by(nearest, {0, 8}).score, {}, {}, 0), 1);
}

TEST(NearestRows, AskNoMoreNeighboursThanThereAre) {
  NearestRows nearest = three_rows();
  nearest.k = 64;
  EXPECT_NEAR(predicted_by(nearest, {0, 9}).loss[0], 0.5, 1e-3);
}

TEST(NearestRows, SearchAsBruteForceDoes) {
  for (const std::size_t c : {1U, 7U, 64U, 65U, 130U}) {
    Random random(c);
    std::vector<float> rows;
    // Few distinct values, so that distances are equal.
    for (std::size_t i = 0; i < 150 * c; ++i) rows.push_back(static_cast<float>(random.below(3)));
    const NearestSearch search(rows, c);
    for (int repeat = 0; repeat < 10; ++repeat) {
      std::vector<float> query;
      for (std::size_t j = 0; j < c; ++j) query.push_back(static_cast<float>(random.below(3)));
      std::vector<std::pair<double, std::uint32_t>> all;
      for (std::uint32_t i = 0; i < 150; ++i) {
        double distance = 0;
        for (std::size_t j = 0; j < c; ++j) {
          distance += std::pow(static_cast<double>(rows[i * c + j]) - static_cast<double>(query[j]), 2);
        }
        all.emplace_back(distance, i);
      }
      std::sort(all.begin(), all.end());
      std::vector<Neighbour> found(9);
      ASSERT_EQ(search.search(query, found), 9U);
      for (std::size_t k = 0; k < 9; ++k) {
        ASSERT_EQ(found[k].row, all[k].second) << c << " " << k;
        ASSERT_EQ(found[k].squared_distance, all[k].first);
      }
    }
  }
}

TEST(NearestRows, TakeValuesBeyondAllMeasure) {
  const auto out = predicted_by(three_rows(), {0, 3e38F, 0, -3e38F});
  for (const float loss : out.loss) EXPECT_TRUE(std::isfinite(loss));
  EXPECT_NEAR(out.loss[0], 0.65, 1e-3);
}

TEST(NearestRows, AreRefusedUnlessTheirPartsFit) {
  check_nearest_rows(three_rows(), "nearest");
  const auto expect_refused = [](const std::function<void(NearestRows&)>& spoil, const char* message) {
    NearestRows nearest = three_rows();
    spoil(nearest);
    EXPECT_TRIAGE_ERROR(check_nearest_rows(nearest, "nearest"), ErrorCode::kPolicy, message);
  };
  const float infinite = std::numeric_limits<float>::infinity();
  expect_refused([](NearestRows& r) { r.n_models = 0; }, "nearest.n_models: 0, expected 1 to 255");
  expect_refused([](NearestRows& r) { r.n_models = 256; }, "nearest.n_models: 256");
  expect_refused([](NearestRows& r) { r.k = 0; }, "nearest.k: 0, expected 1 to 64");
  expect_refused([](NearestRows& r) { r.k = 65; }, "nearest.k: 65");
  expect_refused([](NearestRows& r) { r.column[0] = 2; }, "nearest.column: 2, expected positions of 2");
  expect_refused([](NearestRows& r) { r.median.clear(); }, "nearest: 0 medians, 1 means and 1 scales");
  expect_refused([](NearestRows& r) { r.mean.clear(); }, "nearest: 1 medians, 0 means");
  expect_refused([](NearestRows& r) { r.scale.clear(); }, "and 0 scales");
  expect_refused([=](NearestRows& r) { r.median[0] = infinite; }, "nearest.median: inf");
  expect_refused([=](NearestRows& r) { r.mean[0] = infinite; }, "nearest.mean: inf");
  expect_refused([=](NearestRows& r) { r.scale[0] = infinite; }, "nearest.scale: inf");
  expect_refused([](NearestRows& r) { r.scale[0] = 0; }, "nearest.scale: 0, expected numbers above 0");
  expect_refused([](NearestRows& r) { r.rows.pop_back(); }, "nearest: 6 losses and 2 numbers");
  expect_refused([](NearestRows& r) { r.losses.pop_back(); }, "nearest: 5 losses");
  expect_refused([](NearestRows& r) { r.losses.clear(); }, "nearest: 0 losses");
  expect_refused([](NearestRows& r) { r.costs.pop_back(); }, "nearest: 5 costs");
  expect_refused([](NearestRows& r) { r.costs.clear(); }, "0 costs, 2 mean losses and 2 mean costs");
  expect_refused([](NearestRows& r) { r.mean_loss.pop_back(); }, "1 mean losses");
  expect_refused([](NearestRows& r) { r.mean_cost.pop_back(); }, "1 mean costs");
  expect_refused([](NearestRows& r) { r.rows[0] = kMissingValue; }, "nearest.rows: nan");
  expect_refused([=](NearestRows& r) { r.losses[0] = infinite; }, "nearest.losses: inf, expected finite");
  expect_refused([=](NearestRows& r) { r.costs[0] = infinite; }, "nearest.costs: inf");
  expect_refused([](NearestRows& r) { r.mean_loss[0] = kMissingValue; }, "nearest.mean_loss: nan");
  expect_refused([](NearestRows& r) { r.mean_cost[0] = kMissingValue; }, "nearest.mean_cost: nan");
}

}  // namespace
}  // namespace triage
