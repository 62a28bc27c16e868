// Cross-validation on made-up tables: nothing may leak from the inputs that judge to those that train.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stop_token>

#include "evaluate/fold_list.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

constexpr double kClose = 1e-9;

EvaluateOptions quick() {
  static FakeClock clock;
  EvaluateOptions options;
  options.folds = 4;
  options.resamples = 200;
  options.clock = unowned(clock);
  return options;
}

// The same inputs in another order.
Table reordered(const Table& table, std::uint64_t seed) {
  auto order = all_rows(table);
  Random random(seed);
  shuffle(std::span(order), random);
  Table out = table;
  const auto copy = [&](const auto& from, auto& to) {
    const std::size_t width = from.size() / order.size();
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (std::size_t k = 0; k < width; ++k) to[i * width + k] = from[order[i] * width + k];
    }
  };
  copy(table.ids, out.ids);
  copy(table.labels, out.labels);
  copy(table.ranks, out.ranks);
  copy(table.outputs, out.outputs);
  copy(table.infer_ms, out.infer_ms);
  copy(table.preprocess_ms, out.preprocess_ms);
  copy(table.features, out.features);
  copy(table.node_ms, out.node_ms);
  return out;
}

double accuracy_of(const Evaluation& e, MethodId method) { return e.find(method)->pooled.top1; }

TEST(CrossValidation, HasEveryMethodInEveryFold) {
  const Table table = testing::synthetic_table(400, testing::three_models(), 1);
  const Evaluation e = cross_validate(table, quick());
  std::vector<MethodId> expected;
  for (int m = 0; m < 3; ++m) expected.push_back({MethodKind::kSingle, m});
  for (const MethodKind kind :
       {MethodKind::kSbs, MethodKind::kVbs, MethodKind::kRandom, MethodKind::kPremodel, MethodKind::kShuffled,
        MethodKind::kMajority, MethodKind::kFirstModel, MethodKind::kBound, MethodKind::kCascade}) {
    expected.push_back({kind});
  }
  for (const int stages : {2, 3}) expected.push_back({MethodKind::kExactCascade, stages});
  expected.push_back({MethodKind::kCascadeRouting});
  expected.push_back({MethodKind::kAdaptive});
  ASSERT_EQ(e.methods.size(), expected.size());
  for (std::size_t m = 0; m < expected.size(); ++m) {
    EXPECT_EQ(e.methods[m].id, expected[m]) << m;
    EXPECT_EQ(e.find(expected[m]), &e.methods[m]);
    EXPECT_EQ(e.methods[m].folds.size(), 4U);
    const auto& chosen = e.methods[m].chosen;
    EXPECT_NEAR(std::accumulate(chosen.begin(), chosen.end(), 0.0), 1, kClose) << m;
  }
  EXPECT_EQ(e.find({MethodKind::kPolicy, 0}), nullptr);
  EXPECT_TRUE(std::any_of(e.contrasts.begin(), e.contrasts.end(), [](const Contrast& c) {
    return c.method == MethodId{MethodKind::kAdaptive} &&
           c.reference == MethodId{MethodKind::kCascadeRouting};
  }));
  EXPECT_EQ(e.fold_of.size(), 400U);
  EXPECT_GE(accuracy_of(e, {MethodKind::kVbs}), accuracy_of(e, {MethodKind::kBound}));
  EXPECT_LE(e.find({MethodKind::kExactCascade, 2})->pooled.looks, 2);
  for (const Method& m : e.methods) {
    EXPECT_LE(m.score_interval.low, m.pooled.score + kClose) << to_string(m.id.kind);
    EXPECT_GE(m.score_interval.high, m.pooled.score - kClose) << to_string(m.id.kind);
  }
}

TEST(CrossValidation, FoldsAddUpToThePool) {
  const Table table = testing::synthetic_table(400, testing::three_models(), 1);
  const Evaluation e = cross_validate(table, quick());
  for (const Method& m : e.methods) {
    EXPECT_NEAR(m.arithmetic.score, m.pooled.score, kClose) << to_string(m.id.kind) << ": equal folds";
    EXPECT_LE(m.geometric.score, m.arithmetic.score + kClose);
    EXPECT_LE(m.score_gain.interval.low, m.score_gain.value + kClose);
    EXPECT_GE(m.score_gain.interval.high, m.score_gain.value - kClose);
  }
}

TEST(CrossValidation, DoesNotDependOnRowOrder) {
  const Table table = testing::synthetic_table(300, testing::three_models(), 2);
  const Evaluation a = cross_validate(table, quick()), b = cross_validate(reordered(table, 9), quick());
  ASSERT_EQ(a.methods.size(), b.methods.size());
  for (std::size_t m = 0; m < a.methods.size(); ++m) {
    EXPECT_NEAR(a.methods[m].pooled.score, b.methods[m].pooled.score,
                a.methods[m].id == MethodId{MethodKind::kShuffled} ? 0.1 : kClose)
        << m;
  }
}

TEST(CrossValidation, IsReproducible) {
  const Table table = testing::synthetic_table(300, testing::three_models(), 2);
  EXPECT_EQ(evaluation_json(cross_validate(table, quick()), {}),
            evaluation_json(cross_validate(table, quick()), {}));
}

TEST(CrossValidation, UninformativeFeaturesLeaveStagesAtTheirBaseRate) {
  const Table table = testing::synthetic_table(1500, testing::three_models(), 3, 0.0);
  const Evaluation e = cross_validate(table, quick());
  ASSERT_FALSE(e.stages.empty());
  // Three standard errors of a share of 1,500 are below 0.04.
  for (const StageAccuracy& s : e.stages) EXPECT_LE(s.accuracy, s.base_rate + 0.02) << s.label;
  EXPECT_NEAR(accuracy_of(e, {MethodKind::kPremodel}), accuracy_of(e, {MethodKind::kShuffled}), 0.04);
}

TEST(CrossValidation, InformativeFeaturesAreUsed) {
  const Table table = testing::synthetic_table(1500, testing::three_models(), 3, 20.0);
  const Evaluation e = cross_validate(table, quick());
  EXPECT_GT(e.stages.front().accuracy, e.stages.front().base_rate + 0.02);
}

TEST(CrossValidation, AFeatureThatNamesTheFoldDoesNotHelp) {
  const Table plain = testing::synthetic_table(1500, testing::three_models(), 4, 0.0);
  const EvaluateOptions options = quick();
  const auto fold_of = make_folds(plain, options.folds, options.seed);
  Table marked = plain;
  for (std::size_t i = 0; i < marked.n_inputs(); ++i) {
    marked.features[i * marked.schema.size()] = static_cast<float>(fold_of[i]);
  }
  const Evaluation with = cross_validate(marked, options), without = cross_validate(plain, options);
  EXPECT_NEAR(accuracy_of(with, {MethodKind::kPremodel}), accuracy_of(without, {MethodKind::kPremodel}),
              0.04);
  for (const StageAccuracy& s : with.stages) EXPECT_LE(s.accuracy, s.base_rate + 0.02) << s.label;
}

TEST(CrossValidation, MajorityControlRunsOneModelInAFold) {
  const Evaluation e = cross_validate(testing::synthetic_table(400, testing::three_models(), 1), quick());
  for (const MethodKind kind : {MethodKind::kMajority, MethodKind::kFirstModel}) {
    EXPECT_TRUE(is_control(kind));
    EXPECT_DOUBLE_EQ(e.find({kind})->pooled.overhead, 0);
    EXPECT_DOUBLE_EQ(e.find({kind})->pooled.looks, 1);
  }
}

TEST(CrossValidation, RefusalsAreCountedWrong) {
  EvaluateOptions options = quick();
  options.premodel.fallback = "refuse";
  const Evaluation e = cross_validate(testing::synthetic_table(400, testing::three_models(), 1), options);
  const Method& chain = *e.find({MethodKind::kBound});
  EXPECT_LT(chain.pooled.coverage, 1);
  EXPECT_NEAR(chain.pooled.coverage, chain.pooled.score, kClose) << "it answers where it is right";
}

TEST(CrossValidation, FrontiersAreReadAgainstSbs) {
  const Evaluation e = cross_validate(testing::synthetic_table(1000, testing::three_models(), 5), quick());
  for (const MethodKind kind : {MethodKind::kCascade, MethodKind::kCascadeRouting, MethodKind::kAdaptive}) {
    SCOPED_TRACE(to_string(kind));
    const Frontier* frontier = e.find_frontier({kind});
    ASSERT_NE(frontier, nullptr);
    ASSERT_FALSE(frontier->points.empty());
    EXPECT_TRUE(std::is_sorted(frontier->points.begin(), frontier->points.end(),
                               [](const auto& a, const auto& b) { return a.ms < b.ms; }));
    EXPECT_GT(frontier->aiq, e.zero_router.aiq) << "confidences tell easy inputs from hard ones here";
    EXPECT_GT(frontier->score_gain_at_equal_time, -0.01);
  }
  const MethodKind recommended = e.recommendation.method.kind;
  EXPECT_TRUE(recommended == MethodKind::kCascade || recommended == MethodKind::kAdaptive)
      << to_string(recommended);
}

TEST(CrossValidation, TellsWhereTheFiguresComeFrom) {
  const Evaluation e = cross_validate(testing::synthetic_table(400, testing::three_models(), 1), quick());
  ASSERT_EQ(e.breakdown.methods,
            (std::vector<MethodId>{{MethodKind::kSbs}, {MethodKind::kCascade}, {MethodKind::kAdaptive}}));
  for (std::size_t b = 0; b < 3; ++b) {
    const Method& method = *e.find(e.breakdown.methods[b]);
    double score = 0, ms = 0, looks = 0, by_class = 0;
    for (const InputGroup& tenth : e.breakdown.deciles) {
      score += tenth.methods[b].score / 10;
      ms += tenth.methods[b].ms / 10;
      looks += tenth.methods[b].looks / 10;
    }
    for (const InputGroup& cls : e.breakdown.classes) {
      by_class += cls.methods[b].score * static_cast<double>(cls.inputs) / 400;
    }
    EXPECT_NEAR(score, method.pooled.score, kClose);
    EXPECT_NEAR(by_class, method.pooled.score, kClose);
    EXPECT_NEAR(ms, method.pooled.mean_ms, kClose);
    EXPECT_NEAR(looks, method.pooled.looks, kClose);
    EXPECT_NEAR(e.reliability[b].right, method.pooled.top1, kClose);
  }
  ASSERT_EQ(e.decisions.size(), 2U);
  for (const Decisions& d : e.decisions) {
    EXPECT_EQ(d.left_out, 0U);
    double looks = 0, right = 0;
    std::size_t answered = 0;
    for (const StageDecisions& stage : d.stages) {
      looks += static_cast<double>(stage.reached) / 400;
      right += stage.answered == 0 ? 0 : stage.right * static_cast<double>(stage.answered) / 400;
      answered += stage.answered;
    }
    EXPECT_EQ(answered, 400U) << to_string(d.method.kind);
    EXPECT_NEAR(looks, e.find(d.method)->pooled.looks, kClose) << to_string(d.method.kind);
    EXPECT_NEAR(right, e.find(d.method)->pooled.score, kClose) << to_string(d.method.kind);
  }
}

TEST(CrossValidation, WorksWithoutFeaturesAndWithoutOutputs) {
  Table table = testing::synthetic_table(200, testing::three_models(), 1);
  table.schema.features.clear();
  table.features.clear();
  EXPECT_EQ(cross_validate(table, quick()).find({MethodKind::kPremodel}), nullptr);
  for (TopK& output : table.outputs) output = {};
  const Evaluation e = cross_validate(table, quick());
  EXPECT_EQ(e.find({MethodKind::kCascade}), nullptr);
  EXPECT_TRUE(e.breakdown.deciles.empty());
  EXPECT_TRUE(e.reliability.empty());
  EXPECT_TRUE(e.decisions.empty());
  EXPECT_TRUE(std::isnan(e.find({MethodKind::kSingle, 0})->pooled.f1));
  EXPECT_EQ(e.recommendation.method, MethodId{MethodKind::kSbs});
  const Warning left_out{.kind = WarningKind::kNotCombined, .inputs = 20};
  EXPECT_EQ(e.warnings, std::vector<Warning>{left_out});
}

TEST(CrossValidation, RejectsOptionsThatDoNotFit) {
  const Table table = testing::synthetic_table(20, testing::three_models(), 1);
  EvaluateOptions options = quick();
  options.premodel.fallback = "nobody";
  EXPECT_TRIAGE_ERROR(cross_validate(table, options), ErrorCode::kUsage, "`fallback`: 'nobody'",
                      "expected best");
  options = quick();
  options.folds = 21;
  EXPECT_TRIAGE_ERROR(cross_validate(table, options), ErrorCode::kUsage, "folds: 21 of 20 inputs",
                      "an input for each", "profile more inputs");
  options.folds = 2;
  EXPECT_TRIAGE_ERROR(cross_validate(testing::synthetic_table(9, testing::three_models(), 1), options),
                      ErrorCode::kUsage, "9 inputs in 2 folds leave 4 to train on", "at least 5");
  EXPECT_TRIAGE_ERROR(cross_validate(testing::synthetic_table(20, {testing::three_models()[0]}, 1), quick()),
                      ErrorCode::kUsage, "1 model", "at least 2");
}

TEST(CrossValidation, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  EvaluateOptions options = quick();
  options.stop = stop.get_token();
  EXPECT_TRIAGE_ERROR(cross_validate(testing::synthetic_table(100, testing::three_models(), 1), options),
                      ErrorCode::kInterrupted, "stopped");
}

TEST(CrossValidation, ReportsProgressToTheEnd) {
  EvaluateOptions options = quick();
  std::size_t last = 0, end = 0;
  options.on_progress = [&](std::size_t done, std::size_t total) {
    EXPECT_EQ(done, last + 1);
    last = done;
    end = total;
  };
  (void)cross_validate(testing::synthetic_table(200, testing::three_models(), 1), options);
  EXPECT_EQ(last, end);
}

// Column 0 of the features becomes `value(input)`; the others say nothing.
template <class Value>
void set_first_feature(Table& table, const Value& value) {
  const std::size_t d = table.schema.size();
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    for (std::size_t f = 0; f < d; ++f) table.features[i * d + f] = 0;
    table.features[i * d] = static_cast<float>(value(i));
  }
}

TEST(Leakage, PermutedLabelsGiveTheBaseRate) {
  // The first feature tells which model is the optimum, to begin with.
  Table table = testing::synthetic_table(1200, testing::three_models(), 11);
  const auto costs = mean_costs(table, all_rows(table));
  set_first_feature(
      table, [&](std::size_t i) { return optimum(table, i, all_models(table), costs, Criterion::kTop1); });
  const Evaluation told = cross_validate(table, quick());
  EXPECT_GT(told.stages.front().accuracy, told.stages.front().base_rate + 0.05);

  const Table other = reordered(table, 5);
  table.features = other.features;  // of other inputs: what was learned is worth nothing
  const Evaluation permuted = cross_validate(table, quick());
  const StageAccuracy& stage = permuted.stages.front();
  const double error = std::sqrt(stage.base_rate * (1 - stage.base_rate) / static_cast<double>(stage.inputs));
  EXPECT_LT(stage.accuracy, stage.base_rate + 3 * error);
  EXPECT_LT(permuted.find({MethodKind::kPremodel})->above_router.interval.low, 0);
}

TEST(Leakage, AFeatureThatEncodesTheFoldDoesNotHelp) {
  // In even folds the cheap model is right, in odd ones it is not: whoever had seen a test input of its fold
  // would know.
  Table table = testing::synthetic_table(800, testing::three_models(), 12);
  const EvaluateOptions options = quick();
  const auto fold_of = make_folds(table, options.folds, options.seed);
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    table.ranks[table.at(i, 0)] = fold_of[i] % 2 == 0 ? 1 : 2;
    table.ranks[table.at(i, 1)] = 2;
    table.ranks[table.at(i, 2)] = 1;
  }
  set_first_feature(table, [&](std::size_t i) { return fold_of[i]; });
  const Evaluation e = cross_validate(table, options);
  const StageAccuracy& stage = e.stages.front();
  EXPECT_LE(stage.accuracy, stage.base_rate + 0.02);
}

}  // namespace
}  // namespace triage
