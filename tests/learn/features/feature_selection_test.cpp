// Feature selection from a table, as training and the study call it.
#include "triage/tools/feature_selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stop_token>

#include "learn/tables.h"
#include "support/expect_error.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

using testing::add_feature;

// Two models; the cheap one is right where `contrast` is below a half (but for some noise), the dear one
// nearly always. Beside it a feature of noise, one that copies contrast, and one that is constant.
Table decided_table(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<std::int32_t>> ranks;
  std::vector<float> contrast, noise, copy;
  for (std::size_t i = 0; i < n; ++i) {
    const double value = random.uniform();
    const bool cheap_right = random.below(10) == 0 ? random.below(2) == 0 : value < 0.5;
    ranks.push_back({cheap_right ? 1 : 5, random.below(20) == 0 ? 7 : 1});
    contrast.push_back(static_cast<float>(value));
    noise.push_back(static_cast<float>(random.uniform()));
    copy.push_back(static_cast<float>(3 * value + 0.8 * random.uniform()));
  }
  Table table = testing::table_of({"cheap", "dear"}, {1, 10}, ranks);
  add_feature(table, "n_keypoints", noise);
  add_feature(table, "contrast", contrast);
  add_feature(table, "avg_brightness", copy);
  add_feature(table, "hue1", std::vector<float>(n, 0));
  table.node_ms.assign(n * feature_nodes().size(), 0.5F);
  return table;
}

FeatureSelection select(const Table& table, const FeatureSelectionOptions& options = {}) {
  return select_features(table, all_rows(table), options);
}

TEST(SelectFeatures, FindsTheOneThatDecides) {
  const Table table = decided_table(600, 1);
  const auto selection = select(table);
  EXPECT_EQ(selection.n_rows, 600U);
  EXPECT_EQ(selection.models, (std::vector<std::string>{"cheap", "dear"}));
  ASSERT_EQ(selection.dropped.size(), 1U);
  EXPECT_EQ(selection.dropped[0].name, "hue1");
  ASSERT_EQ(selection.candidates.size(), 3U);
  // contrast and avg_brightness come from the same nodes: the more useful stays.
  EXPECT_DOUBLE_EQ(selection.candidates[1].extraction_ms, 1.5);
  EXPECT_EQ(selection.candidates[1].extraction_ms, selection.candidates[2].extraction_ms);
  ASSERT_EQ(selection.correlated.size(), 1U);
  EXPECT_EQ(selection.correlated[0].name, "avg_brightness");
  EXPECT_EQ(selection.correlated[0].kept, "contrast");
  EXPECT_GT(selection.correlated[0].r, 0.95);
  ASSERT_EQ(selection.trace.size(), 2U);
  EXPECT_EQ(selection.trace[0].features, (std::vector<std::string>{"n_keypoints", "contrast"}));
  EXPECT_DOUBLE_EQ(selection.trace[0].extraction_ms, 2.0);
  EXPECT_EQ(selection.trace[1].removed, "n_keypoints");
  EXPECT_EQ(selection.features, std::vector<std::string>{"contrast"});
  EXPECT_EQ(selection.chosen, 1U);
  EXPECT_GT(selection.accuracy, 0.8);
  EXPECT_LT(selection.baseline, 0.6);
  ASSERT_EQ(selection.importance.size(), 1U);
  EXPECT_DOUBLE_EQ(selection.importance[0].loss, selection.accuracy - selection.baseline);
  EXPECT_EQ(selection.importance[0].share, 1);
}

TEST(SelectFeatures, TakesTheFewestWithinTheTolerance) {
  Table table = decided_table(300, 2);
  Random random(9);
  for (const char* name : {"edge_angle1", "edge_angle2", "edge_angle3"}) {
    std::vector<float> values(300);
    for (float& value : values) value = static_cast<float>(random.uniform());
    add_feature(table, name, values);
  }
  for (const double tolerance : {0.0, 1.0, 100.0}) {
    FeatureSelectionOptions options;
    options.tolerance = tolerance;
    const auto selection = select(table, options);
    double best = 0;
    for (const auto& step : selection.trace) best = std::max(best, step.accuracy);
    EXPECT_DOUBLE_EQ(selection.standard_error, std::sqrt(best * (1 - best) / 300));
    EXPECT_GE(selection.accuracy, best - tolerance * selection.standard_error);
    for (std::size_t i = selection.chosen + 1; i < selection.trace.size(); ++i) {
      EXPECT_LT(selection.trace[i].accuracy, best - tolerance * selection.standard_error);
    }
    EXPECT_EQ(selection.trace[selection.chosen].features, selection.features);
    if (tolerance == 100.0) {
      EXPECT_EQ(selection.features.size(), 1U);
    }
  }
}

TEST(SelectFeatures, EndsWithAsManyAsAskedFor) {
  FeatureSelectionOptions options;
  options.n_features = 2;
  options.max_correlation = 1;
  const auto selection = select(decided_table(200, 3), options);
  EXPECT_EQ(selection.features.size(), 2U);
  EXPECT_EQ(selection.trace.size(), 2U);
  EXPECT_TRUE(selection.correlated.empty());
  ASSERT_EQ(selection.importance.size(), 2U);
  EXPECT_GE(selection.importance[0].loss, selection.importance[1].loss);
  const auto& step = selection.trace.back();
  for (const auto& left_out : step.left_out) {
    const auto& important = selection.importance[selection.importance[0].name == left_out.name ? 0 : 1];
    EXPECT_DOUBLE_EQ(important.loss, step.accuracy - left_out.accuracy);
  }
}

TEST(SelectFeatures, LooksOnlyAtTheGivenRows) {
  Table table = decided_table(400, 4);
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < 400; i += 2) rows.push_back(i);
  const auto before = select_features(table, rows, {});
  const std::size_t d = table.schema.size();
  for (std::size_t i = 1; i < 400; i += 2) {
    for (std::size_t f = 0; f < d; ++f) table.features[i * d + f] = static_cast<float>(1000 * f + i);
    table.ranks[i * 2] = 9;
    table.ranks[i * 2 + 1] = 9;
    table.infer_ms[i * 2] = 500;
  }
  const auto after = select_features(table, rows, {});
  EXPECT_EQ(before.features, after.features);
  EXPECT_EQ(before.accuracy, after.accuracy);
  EXPECT_EQ(before.dropped.size(), after.dropped.size());
  EXPECT_EQ(before.correlated[0].r, after.correlated[0].r);
}

TEST(SelectFeatures, ASliceIsDrawnByTheInputsNames) {
  const Table table = decided_table(300, 5);
  FeatureSelectionOptions options;
  options.max_rows = 150;
  auto rows = all_rows(table);
  const auto forward = select_features(table, rows, options);
  std::reverse(rows.begin(), rows.end());
  const auto backward = select_features(table, rows, options);
  EXPECT_EQ(forward.n_rows, 150U);
  EXPECT_EQ(forward.accuracy, backward.accuracy);
  EXPECT_NEAR(forward.correlated[0].r, backward.correlated[0].r, 1e-12);
  options.seed = 1;
  EXPECT_NE(select_features(table, rows, options).correlated[0].r, forward.correlated[0].r);
}

TEST(SelectFeatures, TellsItsProgressAndDoesNotDependOnThreads) {
  const Table table = decided_table(300, 6);
  FeatureSelectionOptions options;
  std::size_t last = 0, total = 0;
  options.on_progress = [&](std::size_t done, std::size_t all) {
    EXPECT_GT(done, last);
    last = done;
    total = all;
  };
  options.threads = 3;
  const auto many = select(table, options);
  EXPECT_GT(total, 0U);
  EXPECT_EQ(last, total);
  options.on_progress = nullptr;
  options.threads = 1;
  EXPECT_EQ(select(table, options).accuracy, many.accuracy);
}

// The search's figure is the premodel's own: trained on all folds but one with what train_premodel makes of
// them, asked of the other.
TEST(SelectFeatures, MeasuresThePremodelThatTrainingMakes) {
  const Table table = decided_table(300, 10);
  FeatureSelectionOptions options;
  options.folds = 3;
  options.candidates = {"n_keypoints", "contrast"};
  options.fallback = "refuse";
  const auto selection = select(table, options);
  PremodelOptions premodel;
  premodel.features = options.candidates;
  premodel.fallback = "refuse";
  const auto rows = all_rows(table);
  const auto folds = make_folds(table, rows, 3, 0);
  const auto models = select_models(table, rows, Criterion::kTop1, options.theta).models;
  const auto costs = mean_costs(table, rows);
  std::size_t n_right = 0;
  for (std::int32_t fold = 0; fold < 3; ++fold) {
    std::vector<std::uint32_t> train;
    for (const std::uint32_t row : rows) {
      if (folds[row] != fold) train.push_back(row);
    }
    const auto policy = train_premodel(table, train, {}, premodel).policy;
    for (const std::uint32_t row : rows) {
      if (folds[row] != fold) continue;
      const auto values = table.feature_row(row);
      const std::vector<float> features{values[0], values[1]};
      const Action action = policy->next({features, {}, {}});
      const ModelIndex best = optimum(table, row, models, costs, Criterion::kTop1);
      if (action.kind == Action::Kind::kRefuse) {
        n_right += best == kNoModel ? 1 : 0;
      } else {
        const auto& name = policy->info().models[static_cast<std::size_t>(action.model)].name;
        n_right += best != kNoModel && name == table.models[static_cast<std::size_t>(best)].name ? 1 : 0;
      }
    }
  }
  // The premodel scales by its own part of the rows, which here moves no neighbour that matters.
  EXPECT_EQ(n_right, std::lround(300 * selection.trace[0].accuracy));
}

TEST(SelectFeatures, StopsWhenTold) {
  const Table table = decided_table(100, 7);
  std::stop_source stop;
  stop.request_stop();
  FeatureSelectionOptions options;
  options.stop = stop.get_token();
  EXPECT_TRIAGE_ERROR(select(table, options), ErrorCode::kInterrupted, "interrupted");
}

TEST(SelectFeatures, AFallbackThatIsNoStageNeverChoosesTheOptimum) {
  // The dear model alone is a stage; naming the other as fallback is as good as refusing.
  Table table = decided_table(200, 8);
  FeatureSelectionOptions options;
  options.max_models = 1;
  options.fallback = "dear";
  const auto named = select(table, options);
  options.fallback = "refuse";
  EXPECT_EQ(select(table, options).accuracy, named.accuracy);
}

TEST(SelectFeatures, RejectsOptionsThatDoNotFit) {
  const Table table = decided_table(40, 9);
  const auto expect = [&](std::string_view message, auto change) {
    FeatureSelectionOptions options;
    change(options);
    EXPECT_TRIAGE_ERROR(select(table, options), ErrorCode::kUsage, message);
  };
  using Options = FeatureSelectionOptions;
  expect("k: 4, expected an odd number", [](Options& o) { o.k = 4; });
  expect("k: 37, expected at most the inputs outside an inner fold, 36", [](Options& o) { o.k = 37; });
  expect("greatest correlation: 1.5", [](Options& o) { o.max_correlation = 1.5; });
  expect("tolerance: -1", [](Options& o) { o.tolerance = -1; });
  expect("inner folds: 1, expected 2 to 40", [](Options& o) { o.folds = 1; });
  expect("inner folds: 41, expected 2 to 40", [](Options& o) { o.folds = 41; });
  expect("number of features: 3, expected 1 to 2", [](Options& o) { o.n_features = 3; });
  expect("`fallback`: 'worst'", [](Options& o) { o.fallback = "worst"; });
  expect("energy", [](Options& o) { o.cost = kEnergyCost; });
  expect("theta: 2", [](Options& o) { o.theta = 2; });
  expect("candidate feature 'beauty'", [](Options& o) { o.candidates = {"beauty"}; });
  expect("all 1 candidates are constant", [](Options& o) { o.candidates = {"hue1"}; });
}

TEST(SelectFeatures, NeedsNeighboursOutsideTheLargestFold) {
  Table table = decided_table(40, 1);
  // Three groups of 30, 5 and 5: in two folds, 10 inputs are outside the largest.
  for (std::size_t i = 0; i < 40; ++i) table.groups.push_back(i < 30 ? "a" : i < 35 ? "b" : "c");
  FeatureSelectionOptions options;
  options.folds = 2;
  options.k = 11;
  EXPECT_TRIAGE_ERROR(select_features(table, all_rows(table), options), ErrorCode::kUsage,
                      "k: 11, expected at most the inputs outside an inner fold, 10");
  options.folds = 4;
  EXPECT_TRIAGE_ERROR(select_features(table, all_rows(table), options), ErrorCode::kUsage,
                      "folds: 4 of 3 groups of inputs");
}

TEST(SelectionOptions, AskForThePremodelThatIsTrained) {
  LearnOptions learn;
  learn.criterion = Criterion::kTop5;
  learn.cost = kEnergyCost;
  learn.seed = 8;
  PremodelOptions premodel;
  premodel.theta = 0.1;
  premodel.max_models = 2;
  premodel.k = 9;
  premodel.fallback = "refuse";
  const auto options = selection_options(learn, premodel);
  EXPECT_EQ(options.criterion, Criterion::kTop5);
  EXPECT_EQ(options.cost, kEnergyCost);
  EXPECT_EQ(options.seed, 8U);
  EXPECT_EQ(options.theta, 0.1);
  EXPECT_EQ(options.max_models, 2U);
  EXPECT_EQ(options.k, 9);
  EXPECT_EQ(options.fallback, "refuse");
}

TEST(PairRules, AreNamed) {
  EXPECT_EQ(parse_pair_rule("cheaper"), PairRule::kCheaper);
  EXPECT_EQ(parse_pair_rule("useful"), PairRule::kMoreUseful);
  EXPECT_TRIAGE_ERROR(parse_pair_rule("best"), ErrorCode::kUsage,
                      "pair rule: 'best', expected cheaper or useful");
}

}  // namespace
}  // namespace triage
