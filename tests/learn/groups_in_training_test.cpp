// Inner folds of training keep groups of inputs whole, and without groups are those of before.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "learn/premodel/labelled_rows.h"
#include "learn/premodel/svm.h"
#include "learn/premodel/tree.h"
#include "learn/routing/train_cascade_routing.h"
#include "learn/training_info.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "table/row_order.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

using Positions = std::vector<std::uint32_t>;

// Each input `times` times, its copies behind it; all say what the first does.
Table repeated(std::size_t n, std::size_t times) {
  const Table plain = testing::synthetic_table(n, testing::three_models(), 1);
  Positions rows;
  for (std::uint32_t i = 0; i < n; ++i) rows.insert(rows.end(), times, i);
  Table table = select_table_inputs(plain, rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    table.groups.push_back(plain.ids[rows[i]]);
    if (i % times != 0) table.ids[i] += "~" + std::to_string(i % times);
  }
  return table;
}

TEST(InnerFolds, WithoutGroupsEveryNthTests) {
  const Positions order{4, 0, 2, 1, 3};
  const auto folds = inner_folds(order, {}, 2);
  ASSERT_EQ(folds.size(), 2U);
  EXPECT_EQ(folds[0].test, (Positions{4, 2, 3}));
  EXPECT_EQ(folds[0].train, (Positions{0, 1}));
  EXPECT_EQ(folds[1].test, (Positions{0, 1}));
  EXPECT_EQ(folds[1].train, (Positions{4, 2, 3}));
}

TEST(InnerFolds, TakeWholeGroups) {
  // Group 7 is met first (positions 0, 4), then 9 (1, 2), then 8 (3).
  const auto folds = inner_folds(first_positions(5), Positions{7, 9, 9, 8, 7}, 2);
  EXPECT_EQ(folds[0].test, (Positions{0, 3, 4}));
  EXPECT_EQ(folds[0].train, (Positions{1, 2}));
  EXPECT_EQ(folds[1].test, (Positions{1, 2}));
}

// Four copies of ten inputs with classes drawn at random: whoever has copies of the tested inputs in training
// answers by remembering, and looks right.
TEST(InnerFolds, ChoosersOptionsAreNotJudgedByWhatWasRemembered) {
  Random random(3);
  OwnedRows rows{{}, {}, 2, 2, {}};
  for (std::uint32_t group = 0; group < 60; ++group) {
    const auto x = static_cast<float>(random.uniform()), y = static_cast<float>(random.uniform());
    const auto label = static_cast<std::uint8_t>(random.below(2));
    for (int copy = 0; copy < 4; ++copy) {
      rows.values.insert(rows.values.end(), {x, y});
      rows.labels.push_back(label);
      rows.groups.push_back(group);
    }
  }
  EXPECT_LT(search_tree_options(rows.view(), 1).accuracy, 0.75);
  EXPECT_LT(search_svm_options(rows.view(), 1).accuracy, 0.75);
  const Positions some{0, 1, 5};
  EXPECT_EQ(take_rows(rows.view(), some).groups, (Positions{0, 0, 1}));
  rows.groups.clear();
  EXPECT_GT(search_tree_options(rows.view(), 1).accuracy, 0.85);
}

TEST(InnerFolds, NeedAsManyGroups) {
  const OwnedRows rows{{1, 2, 3, 4}, {0, 1, 0, 1}, 1, 2, {0, 0, 1, 1}};
  EXPECT_FALSE(has_inner_folds(rows.view()));
  EXPECT_TRUE(std::isnan(search_tree_options(rows.view(), 1).accuracy));
  EXPECT_TRUE(std::isnan(search_svm_options(rows.view(), 1).accuracy));
}

// Of equal copies there is nothing new to learn, so gains are judged as without them.
TEST(GroupsInTraining, CopiesGiveTheAdaptivePolicyNoConfidence) {
  const Table table = repeated(300, 4), plain = repeated(300, 1);
  const auto gain = [](const Table& on) {
    const auto policy = train_adaptive(on, all_rows(on), {});
    return std::get<AdaptiveFacts>(policy->info().training.details).gain;
  };
  Table apart = table;
  apart.groups.clear();
  EXPECT_NEAR(gain(table), gain(plain), 0.01);
  EXPECT_GT(gain(apart), gain(table)) << "where copies may be parted, what was remembered counts";
}

TEST(GroupsInTraining, TooFewOfThemAreRefused) {
  const Table table = repeated(10, 30);
  const auto rows = all_rows(table);
  EXPECT_TRIAGE_ERROR(train_adaptive(table, rows, {}), ErrorCode::kUsage, "groups of training inputs 10",
                      "at least 20");
  EXPECT_TRIAGE_ERROR(train_cascade_routing(table, rows, {}), ErrorCode::kUsage,
                      "groups of training inputs 10", "at least 20");
  EXPECT_TRUE(choose_kind(table, rows, {}).compared.empty()) << "too few to compare kinds";
  PremodelOptions options;
  options.max_distance_quantile = 0.9;
  options.k = 11;
  EXPECT_TRIAGE_ERROR(train_premodel(table, rows, {}, options), ErrorCode::kUsage,
                      "max_distance_quantile: 10 groups of training inputs, expected more than k, 11");
}

TEST(GroupsInTraining, TheDistanceLimitIsBetweenThem) {
  PremodelOptions options;
  options.max_distance_quantile = 0.5;
  const Table table = repeated(100, 8), plain = repeated(100, 1);
  const auto limit = [&](const Table& on) {
    const auto trained = train_premodel(on, all_rows(on), {}, options);
    return std::get<PremodelFacts>(trained.policy->info().training.details).distance_limit->limit;
  };
  EXPECT_GT(limit(plain), 0.1);
  EXPECT_DOUBLE_EQ(limit(table), limit(plain));
}

TEST(GroupsInTraining, ThePolicySaysHowManyCopies) {
  const Table table = repeated(30, 3);
  const ModelIndex model = 0;
  const auto info = make_policy_info(table, all_rows(table), Criterion::kTop1, {&model, 1});
  ASSERT_EQ(info.training.notes.size(), 1U);
  EXPECT_EQ(info.training.notes[0].first, "perturbed");
  EXPECT_EQ(info.training.notes[0].second, "30 inputs as they are, 60 copies");
}

}  // namespace
}  // namespace triage
