// Boosted trees against XGBoost's own predictions, and what is made of them.
#include "learn/forest/boosting.h"

#include <gtest/gtest.h>
#include <xgboost/c_api.h>

#include <cmath>
#include <limits>

#include "base/hash.h"
#include "learn/forest/boosted_models.h"
#include "learn/forest/fit_nearest_rows.h"
#include "learn/forest/forest.h"
#include "learn/forest/forest_target.h"
#include "learn/forest/learn_feature_map.h"
#include "support/expect_error.h"

namespace triage {
namespace {

constexpr float kGap = std::numeric_limits<float>::quiet_NaN();

// n rows of three features, a fifth of them missing, and two models.
struct GappyRows {
  std::vector<float> features, losses;
  std::vector<std::int32_t> fold_of;
  explicit GappyRows(std::size_t n, std::uint64_t seed = 1) {
    Random random(seed);
    for (std::size_t i = 0; i < n; ++i) {
      const double x = random.uniform();
      features.push_back(static_cast<float>(x));
      for (int j = 0; j < 2; ++j) {
        features.push_back(random.below(5) == 0 ? kGap : static_cast<float>(random.uniform()));
      }
      losses.push_back(static_cast<float>(x < 0.4 ? 0.1 : 0.6 + 0.3 * random.uniform()));
      losses.push_back(static_cast<float>(x < 0.4 ? 0.5 + 0.3 * random.uniform() : 0.2));
      fold_of.push_back(static_cast<std::int32_t>(i % 5));
    }
  }
  [[nodiscard]] std::size_t n() const { return fold_of.size(); }
  [[nodiscard]] ForestData data() const { return {features, 3, losses, 2, {}, {}, fold_of}; }
};

// What XGBoost itself says of rows of codes, trained with the same options; of log-odds the margin.
std::vector<float> xgboost_predictions(std::span<const std::uint8_t> codes, std::size_t columns,
                                       const std::vector<float>& targets, const BoostOptions& options) {
  const std::vector<float> values(codes.begin(), codes.end());
  DMatrixHandle matrix = nullptr;
  BoosterHandle booster = nullptr;
  EXPECT_EQ(XGDMatrixCreateFromMat(values.data(), targets.size(), columns, kGap, &matrix), 0);
  EXPECT_EQ(XGDMatrixSetFloatInfo(matrix, "label", targets.data(), targets.size()), 0);
  EXPECT_EQ(XGBoosterCreate(&matrix, 1, &booster), 0);
  const bool logistic = options.loss == BoostLoss::kLogistic;
  double mean = 0;
  for (const float target : targets)
    mean += static_cast<double>(target) / static_cast<double>(targets.size());
  const std::pair<const char*, std::string> parameters[] = {
      {"verbosity", "0"},
      {"nthread", "1"},
      {"tree_method", "hist"},
      {"objective", logistic ? "binary:logistic" : "reg:squarederror"},
      {"base_score", logistic ? "0.5" : std::to_string(mean)},
      {"eta", std::to_string(options.rate)},
      {"max_depth", std::to_string(options.depth)}};
  for (const auto& [name, value] : parameters) XGBoosterSetParam(booster, name, value.c_str());
  for (std::size_t t = 0; t < options.trees; ++t) {
    EXPECT_EQ(XGBoosterUpdateOneIter(booster, static_cast<int>(t), matrix), 0);
  }
  bst_ulong size = 0;
  const float* found = nullptr;
  EXPECT_EQ(XGBoosterPredict(booster, matrix, 1, 0, 0, &size, &found), 0);
  std::vector<float> out(found, found + size);
  XGBoosterFree(booster);
  XGDMatrixFree(matrix);
  return out;
}

std::vector<float> column_of(std::span<const float> values, std::size_t m, std::size_t model) {
  std::vector<float> column;
  for (std::size_t i = model; i < values.size(); i += m) column.push_back(values[i]);
  return column;
}

TEST(Boosting, PredictsAsXGBoostDoes) {
  const GappyRows rows(300);
  const FeatureMap map = learn_feature_map(rows.features, 3, 1);
  const auto codes = encode_rows(map, rows.features, 1);
  const auto targets = column_of(rows.losses, 2, 0);
  std::vector<float> classes;
  for (const float target : targets) classes.push_back(target < 0.5F ? 1.0F : 0.0F);
  for (const BoostLoss loss : {BoostLoss::kSquares, BoostLoss::kLogistic}) {
    const BoostOptions options{.loss = loss, .trees = 40};
    const auto& labels = loss == BoostLoss::kSquares ? targets : classes;
    const auto theirs = xgboost_predictions(codes, map.n_codes(), labels, options);
    const auto trees = boost_trees({codes, map.n_codes(), map.n_codes(), labels, {}}, options);
    EXPECT_EQ(trees.trees.size(), 40U);
    const auto ours = predict_boosted(trees, codes, map.n_codes());
    for (std::size_t i = 0; i < rows.n(); ++i) ASSERT_NEAR(ours[i], theirs[i], 1e-5) << i;
  }
}

// From raw features with gaps through the policy's own arrays: sums over the first ensemble.
TEST(BoostedTraining, AgreesWithXGBoostOnRawFeatures) {
  const GappyRows rows(200);
  const FeatureMap map = learn_feature_map(rows.features, 3, 1);
  const auto codes = encode_rows(map, rows.features, 1);
  for (const bool classifies : {false, true}) {
    const auto learner =
        classifies ? ForestsLearner::kBoostedClassification : ForestsLearner::kBoostedRegression;
    const auto trained =
        train_forests(rows.data(), {.learner = learner, .trees = 30, .seed = 1, .threads = 1});
    check_forests(trained.forests, "forests");
    const auto targets =
        classifies ? nearly_best(rows.losses, 2) : forest_target(rows.losses, 2, ForestTarget::kLog, false);
    const BoostOptions options{.loss = classifies ? BoostLoss::kLogistic : BoostLoss::kSquares, .trees = 30};
    std::vector<float> theirs[2];
    for (std::size_t j = 0; j < 2; ++j) {
      theirs[j] = xgboost_predictions(codes, map.n_codes(), column_of(targets, 2, j), options);
    }
    Forests alone = trained.forests;  // without the forest of losses
    alone.ensembles.pop_back();
    alone.deviation = {1};
    alone.raw = 0;
    std::vector<float> score(2 * rows.n()), loss(2 * rows.n());
    ForestBuffers buffers;
    predict_rows(alone, rows.features, buffers, {score, loss, {}});
    const auto trees = static_cast<float>(alone.ensembles[0].n_trees());
    EXPECT_EQ(trees, 61);
    for (std::size_t i = 0; i < rows.n(); ++i) {
      const float expected = (theirs[0][i] - theirs[1][i]) * (classifies ? -1.0F : 1.0F);
      ASSERT_NEAR((score[2 * i] - score[2 * i + 1]) * trees, expected, 2e-5) << i;
    }
  }
}

TEST(BoostedTraining, LearnsWhichModelIsBest) {
  const GappyRows rows(300), others(200, 2);
  for (const auto learner : {ForestsLearner::kBoostedRegression, ForestsLearner::kBoostedClassification}) {
    const auto trained = train_forests(rows.data(), {.learner = learner, .trees = 30, .threads = 2});
    std::vector<float> score(2 * others.n()), loss(2 * others.n());
    ForestBuffers buffers;
    predict_rows(trained.forests, others.features, buffers, {score, loss, {}});
    double right = 0;
    for (std::size_t i = 0; i < others.n(); ++i) {
      const auto chosen = choose_model({&score[2 * i], 2}, {}, {}, 0);
      right += (chosen == 0) == (others.features[3 * i] < 0.4F) ? 1 : 0;
    }
    EXPECT_GT(right / static_cast<double>(others.n()), 0.95);
    EXPECT_GT(trained.forests.slope, 0);
  }
}

TEST(BoostedTraining, DependsOnNoThreads) {
  const GappyRows rows(120);
  for (const auto learner : {ForestsLearner::kBoostedRegression, ForestsLearner::kBoostedClassification}) {
    const auto one = train_forests(rows.data(), {.learner = learner, .trees = 10, .threads = 1});
    const auto three = train_forests(rows.data(), {.learner = learner, .trees = 10, .threads = 3});
    EXPECT_EQ(one.forests.ensembles[0].values, three.forests.ensembles[0].values);
    EXPECT_EQ(one.out_of_bag.score, three.out_of_bag.score);
  }
}

// Losses that the features do not tell: predictions that had seen a row would know it.
TEST(BoostedTraining, PredictsEachRowWithoutItsFold) {
  GappyRows rows(200);
  Random random(4);
  for (std::size_t i = 0; i < rows.n(); ++i) {
    const bool first = random.below(2) == 0;
    rows.losses[2 * i] = first ? 0.0F : 1.0F;
    rows.losses[2 * i + 1] = first ? 1.0F : 0.0F;
  }
  for (const auto learner : {ForestsLearner::kBoostedRegression, ForestsLearner::kBoostedClassification}) {
    const auto trained = train_forests(rows.data(), {.learner = learner, .trees = 50, .threads = 1});
    double right = 0;
    for (std::size_t i = 0; i < rows.n(); ++i) {
      const auto chosen = choose_model({&trained.out_of_bag.score[2 * i], 2}, {}, {}, 0);
      right += rows.losses[2 * i + static_cast<std::size_t>(chosen)] == 0 ? 1 : 0;
    }
    EXPECT_NEAR(right / static_cast<double>(rows.n()), 0.5, 0.15);
  }
}

TEST(BoostedTraining, ModelsThatWereNotRunDoNotLearn) {
  GappyRows rows(100);
  for (std::size_t i = 0; i < rows.n(); i += 2) rows.losses[2 * i + 1] = kGap;
  const auto trained =
      train_forests(rows.data(), {.learner = ForestsLearner::kBoostedRegression, .trees = 20, .threads = 1});
  for (const float score : trained.out_of_bag.score) EXPECT_TRUE(std::isfinite(score));
}

TEST(BoostedTraining, LearnsFromFeaturesThatAreAllAlike) {
  GappyRows rows(50);
  std::fill(rows.features.begin(), rows.features.end(), 1.0F);
  const auto trained =
      train_forests(rows.data(), {.learner = ForestsLearner::kBoostedRegression, .trees = 5, .threads = 1});
  std::vector<float> score(2), loss(2);
  ForestBuffers buffers;
  predict_rows(trained.forests, std::vector<float>{1, 1, 1}, buffers, {score, loss, {}});
  double sum = 0;  // the model that loses less over all rows
  for (std::size_t i = 0; i < rows.n(); ++i) sum += rows.losses[2 * i] - rows.losses[2 * i + 1];
  EXPECT_EQ(choose_model(score, {}, {}, 0), sum > 0 ? 1 : 0);
}

TEST(BoostedTraining, RefusesRowsWithoutFolds) {
  const GappyRows rows(20);
  const auto train = [&](std::span<const std::int32_t> fold_of) {
    ForestData data = rows.data();
    data.fold_of = fold_of;
    return train_forests(data, {.learner = ForestsLearner::kBoostedRegression, .trees = 1});
  };
  const std::vector<std::int32_t> one(20, 0), from_one(20, 1), few{0, 1};
  EXPECT_TRIAGE_ERROR(train({}), ErrorCode::kUsage, "inner folds: 0, expected 20, from 0, at least two");
  EXPECT_TRIAGE_ERROR(train(few), ErrorCode::kUsage, "inner folds: 2, expected 20");
  EXPECT_TRIAGE_ERROR(train(one), ErrorCode::kUsage, "at least two");
  EXPECT_TRIAGE_ERROR(train(from_one), ErrorCode::kUsage, "from 0");
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_TRIAGE_ERROR(
      train_forests(rows.data(), {.learner = ForestsLearner::kBoostedRegression}, stopped.get_token()),
      ErrorCode::kInterrupted, "boosting: stopped");
}

}  // namespace
}  // namespace triage
