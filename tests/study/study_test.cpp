// The study on made-up tables: every exhibit is there, and says what the table says.
#include "triage/tools/study.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "report/method_names.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/tools/stability.h"

namespace triage {
namespace {

StudyOptions quick() {
  static const FakeClock clock;
  StudyOptions options;
  options.clock = unowned(clock);
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

// Every second input, twice as slow.
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

// One study for all of its tests, which takes seconds; they have one process (tests/CMakeLists.txt).
class StudyExhibits : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const Table small = at_another_size(64, false), same = at_another_size(112, true);
    const Table exhaustive = timed_exhaustively();
    StudyOptions options = quick();
    options.other_features = {&small, &same};
    options.exhaustive = &exhaustive;
    study_ = std::make_unique<Study>(study_paper(table(), options));
  }
  static void TearDownTestSuite() { study_.reset(); }

  static const Study& study() { return *study_; }
  static const Method& method(MethodId id) { return *study().evaluation.find(id); }
  static const Exhibit& exhibit(std::string_view id) {
    const auto found = std::find_if(study().exhibits.begin(), study().exhibits.end(),
                                    [&](const Exhibit& e) { return e.id == id; });
    if (found == study().exhibits.end()) throw std::runtime_error("no exhibit " + std::string(id));
    return *found;
  }
  static std::string name(const Exhibit& exhibit, std::size_t row, std::size_t column = 0) {
    return std::get<std::string>(exhibit.data.rows.at(row).at(column));
  }
  static double figure(const Exhibit& exhibit, std::size_t row, std::size_t column) {
    return std::get<double>(exhibit.data.rows.at(row).at(column));
  }
  static std::size_t row_of(const Exhibit& exhibit, std::string_view of) {
    for (std::size_t row = 0; row < exhibit.data.rows.size(); ++row) {
      if (name(exhibit, row) == of) return row;
    }
    throw std::runtime_error("no row " + std::string(of));
  }
  // Models that are right on an input, as a list of names.
  static std::string right_on(std::size_t input, Criterion criterion) {
    std::string names;
    for (std::size_t m = 0; m < table().n_models(); ++m) {
      if (table().score(input, static_cast<ModelIndex>(m), criterion) > 0)
        names += (names.empty() ? "" : ", ") + table().models[m].name;
    }
    return names;
  }
  // The models of this zoo are by rising cost: the first that is right is the optimum.
  static std::string first_of(const std::string& names) {
    return names.empty() ? "none" : names.substr(0, names.find(','));
  }

 private:
  inline static std::unique_ptr<Study> study_;
};

TEST_F(StudyExhibits, AreEveryFigureAndTable) {
  std::set<std::string> ids;
  for (const Exhibit& e : study().exhibits) {
    EXPECT_TRUE(ids.insert(e.id).second) << e.id << " twice";
    EXPECT_FALSE(e.ours.empty()) << e.id;
    EXPECT_FALSE(e.verdict.empty()) << e.id;
    EXPECT_FALSE(e.data.rows.empty()) << e.id;
    for (const auto& row : e.data.rows) EXPECT_EQ(row.size(), e.data.columns.size()) << e.id;
    for (const std::size_t column : e.chart.values) EXPECT_LT(column, e.data.columns.size()) << e.id;
  }
  EXPECT_EQ(ids, (std::set<std::string>{"figure-1",    "table-1",   "figure-5",  "figure-6a", "figure-6b",
                                        "figure-6c",   "figure-8a", "figure-8b", "figure-8c", "figure-8d",
                                        "table-2",     "table-3",   "table-4",   "figure-7",  "figure-12",
                                        "figure-13",   "figure-9",  "figure-10", "figure-11", "soundness",
                                        "section-5.5", "controls",  "stages",    "variants",  "timing"}));
  EXPECT_EQ(study().contradictions.size(), 5U);
}

TEST_F(StudyExhibits, Figure5CountsTheOptimaOfAllInputs) {
  std::map<std::string, double> optima;
  for (std::size_t i = 0; i < table().n_inputs(); ++i) {
    optima[first_of(right_on(i, Criterion::kTop1))] += 100.0 / static_cast<double>(table().n_inputs());
  }
  const Exhibit& e = exhibit("figure-5");
  ASSERT_EQ(e.data.rows.size(), table().n_models() + 1);
  for (std::size_t m = 0; m < table().n_models(); ++m) {
    EXPECT_EQ(name(e, m), table().models[m].name);
    EXPECT_NEAR(figure(e, m, 1), optima[name(e, m)], 1e-9) << name(e, m);
  }
  EXPECT_NEAR(figure(e, table().n_models(), 1), optima["none"], 1e-9);
  ASSERT_GT(optima["none"], 0) << "else this shows nothing of it";
}

TEST_F(StudyExhibits, Figure6bLooksOnlyWhereModel1Fails) {
  const ModelIndex first = study().evaluation.selection.models.front();
  std::vector<double> right(table().n_models());
  double failing = 0;
  for (std::size_t i = 0; i < table().n_inputs(); ++i) {
    if (table().score(i, first, Criterion::kTop1) > 0) continue;
    failing += 1;
    for (std::size_t m = 0; m < right.size(); ++m)
      right[m] += table().score(i, static_cast<ModelIndex>(m), Criterion::kTop1);
  }
  const Exhibit& e = exhibit("figure-6b");
  EXPECT_NEAR(figure(e, static_cast<std::size_t>(first), 1), 0, 1e-12);
  for (std::size_t m = 0; m < right.size(); ++m) {
    EXPECT_NEAR(figure(e, m, 1), 100 * right[m] / failing, 1e-9) << m;
  }
}

TEST_F(StudyExhibits, Table1ListsTheModelsThatAreRight) {
  const Exhibit& list = exhibit("table-1");
  ASSERT_EQ(list.data.rows.size(), 3U);
  for (std::size_t row = 0; row < 3; ++row) {
    const std::string input = name(list, row).substr(4);  // behind "(a) "
    const auto at = std::find(table().ids.begin(), table().ids.end(), input);
    ASSERT_NE(at, table().ids.end()) << input;
    const auto i = static_cast<std::size_t>(at - table().ids.begin());
    const std::string top1 = right_on(i, Criterion::kTop1), top5 = right_on(i, Criterion::kTop5);
    EXPECT_EQ(name(list, row, 2), top1) << input;
    EXPECT_EQ(name(list, row, 3), top5) << input;
    EXPECT_EQ(name(list, row, 4), first_of(top1)) << input;
    EXPECT_EQ(name(list, row, 5), first_of(top5)) << input;
  }
  EXPECT_EQ(name(list, 0, 4), "linear") << "the cheapest is right";
  EXPECT_NE(name(list, 1, 4), "linear") << "a dearer one is needed";
  EXPECT_NE(name(list, 2, 4), name(list, 2, 5)) << "the best depends on the criterion";
}

TEST_F(StudyExhibits, Figure8RepeatsTheEvaluation) {
  const Exhibit &ms = exhibit("figure-8a"), &score = exhibit("figure-8c");
  for (const auto& [of, kind] : {std::pair("premodel", MethodKind::kPremodel),
                                 {"cascade", MethodKind::kCascade},
                                 {"VBS (oracle)", MethodKind::kVbs}}) {
    SCOPED_TRACE(of);
    const Method& m = method({kind});
    EXPECT_NEAR(figure(ms, row_of(ms, of), 1), m.pooled.mean_ms, 1e-12);
    EXPECT_NEAR(figure(ms, row_of(ms, of), 5), m.time_ratio.value, 1e-12);
    const std::size_t row = row_of(score, of);
    EXPECT_NEAR(figure(score, row, 1), 100 * m.pooled.top1, 1e-9);
    EXPECT_NEAR(figure(score, row, 2), 100 * m.pooled.top5, 1e-9);
    EXPECT_NEAR(figure(score, row, 3), 100 * m.score_gain.value, 1e-9);
    EXPECT_NEAR(figure(score, row, 4), 100 * m.score_gain.interval.low, 1e-9);
    EXPECT_NEAR(figure(score, row, 5), 100 * m.score_gain.interval.high, 1e-9);
  }
}

TEST_F(StudyExhibits, ControlsRepeatTheEvaluation) {
  const Exhibit& e = exhibit("controls");
  std::size_t row = 0;
  for (const Method& m : study().evaluation.methods) {
    if (m.id.kind == MethodKind::kSingle) continue;
    const std::string called = method_name(study().evaluation, m.id);
    SCOPED_TRACE(called);
    EXPECT_EQ(name(e, row), called);
    EXPECT_NEAR(figure(e, row, 1), 100 * m.pooled.score, 1e-9);
    EXPECT_NEAR(figure(e, row, 2), m.pooled.mean_ms, 1e-12);
    EXPECT_NEAR(figure(e, row, 3), 100 * m.score_gain.value, 1e-9);
    ++row;
  }
  EXPECT_EQ(row, e.data.rows.size());
  for (const char* control : {"premodel", "shuffled features", "majority class", "always Model-1"})
    EXPECT_NO_THROW((void)row_of(e, control));
}

TEST_F(StudyExhibits, Figure11GoesFromOneModelToFive) {
  const Exhibit& e = exhibit("figure-11");
  ASSERT_EQ(e.data.rows.size(), 5U);
  const auto fold_of = make_folds(table(), 2, 0);
  std::vector<std::uint32_t> first_fold;  // that it trains on
  for (std::uint32_t row = 0; row < table().n_inputs(); ++row) {
    if (fold_of[row] != 0) first_fold.push_back(row);
  }
  for (std::size_t r = 0; r < 5; ++r) {
    EXPECT_EQ(figure(e, r, 0), static_cast<double>(r + 1));
    std::string models;  // fewer where no further one is right on what is left
    for (const ModelIndex m : select_models(table(), first_fold, Criterion::kTop1, 0, r + 1).models) {
      models += (models.empty() ? "" : ", ") + table().models[static_cast<std::size_t>(m)].name;
    }
    EXPECT_EQ(name(e, r, 6), models);
  }
  EXPECT_NEAR(figure(e, 0, 1), 100 * method({MethodKind::kFirstModel}).pooled.score, 1e-9)
      << "no choice is left";
}

TEST_F(StudyExhibits, TheFaithfulVariantIsThePremodel) {
  const Exhibit& e = exhibit("variants");
  const Metrics& premodel = method({MethodKind::kPremodel}).pooled;
  EXPECT_NEAR(figure(e, 0, 2), 100 * premodel.score, 1e-9);
  EXPECT_NEAR(figure(e, 0, 3), premodel.mean_ms, 1e-12);
  EXPECT_NEAR(figure(e, 0, 11), 100 * premodel.optimum, 1e-9);
}

TEST_F(StudyExhibits, VotesByDistanceMatter) {
  const Exhibit& e = exhibit("variants");
  const auto differs = [&](const std::string& plain, const std::string& weighted) {
    const std::size_t a = row_of(e, plain), b = row_of(e, weighted);
    return figure(e, a, 2) != figure(e, b, 2) || figure(e, a, 11) != figure(e, b, 11);
  };
  EXPECT_TRUE(differs("as in the paper", "K = 5, votes by 1 / distance") ||
              differs("K = 15", "K = 15, votes by 1 / distance") ||
              differs("K = 63", "K = 63, votes by 1 / distance"));
}

// Where the features are constant every input of a fold has the same neighbours, and so the same model.
TEST_F(StudyExhibits, FeaturesOfAnotherSizeAreTakenFromThatTable) {
  const Exhibit& e = exhibit("variants");
  const std::size_t small = row_of(e, "features at 64 px");
  const auto scores_of = [&](ModelIndex m, std::size_t fold) {
    return method({MethodKind::kSingle, m}).folds.at(fold).score;
  };
  bool is_one_model_a_fold = false;
  for (const ModelIndex a : all_models(table())) {
    for (const ModelIndex b : all_models(table())) {
      is_one_model_a_fold = is_one_model_a_fold ||
                            std::abs(50 * (scores_of(a, 0) + scores_of(b, 1)) - figure(e, small, 2)) < 1e-9;
    }
  }
  EXPECT_TRUE(is_one_model_a_fold) << figure(e, small, 2);
  EXPECT_NE(figure(e, small, 2), figure(e, 0, 2));
  EXPECT_NE(e.about.find("At 112 px every feature of every input is the same"), std::string::npos) << e.about;
  EXPECT_THROW((void)row_of(e, "features at 112 px"), std::runtime_error);
}

TEST_F(StudyExhibits, TimingComparesTheSameInputs) {
  const Exhibit& e = exhibit("timing");
  ASSERT_EQ(e.data.rows.size(), table().n_models());
  std::vector<std::uint32_t> timed;
  for (std::uint32_t row = 0; row < table().n_inputs(); row += 2) timed.push_back(row);
  const auto cheap = mean_costs(table(), timed);
  for (std::size_t r = 0; r < e.data.rows.size(); ++r) {
    EXPECT_EQ(name(e, r), table().models[r].name);
    EXPECT_NEAR(figure(e, r, 1), cheap[r], 1e-6);
    EXPECT_NEAR(figure(e, r, 2), 2 * cheap[r], 1e-6);
    EXPECT_NEAR(figure(e, r, 3), 2, 1e-6);
  }
  EXPECT_NE(e.ours.find("On 150 inputs"), std::string::npos) << e.ours;
  EXPECT_NE(e.verdict.find("hardly matters"), std::string::npos) << e.ours << e.verdict;
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
