// The definitions of design.md on a table small enough to check by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "support/expect_error.h"
#include "table/row_order.h"
#include "triage/error.h"
#include "triage/tools/rows.h"

namespace triage {
namespace {

// 4 inputs x 3 models over 2 recipes; ranks of the label:
//         a  b  c
//   in0   1  1  1
//   in1   2  1  1
//   in2   6  5  1
//   in3   9  9  6
Table small_table() {
  Table table;
  table.models = {{{"a", ""}, "r0"}, {{"b", ""}, "r1"}, {{"c", ""}, "r0"}};
  table.ids = {"in0", "in1", "in2", "in3"};
  table.labels = {0, 1, 2, 3};
  table.n_classes = 10;
  table.ranks = {1, 1, 1, 2, 1, 1, 6, 5, 1, 9, 9, 6};
  table.outputs.resize(12);
  table.infer_ms = {1, 2, 8, 1, 2, 8, 1, 2, 8, 1, 2, 16};
  table.recipe_of = {0, 1, 0};
  table.preprocess_ms = {1, 2, 1, 2, 1, 2, 3, 2};
  table.decode_ms = {0, 0, 0, 0};
  return table;
}

const std::vector<std::uint32_t> kAll = {0, 1, 2, 3};

TEST(DrawRows, DependsOnSeedAndIdAlone) {
  Table table;
  for (int i = 0; i < 1000; ++i) table.ids.push_back("in" + std::to_string(i));
  EXPECT_EQ(draw_rows(table, 1, 3).size(), 1000U);
  EXPECT_EQ(draw_rows(table, 0, 3).size(), 0U);
  const auto half = draw_rows(table, 0.5, 3);
  EXPECT_NEAR(static_cast<double>(half.size()), 500, 80);
  EXPECT_NE(draw_rows(table, 0.5, 4), half);
  Table reversed = table;
  std::reverse(reversed.ids.begin(), reversed.ids.end());
  std::set<std::string> ids, others;
  for (const std::uint32_t row : half) ids.insert(table.ids[row]);
  for (const std::uint32_t row : draw_rows(reversed, 0.5, 3)) others.insert(reversed.ids[row]);
  EXPECT_EQ(others, ids);
}

TEST(FoldsBySource, AreTheSources) {
  Table table = small_table();
  table.sources = {"here", "there"};
  table.source_of = {1, 0, 0, 1};
  check_table(table);
  EXPECT_EQ(folds_by_source(table), (std::vector<std::int32_t>{1, 0, 0, 1}));
  const Table some = select_table_inputs(table, std::vector<std::uint32_t>{3, 1, 2});
  EXPECT_EQ(some.source_of, (std::vector<std::int32_t>{1, 0, 0}));
}

TEST(FoldsBySource, NeedTwoThatAreNoClasses) {
  Table table = small_table();
  EXPECT_TRIAGE_ERROR(folds_by_source(table), ErrorCode::kUsage, "sources: 0 with inputs", "two or more");
  table.sources = {"here"};
  table.source_of = {0, 0, 0, 0};
  EXPECT_TRIAGE_ERROR(folds_by_source(table), ErrorCode::kUsage, "sources: 1 with inputs");
  table.sources = {"here", "there"};
  EXPECT_TRIAGE_ERROR(folds_by_source(table), ErrorCode::kUsage, "sources: 1 with inputs");
  table.source_of = {0, 0, 1, 1};
  table.labels = {4, 4, 5, 5};
  EXPECT_TRIAGE_ERROR(folds_by_source(table), ErrorCode::kUsage, "one class alone",
                      "folders are the classes");
  table.labels = {4, 4, 5, 6};
  EXPECT_EQ(folds_by_source(table), table.source_of);
}

TEST(Table, SourcesHaveToFit) {
  Table table = small_table();
  table.sources = {"here", "there"};
  EXPECT_TRIAGE_ERROR(check_table(table), ErrorCode::kProfile, "source_of has 0 values, expected 4");
  table.source_of = {0, 1, 2, 0};
  EXPECT_TRIAGE_ERROR(check_table(table), ErrorCode::kProfile, "source_of[2] is 2, expected 0 to 1");
  table.source_of = {0, 1, -1, 0};
  EXPECT_TRIAGE_ERROR(check_table(table), ErrorCode::kProfile, "source_of[2] is -1");
}

TEST(Table, CostIsPreprocessingAndInference) {
  const Table table = small_table();
  EXPECT_EQ(table.cost_ms(0, 0), 2.0);
  EXPECT_EQ(table.cost_ms(0, 1), 4.0);
  EXPECT_EQ(table.cost_ms(3, 2), 19.0);
  EXPECT_EQ(table.n_recipes(), 2U);
  EXPECT_EQ(table.find("c"), 2);
  EXPECT_EQ(table.find("d"), kNoModel);
}

TEST(Table, MeansPerModel) {
  const Table table = small_table();
  EXPECT_EQ(mean_costs(table, kAll), (std::vector<double>{2.5, 4.0, 11.5}));
  EXPECT_EQ(mean_scores(table, kAll, Criterion::kTop1), (std::vector<double>{0.25, 0.5, 0.75}));
  EXPECT_EQ(mean_scores(table, kAll, Criterion::kTop5), (std::vector<double>{0.5, 0.75, 0.75}));
  const std::vector<std::uint32_t> two = {1, 2};
  EXPECT_EQ(mean_scores(table, two, Criterion::kTop1), (std::vector<double>{0, 0.5, 1}));
}

TEST(Table, MeansOfNoRowsAreNan) {
  const Table table = small_table();
  for (const double value : mean_costs(table, {})) EXPECT_TRUE(std::isnan(value));
  for (const double value : mean_scores(table, {}, Criterion::kTop1)) EXPECT_TRUE(std::isnan(value));
}

TEST(Table, EnergyIsPreprocessingAndInference) {
  Table table = small_table();
  for (const double joules : mean_energy(table)) EXPECT_TRUE(std::isnan(joules));
  table.energy.infer_j = {1, 2, kNotMeasured};
  table.energy.preprocess_j.assign(table.n_recipes(), 0.25);
  EXPECT_EQ(mean_energy(table)[0], 1.25);
  EXPECT_EQ(mean_energy(table)[1], 2.25);
  EXPECT_TRUE(std::isnan(mean_energy(table)[2]));
  check_table(table);
}

TEST(Table, AnUnknownRankScoresNothing) {
  Table table = small_table();
  table.ranks[0] = 0;
  EXPECT_EQ(table.score(0, 0, Criterion::kTop1), 0.0);
  EXPECT_EQ(table.score(0, 0, Criterion::kTop5), 0.0);
}

TEST(Optimum, IsTheCheapestRightModel) {
  const Table table = small_table();
  const std::vector<ModelIndex> all = all_models(table);
  EXPECT_EQ(all, (std::vector<ModelIndex>{0, 1, 2}));
  const std::vector<double> costs = mean_costs(table, kAll);
  EXPECT_EQ(optimum(table, 0, all, costs, Criterion::kTop1), 0);
  EXPECT_EQ(optimum(table, 1, all, costs, Criterion::kTop1), 1);
  EXPECT_EQ(optimum(table, 2, all, costs, Criterion::kTop1), 2);
  EXPECT_EQ(optimum(table, 3, all, costs, Criterion::kTop1), kNoModel);
  EXPECT_EQ(optimum(table, 1, all, costs, Criterion::kTop5), 0);
  EXPECT_EQ(optimum(table, 2, all, costs, Criterion::kTop5), 1);
}

TEST(Optimum, LooksAtTheCandidatesAlone) {
  const Table table = small_table();
  const std::vector<double> costs = {1, 2, 3};
  const std::vector<ModelIndex> candidates = {2, 1};
  EXPECT_EQ(optimum(table, 0, candidates, costs, Criterion::kTop1), 1);
  EXPECT_EQ(optimum(table, 0, {}, costs, Criterion::kTop1), kNoModel);
}

TEST(Optimum, TiesGoToTheLowerIndexInAnyOrder) {
  const Table table = small_table();
  const std::vector<double> costs = {7, 7, 7};
  const std::vector<ModelIndex> candidates = {2, 0, 1};
  EXPECT_EQ(optimum(table, 0, candidates, costs, Criterion::kTop1), 0);
}

TEST(SingleBest, IsTheBestScoreThenTheCheaperThenTheLowerIndex) {
  EXPECT_EQ(single_best(std::vector<double>{0.5, 0.9, 0.7}, std::vector<double>{1, 9, 3}), 1);
  EXPECT_EQ(single_best(std::vector<double>{0.9, 0.9, 0.7}, std::vector<double>{5, 4, 3}), 1);
  EXPECT_EQ(single_best(std::vector<double>{0.7, 0.9, 0.9}, std::vector<double>{1, 4, 4}), 1);
  EXPECT_EQ(single_best({}, {}), kNoModel);
}

Table table_of(std::size_t n) {
  Table table = small_table();
  table.ids.clear();
  for (std::size_t i = 0; i < n; ++i) table.ids.push_back("input" + std::to_string(i));
  return table;
}

TEST(Folds, AreOfEqualSizeAndDependOnTheSeed) {
  const Table table = table_of(1003);
  const auto folds = make_folds(table, 10, 7);
  std::map<std::int32_t, int> sizes;
  for (const std::int32_t fold : folds) ++sizes[fold];
  ASSERT_EQ(sizes.size(), 10U);
  for (const auto& [fold, size] : sizes) {
    EXPECT_GE(fold, 0);
    EXPECT_LT(fold, 10);
    EXPECT_TRUE(size == 100 || size == 101) << size;
  }
  EXPECT_EQ(folds, make_folds(table, 10, 7));
  EXPECT_NE(folds, make_folds(table, 10, 8));
}

TEST(Folds, DependOnIdsAndNotOnRowOrder) {
  const Table table = table_of(100);
  Table reversed = table;
  std::reverse(reversed.ids.begin(), reversed.ids.end());
  auto folds = make_folds(reversed, 5, 0);
  std::reverse(folds.begin(), folds.end());
  EXPECT_EQ(folds, make_folds(table, 5, 0));
}

TEST(RowOrder, ShufflesTheGivenRowsByIdAndSeed) {
  const Table table = table_of(50);
  const std::vector<std::uint32_t> rows{40, 3, 17, 9, 28, 5};
  const auto shuffled = shuffled_rows(table, rows, 1), other = shuffled_rows(table, rows, 2);
  EXPECT_TRUE(std::is_permutation(rows.begin(), rows.end(), shuffled.begin(), shuffled.end()));
  EXPECT_NE(shuffled, other);
  // The same rows in another order.
  EXPECT_EQ(shuffled_rows(table, std::vector<std::uint32_t>{5, 28, 9, 17, 3, 40}, 1), shuffled);
  const auto positions = shuffled_positions(table, rows, 1);
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[positions[i]], shuffled[i]);
}

TEST(RowOrder, ByValueBreaksTiesByIdAndNotByRow) {
  const Table table = table_of(6);
  Table reversed = table;
  std::reverse(reversed.ids.begin(), reversed.ids.end());
  const std::vector<double> values{1, 0, 1, 1, 0, 1}, reversed_values{1, 0, 1, 1, 0, 1};
  const auto order = rows_by_value(table, all_rows(table), values);
  const auto mirrored = rows_by_value(reversed, all_rows(reversed), reversed_values);
  ASSERT_EQ(order.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(values[order[i]], i < 2 ? 0 : 1);
    EXPECT_EQ(table.ids[order[i]], reversed.ids[mirrored[i]]);
  }
  EXPECT_EQ(rows_by_value(table, std::vector<std::uint32_t>{2, 1}, values),
            (std::vector<std::uint32_t>{1, 2}));
}

// Pinned, so that a report can be reproduced on another platform and by a later version.
TEST(Folds, StayTheSameForever) {
  EXPECT_EQ(make_folds(table_of(8), 4, 0), (std::vector<std::int32_t>{0, 2, 0, 1, 2, 3, 3, 1}));
}

TEST(Folds, RejectTooFewAndTooMany) {
  const Table table = table_of(4);
  for (const int k : {-1, 0, 1, 5}) {
    try {
      (void)make_folds(table, k, 0);
      FAIL() << k;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_NE(std::string(error.what()).find("of 4 inputs, expected 2 or more and an input for each"),
                std::string::npos)
          << error.what();
    }
  }
}

struct BadTable {
  const char* message;  // part of what must be said
  std::function<void(Table&)> spoil;
};

TEST(CheckTable, TakesAGoodTable) { EXPECT_NO_THROW(check_table(small_table())); }

TEST(CheckTable, NamesWhatDoesNotFit) {
  const float nan = std::nanf("");
  const std::vector<BadTable> cases = {
      {"has no inputs", [](Table& t) { t.ids.clear(); }},
      {"ids has 'in0' twice", [](Table& t) { t.ids[1] = "in0"; }},
      {"ids has an empty name", [](Table& t) { t.ids[1] = ""; }},
      {"has no models", [](Table& t) { t.models.clear(); }},
      {"models has 'a' twice", [](Table& t) { t.models[1].name = "a"; }},
      {"recipe_of has 2 values, expected 3", [](Table& t) { t.recipe_of.pop_back(); }},
      {"recipe_of has 2, expected 0 to 1", [](Table& t) { t.recipe_of[1] = 2; }},
      {"recipe_of has -1", [](Table& t) { t.recipe_of[1] = -1; }},
      {"preprocess_ms has 7 values", [](Table& t) { t.preprocess_ms.pop_back(); }},
      {"preprocess_ms[3] is -1", [](Table& t) { t.preprocess_ms[3] = -1; }},
      {"infer_ms has 11 values, expected 12", [](Table& t) { t.infer_ms.pop_back(); }},
      {"infer_ms[0] is nan", [&](Table& t) { t.infer_ms[0] = nan; }},
      {"infer_ms[0] is inf", [](Table& t) { t.infer_ms[0] = INFINITY; }},
      {"labels has 3 values", [](Table& t) { t.labels.pop_back(); }},
      {"labels has 10, expected -1 (none) or 0 to 9", [](Table& t) { t.labels[0] = 10; }},
      {"labels has -2", [](Table& t) { t.labels[0] = -2; }},
      {"n_classes is -1", [](Table& t) { t.n_classes = -1; }},
      {"label_names has 1 values, expected 10", [](Table& t) { t.label_names = {"x"}; }},
      {"ranks has 11 values", [](Table& t) { t.ranks.pop_back(); }},
      {"ranks has 11, expected 0", [](Table& t) { t.ranks[0] = 11; }},
      {"ranks has -1", [](Table& t) { t.ranks[0] = -1; }},
      {"outputs has 11 values", [](Table& t) { t.outputs.pop_back(); }},
      {"outputs has one of 2 classes, expected 10",
       [](Table& t) {
         t.outputs[0] = TopK::from_probabilities(std::vector<float>{0.5F, 0.5F});
       }},
      {"features has 0 values, expected 4",
       [](Table& t) {
         t.schema.features = {{"f", 1}};
         t.node_ms.assign(4 * feature_nodes().size(), 0.0F);
       }},
      {"features[2] is nan",
       [&](Table& t) {
         t.schema.features = {{"f", 1}};
         t.features = {1, 2, nan, 4};
       }},
      {"schema has 'f' twice",
       [](Table& t) {
         t.schema.features = {{"f", 1}, {"f", 1}};
       }},
      {"schema has 65 features", [](Table& t) { t.schema.features.resize(65); }},
      {"node_ms has 0 values",
       [](Table& t) {
         t.schema.features = {{"f", 1}};
         t.features = {1, 2, 3, 4};
       }},
      {"node_ms[0] is -1", [](Table& t) { t.node_ms.assign(4 * feature_nodes().size(), -1.0F); }},
      {"picture_hashes has 1 values", [](Table& t) { t.picture_hashes.push_back(7); }},
      {"groups has 1 values, expected 4", [](Table& t) { t.groups.emplace_back("in0"); }},
      {"decode_ms has 3 values", [](Table& t) { t.decode_ms.pop_back(); }},
      {"decode_ms[1] is -1", [](Table& t) { t.decode_ms[1] = -1; }},
      {"infer_j has 1 values", [](Table& t) { t.energy.infer_j = {1}; }},
      {"infer_j has -1, expected joules",
       [](Table& t) {
         t.energy.infer_j = {1, -1, 1};
       }},
      {"selector_j has 2 values",
       [](Table& t) {
         t.energy.selector_j = {1, 1};
       }},
      {"preprocess_j has 9 values", [](Table& t) { t.energy.preprocess_j.assign(9, 1); }},
      {"node_j has 1 values", [](Table& t) { t.energy.node_j = {1}; }},
  };
  for (const BadTable& bad : cases) {
    Table table = small_table();
    bad.spoil(table);
    try {
      check_table(table);
      ADD_FAILURE() << "accepted: " << bad.message;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kProfile) << bad.message;
      EXPECT_NE(std::string(error.what()).find(bad.message), std::string::npos) << error.what();
    }
  }
}

TEST(Table, InputsHashIgnoresOrderOnly) {
  const Table table = small_table();
  const std::vector<std::uint32_t> forward{0, 1, 2}, backward{2, 1, 0}, other{0, 1, 3}, fewer{0, 1};
  const std::string hash = inputs_hash(table, forward);
  EXPECT_EQ(hash.size(), 16U);
  EXPECT_EQ(inputs_hash(table, backward), hash);
  EXPECT_NE(inputs_hash(table, other), hash);
  EXPECT_NE(inputs_hash(table, fewer), hash);
}

}  // namespace
}  // namespace triage
