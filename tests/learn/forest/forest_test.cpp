// Training of all forests: what they learn, what they do not depend on, and what is refused.
#include "learn/forest/forest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

// Three models, four features of which the first tells which model is best: 0 below 0.3, 1 up to 0.6, else 2.
struct ForestRows {
  std::vector<float> features, losses, costs, weights;
  static constexpr std::size_t kFeatures = 4, kModels = 3;

  explicit ForestRows(std::size_t n, std::uint64_t seed = 1) {
    Random random(seed);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < kFeatures; ++j) features.push_back(static_cast<float>(random.uniform()));
      const std::size_t best = best_of(i);
      for (std::size_t j = 0; j < kModels; ++j) {
        losses.push_back(static_cast<float>((j == best ? 0.1 : 0.5) + 0.3 * random.uniform()));
        costs.push_back(static_cast<float>(j + 1));
      }
    }
  }
  [[nodiscard]] std::size_t best_of(std::size_t i) const {
    const float x = features[i * kFeatures];
    return x < 0.3F ? 0 : x < 0.6F ? 1 : 2;
  }
  [[nodiscard]] std::size_t n() const { return losses.size() / kModels; }
  [[nodiscard]] ForestData data() const { return {features, kFeatures, losses, kModels, costs, weights}; }
};

ForestOptions few_trees(unsigned threads = 1) {
  ForestOptions options;
  options.trees = 30;  // with fewer, all samples may have a row
  options.threads = threads;
  return options;
}

double share_right(const ForestRows& rows, std::span<const float> score) {
  double right = 0;
  for (std::size_t i = 0; i < rows.n(); ++i) {
    const auto chosen = choose_model(score.subspan(i * 3, 3), {}, {}, 0);
    right += static_cast<std::size_t>(chosen) == rows.best_of(i) ? 1 : 0;
  }
  return right / static_cast<double>(rows.n());
}

struct RowsPredicted {
  std::vector<float> score, loss, cost;
  RowsPredicted(const Forests& forests, const ForestRows& rows)
      : score(rows.losses.size()), loss(rows.losses.size()), cost(rows.losses.size()) {
    ForestBuffers buffers;
    predict_rows(forests, rows.features, buffers, {score, loss, cost});
  }
};

TEST(TrainForests, LearnWhichModelIsBest) {
  const ForestRows rows(400), others(400, 2);
  for (const bool is_time : {false, true}) {
    ForestOptions options = few_trees();
    options.is_time = is_time;
    const TrainedForests trained = train_forests(rows.data(), options);
    check_forests(trained.forests, "forests");
    EXPECT_EQ(trained.forests.ensembles.size(), 7U);
    EXPECT_GT(share_right(rows, trained.out_of_bag.score), 0.95);
    const RowsPredicted predicted(trained.forests, others);
    EXPECT_GT(share_right(others, predicted.score), 0.95);
  }
}

TEST(TrainForests, ExpectLossesAndCostsInTheirUnits) {
  const ForestRows rows(400), others(400, 2);
  const TrainedForests trained = train_forests(rows.data(), few_trees());
  const RowsPredicted predicted(trained.forests, others);
  double error = 0, bag_error = 0;
  for (std::size_t i = 0; i < rows.losses.size(); ++i) {
    error += std::abs(static_cast<double>(predicted.loss[i] - others.losses[i]));
    bag_error += std::abs(static_cast<double>(trained.out_of_bag.loss[i] - rows.losses[i]));
    EXPECT_NEAR(predicted.cost[i], others.costs[i], 1e-4);
    EXPECT_NEAR(trained.out_of_bag.cost[i], rows.costs[i], 1e-4);
  }
  EXPECT_LT(error / static_cast<double>(rows.losses.size()), 0.12);  // of what spans 0.1 to 0.8
  EXPECT_LT(bag_error / static_cast<double>(rows.losses.size()), 0.12);
}

void expect_same(const TrainedForests& a, const TrainedForests& b) {
  ASSERT_EQ(a.forests.ensembles.size(), b.forests.ensembles.size());
  for (std::size_t e = 0; e < a.forests.ensembles.size(); ++e) {
    EXPECT_EQ(a.forests.ensembles[e].narrow, b.forests.ensembles[e].narrow);
    EXPECT_EQ(a.forests.ensembles[e].values, b.forests.ensembles[e].values);
  }
  EXPECT_EQ(a.forests.deviation, b.forests.deviation);
  EXPECT_EQ(a.forests.slope, b.forests.slope);
  EXPECT_EQ(a.out_of_bag.score, b.out_of_bag.score);
  EXPECT_EQ(a.out_of_bag.loss, b.out_of_bag.loss);
  EXPECT_EQ(a.out_of_bag.cost, b.out_of_bag.cost);
}

TEST(TrainForests, DoNotDependOnThreads) {
  const ForestRows rows(150);
  const TrainedForests one = train_forests(rows.data(), few_trees(1));
  expect_same(one, train_forests(rows.data(), few_trees(2)));
  expect_same(one, train_forests(rows.data(), few_trees(5)));
  ForestOptions other = few_trees();
  other.seed = 2;
  EXPECT_NE(one.forests.ensembles[0].narrow, train_forests(rows.data(), other).forests.ensembles[0].narrow);
}

TEST(TrainForests, DoNotDependOnTheScaleOfWeights) {
  ForestRows rows(60);
  const TrainedForests none = train_forests(rows.data(), few_trees());
  rows.weights.assign(60, 8);
  expect_same(none, train_forests(rows.data(), few_trees()));
}

TEST(TrainForests, LearnFromPartOfTheCells) {
  ForestRows rows(600);
  const ForestRows others(400, 2);
  Random random(3);
  for (std::size_t i = 0; i < rows.losses.size(); ++i) {
    if (random.uniform() < 0.3) rows.losses[i] = rows.costs[i] = kUnknown;
  }
  const TrainedForests trained = train_forests(rows.data(), few_trees());
  check_forests(trained.forests, "forests");
  const RowsPredicted predicted(trained.forests, others);
  EXPECT_GT(share_right(others, predicted.score), 0.9);
  for (std::size_t i = 0; i < others.costs.size(); ++i) EXPECT_NEAR(predicted.cost[i], others.costs[i], 1e-4);
}

TEST(TrainForests, LearnWhatGapsOfFeaturesTell) {
  ForestRows rows(400);
  for (std::size_t i = 0; i < rows.n(); ++i) {
    float& x = rows.features[i * 4];
    x = rows.best_of(i) == 0 ? kUnknown : x;  // comparisons with NaN are false: the third
    for (std::size_t j = 0; j < 3; ++j) rows.losses[i * 3 + j] = j == rows.best_of(i) ? 0 : 1;
  }
  const TrainedForests trained = train_forests(rows.data(), few_trees());
  EXPECT_EQ(trained.forests.features.indicator, std::vector<std::uint32_t>{0});
  EXPECT_GT(share_right(rows, trained.out_of_bag.score), 0.95);
}

TEST(TrainForests, OfOneRowOrOneModelSayWhatIsKnown) {
  const std::vector<float> features{1}, losses{0.5F, 0.25F};
  const TrainedForests one = train_forests({features, 1, losses, 2, {}, {}}, few_trees());
  EXPECT_TRUE(std::isnan(one.out_of_bag.score[0]));
  EXPECT_TRUE(std::isnan(one.out_of_bag.loss[1]));
  std::vector<float> score(2), loss(2);
  ForestBuffers buffers;
  predict_rows(one.forests, features, buffers, {score, loss, {}});
  EXPECT_EQ(choose_model(score, loss, {}, 0), 1);

  const ForestRows rows(50);
  const TrainedForests model =
      train_forests({rows.features, 4, std::span(rows.losses).first(50), 1, {}, {}}, few_trees());
  check_forests(model.forests, "forests");
  EXPECT_EQ(model.forests.slope, 0);
  for (const float z : model.out_of_bag.score) EXPECT_TRUE(z == 0 || std::isnan(z));
}

TEST(TrainForests, WithConstantFeaturesChooseTheSingleBest) {
  ForestRows rows(40);
  rows.features.assign(rows.features.size(), 3);
  for (std::size_t i = 0; i < rows.losses.size(); ++i) rows.losses[i] = i % 3 == 1 ? 0.2F : 0.6F;
  const TrainedForests trained = train_forests(rows.data(), few_trees());
  check_forests(trained.forests, "forests");
  const RowsPredicted predicted(trained.forests, rows);
  EXPECT_EQ(choose_model(std::span(predicted.score).first(3), {}, {}, 0), 1);
}

TEST(TrainForests, KeepMoreRowsInALeafWhereThereAreMany) {
  const ForestRows rows(300);
  ForestOptions options = few_trees();
  const std::size_t full = train_forests(rows.data(), options).forests.ensembles[0].narrow.size();
  options.full_rows = 30;
  EXPECT_LE(train_forests(rows.data(), options).forests.ensembles[0].narrow.size(), 30 * 2 * 30U);
  EXPECT_GT(full, 30 * 2 * 100U);
}

TEST(TrainForests, StopBetweenTrees) {
  const ForestRows rows(30);
  std::stop_source source;
  source.request_stop();
  EXPECT_TRIAGE_ERROR(train_forests(rows.data(), few_trees(), source.get_token()), ErrorCode::kInterrupted,
                      "forest");
}

void expect_refused_data(const std::function<void(ForestData&, ForestRows&)>& spoil, const char* message) {
  ForestRows rows(6);
  ForestData data = rows.data();
  spoil(data, rows);
  EXPECT_TRIAGE_ERROR(train_forests(data, few_trees()), ErrorCode::kUsage, message);
}

TEST(TrainForests, RefuseWhatMakesNoSense) {
  using Data = ForestData;
  using Rows = ForestRows;
  expect_refused_data([](Data& d, Rows&) { d.m = 0; }, "models: 0, expected 1 to 255");
  expect_refused_data([](Data& d, Rows&) { d.m = 256; }, "models: 256");
  expect_refused_data([](Data& d, Rows&) { d.losses = {}; }, "training rows: 0, expected at least one");
  expect_refused_data([](Data& d, Rows&) { d.d = 0; }, "features: 24, expected 6 rows of 0, at least one");
  expect_refused_data([](Data& d, Rows&) { d.d = 5; }, "features: 24, expected 6 rows of 5");
  expect_refused_data([](Data& d, Rows&) { d.losses = d.losses.first(17); }, "features: 24");
  expect_refused_data([](Data&, Rows& r) { r.losses[4] = -0.5F; },
                      "losses of row 1, model 1: -0.5, expected a finite");
  expect_refused_data([](Data&, Rows& r) { r.losses[4] = HUGE_VALF; }, "losses of row 1, model 1: inf");
  expect_refused_data(
      [](Data&, Rows& r) {
        for (std::size_t i = 2; i < 18; i += 3) r.losses[i] = kUnknown;
      },
      "losses of model 2: none, expected at least one");
  expect_refused_data([](Data& d, Rows&) { d.costs = d.costs.first(3); }, "costs: 3, expected 6 rows of 3");
  expect_refused_data([](Data&, Rows& r) { r.costs[0] = HUGE_VALF; }, "costs of row 0, model 0: inf");
  expect_refused_data(
      [](Data&, Rows& r) {
        for (std::size_t i = 1; i < 18; i += 3) r.costs[i] = kUnknown;
      },
      "costs of model 1: none");
  expect_refused_data([](Data& d, Rows& r) { d.weights = r.costs; }, "weights: 18, expected 6");
  for (const float weight : {0.0F, -1.0F, kUnknown, HUGE_VALF}) {
    expect_refused_data(
        [&](Data& d, Rows& r) {
          r.weights.assign(6, weight);
          d.weights = r.weights;
        },
        "expected numbers above 0");
  }
  ForestOptions options = few_trees();
  options.trees = 0;
  EXPECT_TRIAGE_ERROR(train_forests(ForestRows(6).data(), options), ErrorCode::kUsage,
                      "trees: 0, expected at least 1");
  options = few_trees();
  options.full_rows = 0;
  EXPECT_TRIAGE_ERROR(train_forests(ForestRows(6).data(), options), ErrorCode::kUsage, "full_rows: 0");
}

}  // namespace
}  // namespace triage
