// Decisions as CSV.
#include "triage/tools/decisions_csv.h"

#include <gtest/gtest.h>

#include "support/synthetic.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

// Two inputs and two models that somebody brought: scores and costs alone.
Table brought_table() {
  Table table;
  table.models = {{{"a", ""}, ""}, {{"b, c", ""}, ""}};
  table.ids = {"x", "y"};
  table.labels = {kNoLabel, kNoLabel};
  table.terms = {.score = "quality", .worst = 0, .best = 10, .score_unit = "", .cost_unit = "usd"};
  table.scores = {0.5F, 1, 0, 0.25F};
  table.infer_ms = {1, 2, 3, 4.5F};
  table.recipe_of = {0, 0};
  table.preprocess_ms = {0, 0};
  table.decode_ms = {0, 0};
  return table;
}

PolicyInfo info_of(const Table& table) {
  PolicyInfo info;
  for (const TableModel& model : table.models) info.models.push_back({model, 1, 1});
  info.n_classes = table.n_classes;
  return info;
}

TEST(DecisionsCsv, HasALineForEachRow) {
  const Table table = brought_table();
  const auto policy = make_single(info_of(table), 1);
  EXPECT_EQ(decisions_csv(table, all_rows(table), *policy, FakeClock()),
            "id,looks,models,answer,score,cost,trained\n"
            "x,1,\"b, c\",,10,2,0\n"
            "y,1,\"b, c\",,2.5,4.5,0\n");
}

TEST(DecisionsCsv, NamesAnswersModelsAndWhatWasTrainedOn) {
  Table table = testing::synthetic_table(200, testing::three_models(), 3);
  std::vector<std::uint32_t> first;
  for (std::uint32_t i = 0; i < 100; ++i) first.push_back(i);
  const auto policy = train_cascade(table, first, {});
  const std::string text = decisions_csv(table, all_rows(table), *policy, FakeClock());
  std::size_t n_trained = 0, n_lines = 0, n_second_looks = 0;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != text.npos; at = end + 1, ++n_lines) {
    const std::string line = text.substr(at, end - at);
    n_trained += line.ends_with(",1") ? 1 : 0;
    n_second_looks += line.find(",2,linear > ") != line.npos ? 1 : 0;
  }
  EXPECT_EQ(n_lines, 201U);
  EXPECT_EQ(n_trained, 100U);
  EXPECT_GT(n_second_looks + (policy->info().models.size() < 2 ? 1 : 0), 0U) << text.substr(0, 500);
}

}  // namespace
}  // namespace triage
