// The filters before the search: useless features, Pearson's r, which of a pair stays, what features cost.
#include "learn/features/filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "learn/tables.h"
#include "support/expect_error.h"
#include "triage/error.h"

namespace triage {
namespace {

using testing::add_feature;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Table table_with(const std::vector<std::pair<std::string, std::vector<float>>>& features) {
  Table table = testing::table_of({"a"}, {1}, std::vector(features.front().second.size(), std::vector{1}));
  for (const auto& [name, values] : features) add_feature(table, name, values);
  return table;
}

std::vector<std::string> names(const std::vector<CorrelatedFeature>& list) {
  std::vector<std::string> out;
  for (const auto& each : list) out.push_back(each.name + "<" + each.kept);
  return out;
}

TEST(DropUseless, ConstantAndNonFiniteColumnsGoWithTheirReason) {
  const Table table = table_with({{"x", {1, 2, 3}}, {"flat", {4, 4, 4}}, {"bad", {1, kNan, INFINITY}}});
  std::vector<std::size_t> columns{0, 1, 2};
  const auto dropped = drop_useless(table, all_rows(table), columns);
  EXPECT_EQ(columns, std::vector<std::size_t>{0});
  ASSERT_EQ(dropped.size(), 2U);
  EXPECT_EQ(dropped[0].name, "flat");
  EXPECT_EQ(dropped[0].reason, "constant: 4 on every input");
  EXPECT_EQ(dropped[1].name, "bad");
  EXPECT_EQ(dropped[1].reason, "not finite on 2 inputs");
}

TEST(DropUseless, SeesTheGivenRowsAlone) {
  const Table table = table_with({{"x", {4, 4, 3}}, {"y", {1, 2, kNan}}});
  std::vector<std::size_t> columns{0, 1};
  const std::vector<std::uint32_t> rows{0, 1};
  EXPECT_EQ(drop_useless(table, rows, columns).size(), 1U);
  EXPECT_EQ(columns, std::vector<std::size_t>{1});
}

TEST(Correlations, AreThoseComputedByHand) {
  // Deviations of x: -1.5 -0.5 0.5 1.5 (squares 5), of y: -1 -2 2 1 (squares 10), product 5 / sqrt(50).
  const Table table = table_with({{"x", {1, 2, 3, 4}}, {"y", {2, 1, 5, 4}}, {"down", {8, 6, 4, 2}}});
  const std::vector<std::size_t> columns{0, 1, 2};
  const auto r = correlations(table, all_rows(table), columns);
  EXPECT_NEAR(r[0 * 3 + 1], 5 / std::sqrt(50.0), 1e-12);
  EXPECT_NEAR(r[0 * 3 + 2], -1, 1e-12);
  EXPECT_NEAR(r[2 * 3 + 1], -5 / std::sqrt(50.0), 1e-12);
  EXPECT_EQ(r[1 * 3 + 0], r[0 * 3 + 1]);
  EXPECT_EQ(r[1 * 3 + 1], 1);
}

TEST(Correlations, OfOrthogonalFeaturesAreZero) {
  const Table table = table_with({{"x", {-1, 1, -1, 1}}, {"y", {-1, -1, 1, 1}}});
  const std::vector<std::size_t> columns{0, 1};
  EXPECT_NEAR(correlations(table, all_rows(table), columns)[1], 0, 1e-15);
}

TEST(CorrelationRatios, AreTheShareBetweenTheLabels) {
  // The labels' means are 1 and 3, that of all 2: squares between them 4 x 1, in all 4 + 0 + 0 + 4.
  const Table table = table_with({{"x", {0, 2, 2, 4}}, {"same", {0, 1, 0, 1}}});
  const std::vector<std::size_t> columns{0, 1};
  const std::vector<ModelIndex> labels{kNoModel, kNoModel, 0, 0};
  const auto ratios = correlation_ratios(table, all_rows(table), columns, labels);
  EXPECT_NEAR(ratios[0], 0.5, 1e-12);
  EXPECT_NEAR(ratios[1], 0, 1e-12);
}

// r of four features: 0-1 0.9, 1-2 0.8, 2-3 -0.85, the others 0.1.
std::vector<double> four_by_four() {
  std::vector<double> r(16, 0.1);
  const auto set = [&](std::size_t a, std::size_t b, double value) { r[a * 4 + b] = r[b * 4 + a] = value; };
  for (std::size_t i = 0; i < 4; ++i) set(i, i, 1);
  set(0, 1, 0.9);
  set(1, 2, 0.8);
  set(2, 3, -0.85);
  return r;
}

TEST(PairFilter, KeepsTheCheaperAndNamesTheStrongestTie) {
  // By price: c (kept), b (0.8 with c: goes), a (its only tie is b, which went: stays), d (-0.85 with c).
  const std::vector<FeatureSummary> features{{"a", 3, 0}, {"b", 2, 0}, {"c", 1, 0}, {"d", 4, 1}};
  const auto filter = filter_correlated(features, four_by_four(), 0.75, PairRule::kCheaper);
  EXPECT_EQ(filter.kept, (std::vector<std::size_t>{0, 2}));
  // b correlates more with a than with c, on whose account it went; a is the kept one that stands for it
  // best.
  EXPECT_EQ(names(filter.correlated), (std::vector<std::string>{"b<a", "d<c"}));
  EXPECT_EQ(filter.correlated[1].r, -0.85);
}

TEST(PairFilter, KeepsTheMoreUsefulIfToldSo) {
  const std::vector<FeatureSummary> features{{"a", 3, 0.1}, {"b", 2, 0.2}, {"c", 1, 0.3}, {"d", 4, 0.4}};
  const auto filter = filter_correlated(features, four_by_four(), 0.75, PairRule::kMoreUseful);
  EXPECT_EQ(filter.kept, (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(names(filter.correlated), (std::vector<std::string>{"a<b", "c<d"}));
}

TEST(PairFilter, TiesGoToTheOtherRuleThenToTheFirst) {
  const std::vector<double> r{1, 0.9, 0.9, 1};
  const auto kept = [&](FeatureSummary a, FeatureSummary b, PairRule rule) {
    const std::vector<FeatureSummary> features{a, b};
    return filter_correlated(features, r, 0.75, rule).kept.at(0);
  };
  EXPECT_EQ(kept({"a", 1, 0.1}, {"b", 1, 0.2}, PairRule::kCheaper), 1U);
  EXPECT_EQ(kept({"a", 2, 0.1}, {"b", 1, 0.1}, PairRule::kMoreUseful), 1U);
  EXPECT_EQ(kept({"a", 1, 0.1}, {"b", 1, 0.1}, PairRule::kCheaper), 0U);
  // A cost that is not known counts as the highest.
  EXPECT_EQ(kept({"a", kNotMeasured, 0.9}, {"b", 5, 0.1}, PairRule::kCheaper), 1U);
}

TEST(PairFilter, KeepsPairsAtTheThreshold) {
  const std::vector<FeatureSummary> features{{"a", 1, 0}, {"b", 1, 0}};
  const std::vector<double> r{1, 0.75, 0.75, 1}, opposite{1, -1, -1, 1};
  EXPECT_EQ(filter_correlated(features, r, 0.75, PairRule::kCheaper).kept.size(), 2U);
  EXPECT_EQ(filter_correlated(features, opposite, 1.0, PairRule::kCheaper).kept.size(), 2U);
}

TEST(ExtractionCost, CountsEachSharedNodeOnce) {
  Table table = table_with({{"contrast", {1, 2}},
                            {"avg_brightness", {1, 2}},
                            {"n_keypoints", {1, 2}},
                            {"width", {1, 2}},
                            {"beauty", {1, 2}}});
  const auto nodes = feature_nodes();
  table.node_ms.assign(2 * nodes.size(), 100);
  const auto set = [&](std::string_view node, float first, float second) {
    const auto i = static_cast<std::size_t>(std::find(nodes.begin(), nodes.end(), node) - nodes.begin());
    table.node_ms[i] = first;
    table.node_ms[nodes.size() + i] = second;
  };
  set("working", 1, 3);
  set("gray", 0.5, 0.5);
  set("brightness", 0.25, 0.75);
  set("keypoints", 8, 8);
  const auto means = mean_node_ms(table, all_rows(table));
  const auto cost = [&](std::vector<std::size_t> columns) {
    return extraction_ms(table.schema, means, columns);
  };
  EXPECT_DOUBLE_EQ(cost({0}), 2 + 0.5 + 0.5);
  EXPECT_DOUBLE_EQ(cost({0, 1}), 2 + 0.5 + 0.5);
  EXPECT_DOUBLE_EQ(cost({0, 2}), 2 + 0.5 + 0.5 + 8);
  EXPECT_DOUBLE_EQ(cost({3}), 0);         // the image itself tells its width
  EXPECT_TRUE(std::isnan(cost({0, 4})));  // no feature of this build
  table.node_ms.clear();
  EXPECT_TRUE(mean_node_ms(table, all_rows(table)).empty());
  EXPECT_TRUE(std::isnan(extraction_ms(table.schema, {}, std::vector<std::size_t>{0})));
}

TEST(Candidates, AreAllOrThoseNamedInTheTablesOrder) {
  const Table table = table_with({{"x", {1, 2}}, {"y", {1, 2}}, {"z", {1, 2}}});
  EXPECT_EQ(find_candidates(table, {}), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(find_candidates(table, {"z", "x"}), (std::vector<std::size_t>{0, 2}));
  const std::vector<std::string> unknown{"q"}, twice{"x", "x"};
  EXPECT_TRIAGE_ERROR(find_candidates(table, unknown), ErrorCode::kUsage,
                      "candidate feature 'q': not in the profile");
  EXPECT_TRIAGE_ERROR(find_candidates(table, twice), ErrorCode::kUsage, "candidate feature 'x': given twice");
  EXPECT_TRIAGE_ERROR(find_candidates(Table{}, {}), ErrorCode::kUsage, "the profile has no features");
}

}  // namespace
}  // namespace triage
