// Tables as CSV, and back again.
#include "triage/tools/export.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "import/import_fixture.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/tools/rows.h"

namespace triage {
namespace {

using enum ErrorCode;

constexpr std::string_view kTable =
    "id,group,fold,label,a:score,a:usd,a:signal,a:answer,b:score,b:usd,b:signal,b:answer,x,score,hard:"
    "feature_"
    "cost\n"
    "1,g,0,\"yes, sir\",4,0.1,0.5,\"yes, sir\",8,3,,no,7,1,2\n"
    "2,,1,no,,,,,12,4,0.25,,,2,0\n"
    "3,,0,,,,,,,,,,1,3,0.5\n";

class Export : public testing::ImportTest {
 protected:
  Table imported() {
    return import(kTable, [&](TableColumns& columns) {
      column(columns, "x").of = "hard";
      columns.score_name = "points";
    });
  }
  std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  // Written and read by the columns that export names.
  Table again(const Table& table, TableForm form) {
    const auto file = folder_ / "again.csv";
    return import_as(file, export_table(table, form, file));
  }
};

void expect_same(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i])) {
      EXPECT_TRUE(std::isnan(b[i])) << i;
    } else {
      EXPECT_FLOAT_EQ(a[i], b[i]) << i;
    }
  }
}

TEST_F(Export, LongFormHasALineForEachRun) {
  const auto file = folder_ / "long.csv";
  (void)export_table(imported(), TableForm::kLong, file);
  EXPECT_EQ(text_of(file),
            "id,group,fold,label,model,score,usd,signal,answer,x,feature score,hard:feature_cost,features:"
            "feature_cost\n"
            "1,g,0,\"yes, sir\",a,4,0.1,0.5,\"yes, sir\",7,1,2,0\n"
            "1,g,0,\"yes, sir\",b,8,3,,no,7,1,2,0\n"
            "2,,1,no,b,12,4,0.25,,,2,0,0\n"
            "3,,0,,a,,,,,1,3,0.5,0\n");
}

TEST_F(Export, WideFormHasALineForEachInput) {
  const auto file = folder_ / "wide.csv";
  (void)export_table(imported(), TableForm::kWide, file);
  EXPECT_EQ(text_of(file),
            "id,group,fold,label,a:score,b:score,a:usd,b:usd,a:signal,b:signal,a:answer,b:answer,x,score,"
            "hard:feature_cost,features:feature_cost\n"
            "1,g,0,\"yes, sir\",4,8,0.1,3,0.5,,\"yes, sir\",no,7,1,2,0\n"
            "2,,1,no,,12,,4,,0.25,,,,2,0,0\n"
            "3,,0,,,,,,,,,,1,3,0.5,0\n");
}

TEST_F(Export, IsImportedAgainAsItWas) {
  const Table table = imported();
  for (const TableForm form : {TableForm::kLong, TableForm::kWide}) {
    const Table back = again(table, form);
    EXPECT_EQ(back.ids, table.ids);
    EXPECT_EQ(back.groups, table.groups);
    EXPECT_EQ(back.given_folds, table.given_folds);
    EXPECT_EQ(back.terms, table.terms);
    EXPECT_EQ(back.label_names.size(), table.label_names.size());
    for (std::size_t i = 0; i < table.n_inputs(); ++i) {
      const auto name = [i](const Table& t) {
        return t.labels[i] == kNoLabel ? std::string() : t.label_names[static_cast<std::size_t>(t.labels[i])];
      };
      EXPECT_EQ(name(back), name(table));
    }
    expect_same(table.scores, back.scores);
    expect_same(table.infer_ms, back.infer_ms);
    expect_same(table.signals, back.signals);
    expect_same(table.features, back.features);
    EXPECT_EQ(back.schema.groups.size(), table.schema.groups.size());
  }
}

TEST_F(Export, RunTimesAreImportedAgainAsTheyWere) {
  const Table table = import("id,a:score,a:s,b:s\n1,0,5,20\n2,1,30,100\n",
                             [](TableColumns& columns) { columns.cutoff = 50; });
  const Table back = again(table, TableForm::kLong);
  EXPECT_EQ(back.terms, table.terms);
  expect_same(table.scores, back.scores);
  expect_same(table.infer_ms, back.infer_ms);
}

TEST_F(Export, ImagesKeepScoresAndCostsOfTheirModels) {
  const Table table = testing::synthetic_table(300, testing::three_models(), 1);
  const auto rows = all_rows(table);
  for (const TableForm form : {TableForm::kLong, TableForm::kWide}) {
    const Table back = again(table, form);
    EXPECT_EQ(back.terms.score, "top-1");
    EXPECT_EQ(back.terms.cost_unit, "ms");
    EXPECT_EQ(back.terms.best, 100);
    EXPECT_EQ(mean_scores(back, rows, Criterion::kTop1), mean_scores(table, rows, Criterion::kTop1));
    const auto costs = mean_costs(table, rows), costs_back = mean_costs(back, rows);
    for (std::size_t m = 0; m < table.n_models(); ++m) EXPECT_NEAR(costs_back[m], costs[m], 1e-7 * costs[m]);
    EXPECT_EQ(back.schema.size(), table.schema.size());
    expect_same(table.features, back.features);
    for (std::size_t i = 0; i < 10; ++i) {
      EXPECT_FLOAT_EQ(static_cast<float>(back.confidence(i, 1)), static_cast<float>(table.confidence(i, 1)));
      EXPECT_EQ(back.label_names.at(static_cast<std::size_t>(back.output(i, 1).best())),
                std::to_string(table.output(i, 1).best()));
    }
    // All the nodes that the features need, at 0.002 ms each.
    EXPECT_GT(back.node_ms.at(0), 0.002F);
  }
}

TEST_F(Export, ImagesNeedNoDescription) {
  const auto file = folder_ / "again.csv";
  const Table table = testing::synthetic_table(50, testing::three_models(), 2);
  (void)export_table(table, TableForm::kLong, file);
  const Table back = import_as(file, guess_columns(file, TextForm::kCsv));
  EXPECT_EQ(mean_scores(back, all_rows(back), Criterion::kTop1),
            mean_scores(table, all_rows(table), Criterion::kTop1));
  EXPECT_EQ(back.terms.cost_unit, "ms");
  EXPECT_EQ(back.schema.size(), table.schema.size());
}

TEST_F(Export, IsWholeOrNotThere) {
  const Table table = imported();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRIAGE_ERROR(export_table(table, TableForm::kLong, folder_ / "x.csv", stop.get_token()),
                      kInterrupted, "export");
  EXPECT_TRIAGE_ERROR(export_table(table, TableForm::kLong, folder_ / "none" / "x.csv"), kIo,
                      "x.csv: cannot be written");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.csv"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.csv.exporting"));
}

}  // namespace
}  // namespace triage
