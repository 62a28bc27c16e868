// The study on made-up tables: every exhibit is there, and says what the table says.
#include "triage/tools/study.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stop_token>

#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/tools/stability.h"

namespace triage {
namespace {

StudyOptions quick() {
  StudyOptions options;
  options.folds = 2;
  options.resamples = 50;
  options.slice = 100;
  return options;
}

const Table& table() {
  static const Table made = [] {
    auto zoo = testing::synthetic_zoo();
    zoo.resize(5);
    return testing::synthetic_table(300, zoo, 7);
  }();
  return made;
}

// The table with features that tell nothing, at 64 px.
Table at_another_size(int px, bool same) {
  Table other = table();
  other.schema.working_px = px;
  if (!same) std::fill(other.features.begin(), other.features.end(), 0.0F);
  std::vector<std::uint32_t> backwards(other.n_inputs());
  for (std::size_t i = 0; i < backwards.size(); ++i) {
    backwards[i] = static_cast<std::uint32_t>(backwards.size() - 1 - i);
  }
  return select_table_models(select_table_inputs(other, backwards), std::vector<ModelIndex>{0});
}

// Half of the inputs, every second of them twice as slow.
Table timed_exhaustively() {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 0; row < table().n_inputs(); row += 2) rows.push_back(row);
  Table other = select_table_inputs(table(), rows);
  other.timing = {
      .mode = TimingMode::kExhaustive, .bound = 0.05, .min_runs = 5, .max_runs = 50, .cells = 100};
  for (float& ms : other.infer_ms) ms *= 2;
  for (float& ms : other.preprocess_ms) ms *= 2;
  return other;
}

const Study& study() {
  static const Study made = [] {
    const Table small = at_another_size(64, false), same = at_another_size(112, true);
    const Table exhaustive = timed_exhaustively();
    StudyOptions options = quick();
    options.other_features = {&small, &same};
    options.exhaustive = &exhaustive;
    return study_paper(table(), options);
  }();
  return made;
}

const Exhibit& exhibit(std::string_view id) {
  const auto found = std::find_if(study().exhibits.begin(), study().exhibits.end(),
                                  [&](const Exhibit& e) { return e.id == id; });
  if (found == study().exhibits.end()) throw std::runtime_error("no exhibit " + std::string(id));
  return *found;
}

double figure(const Exhibit& exhibit, std::size_t row, std::size_t column) {
  return std::get<double>(exhibit.data.rows.at(row).at(column));
}

void expect_has_every_figure_and_table() {
  std::set<std::string> ids;
  for (const Exhibit& e : study().exhibits) {
    EXPECT_TRUE(ids.insert(e.id).second) << e.id << " twice";
    EXPECT_FALSE(e.ours.empty()) << e.id;
    EXPECT_FALSE(e.verdict.empty()) << e.id;
    EXPECT_FALSE(e.data.rows.empty()) << e.id;
    for (const auto& row : e.data.rows) EXPECT_EQ(row.size(), e.data.columns.size()) << e.id;
    for (const std::size_t column : e.chart.values) EXPECT_LT(column, e.data.columns.size()) << e.id;
  }
  for (const char* id :
       {"figure-1",  "table-1",   "figure-5",  "figure-6a", "figure-6b", "figure-6c", "figure-8a",
        "figure-8b", "figure-8c", "figure-8d", "table-2",   "table-3",   "table-4",   "figure-7",
        "figure-12", "figure-13", "figure-9",  "figure-10", "figure-11", "soundness", "section-5.5",
        "controls",  "stages",    "variants",  "timing"}) {
    EXPECT_TRUE(ids.contains(id)) << id;
  }
  EXPECT_EQ(study().contradictions.size(), 5U);
}

void expect_figure_5_adds_up_to_all_inputs() {
  const Exhibit& e = exhibit("figure-5");
  double sum = 0;
  for (std::size_t r = 0; r < e.data.rows.size(); ++r) sum += figure(e, r, 1);
  EXPECT_EQ(e.data.rows.size(), table().n_models() + 1);
  EXPECT_NEAR(sum, 100, 1e-9);
}

void expect_figure_6b_looks_only_where_model_1_fails() {
  const ModelIndex first = study().evaluation.selection.models.front();
  double failing = 0, right = 0;
  for (std::size_t i = 0; i < table().n_inputs(); ++i) {
    if (table().score(i, first, Criterion::kTop1) > 0) continue;
    failing += 1;
    right += table().score(i, 4, Criterion::kTop1);
  }
  EXPECT_NEAR(figure(exhibit("figure-6b"), static_cast<std::size_t>(first), 1), 0, 1e-12);
  EXPECT_NEAR(figure(exhibit("figure-6b"), 4, 1), 100 * right / failing, 1e-9);
}

void expect_table_1_lists_the_models_that_are_right() {
  const Exhibit& list = exhibit("table-1");
  for (const auto& row : list.data.rows) {
    const std::string input = std::get<std::string>(row[0]).substr(4);
    const auto at = std::find(table().ids.begin(), table().ids.end(), input);
    ASSERT_NE(at, table().ids.end()) << input;
    const auto i = static_cast<std::size_t>(at - table().ids.begin());
    for (std::size_t m = 0; m < table().n_models(); ++m) {
      const bool listed =
          (std::get<std::string>(row[2]) + ",").find(table().models[m].name + ",") != std::string::npos;
      EXPECT_EQ(listed, table().score(i, static_cast<ModelIndex>(m), Criterion::kTop1) > 0)
          << input << " " << m;
    }
  }
}

void expect_figure_8_and_controls_repeat_the_evaluation() {
  const Method& premodel = *study().evaluation.find({MethodKind::kPremodel});
  const auto& rows = exhibit("figure-8c").data.rows;
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [](const auto& r) { return std::get<std::string>(r[0]) == "premodel"; });
  ASSERT_NE(found, rows.end());
  EXPECT_NEAR(std::get<double>((*found)[1]), 100 * premodel.pooled.top1, 1e-9);
  EXPECT_NEAR(std::get<double>((*found)[3]), 100 * premodel.score_gain.value, 1e-9);
}

void expect_figure_1_1_goes_from_one_model_to_five() {
  const Exhibit& e = exhibit("figure-11");
  ASSERT_EQ(e.data.rows.size(), 5U);
  for (std::size_t r = 0; r < 5; ++r) EXPECT_EQ(figure(e, r, 0), static_cast<double>(r + 1));
}

void expect_the_faithful_variant_is_the_premodel() {
  EXPECT_NEAR(figure(exhibit("variants"), 0, 2),
              100 * study().evaluation.find({MethodKind::kPremodel})->pooled.score, 1e-9);
}

std::size_t row_of(const Exhibit& exhibit, std::string_view name) {
  const auto& rows = exhibit.data.rows;
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const auto& r) { return std::get<std::string>(r[0]) == name; });
  if (found == rows.end()) throw std::runtime_error("no row " + std::string(name));
  return static_cast<std::size_t>(found - rows.begin());
}

void expect_variants_with_weights_and_other_features() {
  const Exhibit& e = exhibit("variants");
  // With constant features every input has the same neighbours, and so the same choice in each fold.
  const std::size_t small = row_of(e, "features at 64 px");
  EXPECT_NE(figure(e, small, 2), figure(e, 0, 2));
  bool votes_matter = figure(e, row_of(e, "K = 5, votes by 1 / distance"), 10) != figure(e, 0, 10);
  for (const char* k : {"K = 15", "K = 63"}) {
    const std::size_t weighted = row_of(e, std::string(k) + ", votes by 1 / distance");
    votes_matter =
        votes_matter || figure(e, weighted, 10) != figure(e, row_of(e, k), 10);  // the optimum's share
  }
  EXPECT_TRUE(votes_matter);
  EXPECT_NE(e.about.find("At 112 px every feature of every input is the same"), std::string::npos) << e.about;
  EXPECT_THROW((void)row_of(e, "features at 112 px"), std::runtime_error);
}

void expect_the_timing_exhibit_compares_the_same_inputs() {
  const Exhibit& e = exhibit("timing");
  ASSERT_EQ(e.data.rows.size(), table().n_models());
  for (std::size_t r = 0; r < e.data.rows.size(); ++r) EXPECT_NEAR(figure(e, r, 3), 2, 1e-6);
  EXPECT_NE(e.ours.find("On 150 inputs"), std::string::npos) << e.ours;
  EXPECT_NE(e.verdict.find("hardly matters"), std::string::npos) << e.ours << e.verdict;
}

// One test, since every test is a process of its own and the study takes a while.
TEST(StudyPaper, SaysWhatTheTableSays) {
  expect_has_every_figure_and_table();
  expect_figure_5_adds_up_to_all_inputs();
  expect_figure_6b_looks_only_where_model_1_fails();
  expect_table_1_lists_the_models_that_are_right();
  expect_figure_8_and_controls_repeat_the_evaluation();
  expect_figure_1_1_goes_from_one_model_to_five();
  expect_the_faithful_variant_is_the_premodel();
  expect_variants_with_weights_and_other_features();
  expect_the_timing_exhibit_compares_the_same_inputs();
}

TEST(StudyPaper, RefusesTablesThatCannotTell) {
  Table bare = testing::synthetic_table(60, testing::synthetic_zoo(), 1);
  bare.schema.features.clear();
  bare.features.clear();
  EXPECT_TRIAGE_ERROR(study_paper(bare, quick()), ErrorCode::kUsage, "no features");
  Table scores = testing::synthetic_table(60, testing::synthetic_zoo(), 1);
  for (TopK& output : scores.outputs) output = {};
  EXPECT_TRIAGE_ERROR(study_paper(scores, quick()), ErrorCode::kUsage, "scores alone");
}

TEST(StudyPaper, RefusesFurtherTablesThatDoNotFit) {
  const auto expect = [&](const std::vector<const Table*>& others, std::string_view message) {
    StudyOptions options = quick();
    options.other_features = others;
    EXPECT_TRIAGE_ERROR(study_paper(table(), options), ErrorCode::kUsage, message);
  };
  const Table small = at_another_size(64, false);
  expect({&table()}, "224 px twice");
  expect({&small, &small}, "64 px twice");
  Table spoilt = small;
  spoilt.schema.features[0].version = 9;
  expect({&spoilt}, "another list of features");
  spoilt = small;
  spoilt.ids[3] = "another";
  expect({&spoilt}, "other features, 64 px: lacks input");
  spoilt = small;
  spoilt.labels[3] = (spoilt.labels[3] + 1) % 10;
  expect({&spoilt}, "labels differ");
  StudyOptions options = quick();
  options.exhaustive = &table();
  EXPECT_TRIAGE_ERROR(study_paper(table(), options), ErrorCode::kUsage, "timed 'cheap' and 'cheap'");
}

TEST(StudyPaper, StopsWhenAsked) {
  StudyOptions options = quick();
  std::stop_source stop;
  stop.request_stop();
  options.stop = stop.get_token();
  EXPECT_TRIAGE_ERROR(study_paper(table(), options), ErrorCode::kInterrupted, "stopped");
}

}  // namespace
}  // namespace triage
