// Groups of inputs: every split keeps them whole, and without any nothing changes.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/expect_error.h"
#include "table/row_order.h"
#include "triage/tools/rows.h"

namespace triage {
namespace {

using Numbers = std::vector<std::uint32_t>;
using Parts = std::vector<std::int32_t>;

// Inputs "in0", "in1", ..., and of each `copies` copies "in0~0" behind them all.
Table with_copies(std::size_t n, std::size_t copies) {
  Table table;
  for (std::size_t i = 0; i < n; ++i) {
    table.ids.push_back("in" + std::to_string(i));
    table.groups.emplace_back();
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < copies; ++c) {
      table.ids.push_back(table.ids[i] + "~" + std::to_string(c));
      table.groups.push_back(table.ids[i]);
    }
  }
  return table;
}

std::map<std::string, std::set<std::int32_t>> parts_by_group(const Table& table, const Parts& parts) {
  std::map<std::string, std::set<std::int32_t>> found;
  for (std::size_t i = 0; i < parts.size(); ++i) found[table.group_of(i)].insert(parts[i]);
  return found;
}

TEST(DealGroups, WithoutGroupsTakesTurns) {
  EXPECT_EQ(deal_groups(Numbers{2, 0, 3, 1, 4}, Numbers{0, 1, 2, 3, 4}, 2), (Parts{1, 1, 0, 0, 0}));
}

TEST(DealGroups, TheNextGroupGoesWhereThereIsLeast) {
  // Groups a: 0, 1, 2; b: 3; c: 4; d: 5. a fills part 0, so that b, c and d go to part 1.
  EXPECT_EQ(deal_groups(first_positions(6), Numbers{0, 0, 0, 1, 2, 3}, 2), (Parts{0, 0, 0, 1, 1, 1}));
  // b first: it is in part 0 alone, a in 1; c and d even that out.
  EXPECT_EQ(deal_groups(Numbers{3, 0, 1, 2, 4, 5}, Numbers{0, 0, 0, 1, 2, 3}, 2), (Parts{1, 1, 1, 0, 0, 0}));
  EXPECT_EQ(deal_groups(Numbers{}, Numbers{}, 2), Parts{});
}

TEST(GroupNumbers, CountInTheOrderOfTheRows) {
  const Table table = with_copies(3, 1);
  EXPECT_EQ(group_numbers(table, Numbers{4, 0, 1, 3, 5}), (Numbers{0, 1, 0, 1, 2}));
  EXPECT_EQ(count_groups(table, all_rows(table)), 3U);
  EXPECT_EQ(count_groups(table, Numbers{}), 0U);
  Table alone = table;
  alone.groups.clear();
  EXPECT_EQ(group_numbers(alone, Numbers{4, 0, 1}), (Numbers{0, 1, 2}));
}

TEST(Groups, FoldsKeepThem) {
  const Table table = with_copies(40, 3);
  const auto folds = make_folds(table, 4, 1);
  std::map<std::int32_t, int> sizes;
  for (const std::int32_t fold : folds) ++sizes[fold];
  for (const auto& [fold, size] : sizes) EXPECT_EQ(size, 40) << fold;
  for (const auto& [group, parts] : parts_by_group(table, folds)) EXPECT_EQ(parts.size(), 1U) << group;
}

// Pinned: folds of tables without groups are those of every version.
TEST(Groups, FoldsWithoutThemStayTheSameForever) {
  Table table;
  for (int i = 0; i < 12; ++i) table.ids.push_back("photo" + std::to_string(i) + ".jpg");
  const Parts pinned = make_folds(table, 3, 7);
  EXPECT_EQ(pinned, (Parts{0, 1, 2, 1, 1, 2, 1, 2, 0, 2, 0, 0}));
  EXPECT_EQ(draw_rows(table, 0.5, 7), (Numbers{0, 1, 2, 4, 5, 6, 7, 8, 9, 11}));
  // Each in a group of its own, by its own name or another's.
  for (const bool own : {true, false}) {
    table.groups.clear();
    for (int i = 0; i < 12; ++i) table.groups.push_back(own ? table.ids[static_cast<std::size_t>(i)] : "");
    EXPECT_EQ(make_folds(table, 3, 7), pinned);
    EXPECT_EQ(shuffled_groups(table, all_rows(table), 7), shuffled_rows(table, all_rows(table), 7));
  }
}

TEST(Groups, AreDealtWhatTheirSizesAre) {
  EXPECT_TRIAGE_ERROR(make_folds(with_copies(3, 5), 4, 0), ErrorCode::kUsage,
                      "folds: 4 of 3 groups of inputs", "expected 2 or more and a group for each");
}

TEST(Groups, ASharesDrawKeepsThem) {
  const Table table = with_copies(200, 2);
  const auto rows = draw_rows(table, 0.5, 3);
  EXPECT_EQ(rows.size() % 3, 0U);
  EXPECT_NEAR(static_cast<double>(rows.size()), 300, 60);
  std::map<std::string, int> drawn;
  for (const std::uint32_t row : rows) ++drawn[table.group_of(row)];
  for (const auto& [group, n] : drawn) EXPECT_EQ(n, 3) << group;
}

TEST(Groups, ShuffledTheyAreTogether) {
  const Table table = with_copies(30, 2);
  const auto order = shuffled_groups(table, all_rows(table), 5);
  std::set<std::string> met;
  for (std::size_t i = 0; i < order.size(); i += 3) {
    const std::string& group = table.group_of(order[i]);
    EXPECT_TRUE(met.insert(group).second);
    EXPECT_EQ(table.group_of(order[i + 1]), group);
    EXPECT_EQ(table.group_of(order[i + 2]), group);
  }
  EXPECT_NE(shuffled_groups(table, all_rows(table), 6), order);
}

TEST(Groups, ASourceHasThemWhole) {
  Table table = with_copies(2, 1);
  table.labels = {0, 1, 0, 1};
  table.sources = {"a", "b"};
  table.source_of = {0, 0, 1, 1};
  EXPECT_TRIAGE_ERROR(folds_by_source(table), ErrorCode::kUsage,
                      "sources: 'a' and 'b' have inputs of the same group, 'in0'",
                      "leave out the perturbed copies");
  table.source_of = {0, 1, 0, 1};
  table.labels = {0, 0, 1, 1};
  EXPECT_EQ(folds_by_source(table), table.source_of);
}

TEST(Groups, CopiesAreOfTheInputThatNamesThem) {
  Table table = with_copies(3, 2);
  EXPECT_EQ(copies_of(table, Numbers{2, 0}), (Numbers{3, 4, 7, 8}));
  EXPECT_EQ(copies_of(table, Numbers{4}), Numbers{}) << "a copy has none";
  table.groups.clear();
  EXPECT_EQ(copies_of(table, Numbers{0}), Numbers{});
}

TEST(Groups, CopiesTakeTheLabelOfTheirOriginal) {
  const auto sure = [](std::size_t label) {
    std::vector<float> p(3, 0.1F);
    p[label] = 0.8F;
    return TopK::from_probabilities(p);
  };
  Table table = with_copies(2, 1);
  table.groups[3] = "elsewhere";
  table.models = {{{"m", ""}, "r"}};
  table.n_classes = 3;
  table.labels.assign(4, kNoLabel);
  table.ranks.assign(4, 0);
  table.outputs = {sure(0), sure(1), sure(2), sure(2)};
  label_by_model(table, "m");
  EXPECT_EQ(table.labels, (std::vector<Label>{0, 1, 0, 2}));
  EXPECT_EQ(table.ranks[0], 1);
  EXPECT_GT(table.ranks[2], 1) << "of the copy the model says something else";
}

}  // namespace
}  // namespace triage
