// The guarantee study on a made-up table: each promise holds, and the exhibits show it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/hash.h"
#include "stats/paired_loss_test.h"
#include "study/guarantee_checks.h"
#include "support/expect_error.h"
#include "support/imported.h"
#include "support/synthetic.h"
#include "triage/tools/study.h"

namespace triage {
namespace {

const Table& made_up() {
  static const Table table = [] {
    Table made = testing::synthetic_table(3000, testing::synthetic_zoo(), 11);
    made.sources = {"street", "field"};
    for (std::size_t i = 0; i < made.n_inputs(); ++i) made.source_of.push_back(i % 3 == 0 ? 0 : 1);
    return made;
  }();
  return table;
}

GuaranteeOptions quick_guarantee() {
  static FakeClock clock;
  GuaranteeOptions quick;
  quick.max_losses = {0.02, 0.05};
  quick.inputs = {300, 1000};
  quick.resamples = 100;
  quick.retrainings = 2;
  quick.clock = unowned(clock);
  return quick;
}

// One study for all assertions: it takes longest.
class GuaranteeStudy : public ::testing::Test {
 protected:
  static const Study& study() {
    static const Study made = study_guarantee(made_up(), quick_guarantee());
    return made;
  }
  static const DataTable& table_of(const std::string& id) {
    const auto& exhibits = study().exhibits;
    const auto found =
        std::find_if(exhibits.begin(), exhibits.end(), [&](const Exhibit& e) { return e.id == id; });
    if (found == exhibits.end()) throw Error(ErrorCode::kInternal, "no exhibit " + id);
    for (const auto& row : found->data.rows) EXPECT_EQ(row.size(), found->data.columns.size()) << id;
    return found->data;
  }
  static double figure(const DataTable& table, std::size_t row, std::string_view column) {
    const auto at = std::find_if(table.columns.begin(), table.columns.end(),
                                 [&](const Column& c) { return c.name == column; });
    return std::get<double>(table.rows.at(row)[static_cast<std::size_t>(at - table.columns.begin())]);
  }
};

TEST_F(GuaranteeStudy, AllPromisesHold) {
  EXPECT_NE(study().verdict.find("The guarantee holds"), std::string::npos) << study().verdict;
  EXPECT_EQ(study().exhibits.size(), 8U);
  for (const Exhibit& exhibit : study().exhibits) {
    EXPECT_EQ(exhibit.verdict.find("beyond binomial noise"), std::string::npos) << exhibit.title;
  }
}

TEST_F(GuaranteeStudy, FixedPromisesAreGivenAndRarelyBroken) {
  const DataTable& table = table_of("guarantee-resampled");
  ASSERT_EQ(table.rows.size(), 4U);
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    EXPECT_LE(figure(table, row, "violated %"), 12) << "5 % and three standard errors of 100";
    EXPECT_GT(figure(table, row, "achieved %"), 0) << "what is never given is never violated";
  }
}

TEST_F(GuaranteeStudy, AnytimePromisesAreRarelyBrokenAtAnyLook) {
  const DataTable& table = table_of("guarantee-anytime");
  ASSERT_EQ(table.rows.size(), 4U);
  for (std::size_t row = 0; row < table.rows.size(); row += 2) {
    EXPECT_EQ(std::get<std::string>(table.rows[row][1]), "anytime");
    EXPECT_EQ(std::get<std::string>(table.rows[row + 1][1]), "fixed");
    EXPECT_LE(figure(table, row, "violated at any time %"), 12);
    EXPECT_LE(figure(table, row, "violated at any time %"), figure(table, row + 1, "violated at any time %"));
  }
  EXPECT_GT(figure(table, 2, "achieved in the end %"), 50);
}

TEST_F(GuaranteeStudy, ClassesAndSourcesAreRarelyBroken) {
  for (const std::string id : {"guarantee-classes", "guarantee-sources"}) {
    const DataTable& table = table_of(id);
    ASSERT_EQ(table.rows.size(), 6U) << id;
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
      EXPECT_LE(figure(table, row, "violated %"), 12) << id;
    }
    EXPECT_GT(figure(table, 5, "achieved %"), 0) << id;
  }
}

TEST_F(GuaranteeStudy, ComparisonsMissRarelyAndFindLargeDifferences) {
  const DataTable& table = table_of("guarantee-compare");
  ASSERT_EQ(table.rows.size(), 8U);
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    EXPECT_LE(figure(table, row, "missed %"), 12);
    EXPECT_LE(figure(table, row, "wrong %"), 12);
  }
  EXPECT_EQ(figure(table, 2, "true difference, points"), 0) << "swapped at random";
  EXPECT_EQ(figure(table, 7, "told apart %"), 100) << "the fastest setting is much worse";
}

TEST_F(GuaranteeStudy, TheMonitorRaisesSoonerTheLargerTheShift) {
  const DataTable& table = table_of("guarantee-monitor");
  ASSERT_GE(table.rows.size(), 6U);
  EXPECT_LE(figure(table, 0, "raised %"), 12) << "false alarms at the limit";
  EXPECT_LE(figure(table, 1, "raised %"), 12);
  std::size_t shifted = 0;
  for (std::size_t row = 3; row < table.rows.size(); ++row) {
    if (figure(table, row, "inputs before") != figure(table, row - 1, "inputs before")) continue;
    ++shifted;
    EXPECT_GT(figure(table, row, "loss, points"), figure(table, row - 1, "loss, points"));
    EXPECT_GE(figure(table, row, "raised %"), figure(table, row - 1, "raised %"));
  }
  EXPECT_GE(shifted, 2U);
}

// Scores that are any shares, and signals.
Table table_with_signals() {
  Table table = testing::dollar_table(1600);
  Random random(2);
  for (const float score : table.scores) {
    table.signals.push_back(score + 0.2F * static_cast<float>(random.uniform() - 0.5));
  }
  return table;
}

TEST(GuaranteeOfImportedTables, HoldsForForestsAndLadders) {
  const Table table = table_with_signals();
  GuaranteeOptions options = quick_guarantee();
  options.inputs = {300};
  options.resamples = 300;
  options.retrainings = 0;
  for (const PolicyKind kind : {PolicyKind::kForests, PolicyKind::kLadder}) {
    options.kind = kind;
    const Study study = study_guarantee(table, options);
    EXPECT_NE(study.verdict.find("The guarantee holds"), std::string::npos) << study.verdict;
    ASSERT_EQ(study.exhibits.size(), 5U) << "no labels, no sources, nothing trained afresh";
    for (const Exhibit& exhibit : study.exhibits) {
      EXPECT_EQ(exhibit.verdict.find("beyond binomial noise"), std::string::npos) << exhibit.title;
    }
    for (const auto& row : study.exhibits[0].data.rows) {
      EXPECT_EQ(std::get<double>(row[2]), 300) << "calibrations";
      EXPECT_GT(std::get<double>(row[3]), 0) << "achieved";
      EXPECT_LE(std::get<double>(row[4]), 8.8) << "5 % and three standard errors of 300";
    }
  }
}

TEST(GuaranteeOfImportedTables, RefusesWhatCannotBeJudged) {
  GuaranteeOptions options = quick_guarantee();
  options.kind = PolicyKind::kSingleBest;
  EXPECT_TRIAGE_ERROR(
      study_guarantee(table_with_signals(), options), ErrorCode::kUsage,
      "guarantee: a policy of kind 'single best model', expected adaptive, forests or ladder");
  options.kind.reset();
  Table missing = table_with_signals();
  missing.scores[3] = missing.infer_ms[3] = std::nanf("");
  EXPECT_TRIAGE_ERROR(study_guarantee(missing, options), ErrorCode::kUsage,
                      "guarantee: inputs on which some model was not run 1, expected none");
}

TEST(GuaranteeOptionsCheck, RefusesWhatIsOutOfRange) {
  const auto refuse = [](auto change, std::string_view part) {
    GuaranteeOptions options = quick_guarantee();
    change(options);
    EXPECT_TRIAGE_ERROR(study_guarantee(made_up(), options), ErrorCode::kUsage, part);
  };
  refuse([](auto& o) { o.inputs = {0}; }, "inputs of a calibration 0");
  refuse([](auto& o) { o.inputs.clear(); }, "inputs of a calibration none");
  refuse([](auto& o) { o.max_losses.clear(); }, "max losses 0, expected at least one");
  refuse([](auto& o) { o.max_losses = {1}; }, "max loss 1");
  refuse([](auto& o) { o.delta = 0; }, "delta 0");
  refuse([](auto& o) { o.resamples = 0; }, "resamples 0");
  refuse([](auto& o) { o.retrainings = -1; }, "retrainings -1");
  Table unlabelled = made_up();
  unlabelled.labels[5] = kNoLabel;
  EXPECT_TRIAGE_ERROR(study_guarantee(unlabelled, quick_guarantee()), ErrorCode::kUsage,
                      "inputs without a label 1, expected none");
}

TEST(PassTable, SaysWhatTheTestSays) {
  Random random(8);
  const LossTest test{0.05, 0.1};
  const PassTable table(test, 300);
  for (int i = 0; i < 400; ++i) {
    const LossCounts counts{300, random.below(40), random.below(20)};
    EXPECT_EQ(table.passes(counts), test.passes(counts)) << counts.worse << " " << counts.better;
  }
}

}  // namespace
}  // namespace triage
