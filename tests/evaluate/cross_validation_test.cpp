// Cross-validation on made-up tables: nothing may leak from the inputs that judge to those that train.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "evaluate/fold_list.h"
#include "evaluate/unseen_rows.h"
#include "report/method_names.h"
#include "support/expect_error.h"
#include "support/imported.h"
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

// A table, and behind its inputs a copy of each of the first n that says what the input says.
Table with_copies_of(const Table& table, std::uint32_t n) {
  auto rows = all_rows(table);
  for (std::uint32_t i = 0; i < n; ++i) rows.push_back(i);
  Table all = select_table_inputs(table, rows);
  all.groups.resize(rows.size());
  for (std::size_t i = table.n_inputs(); i < rows.size(); ++i) {
    all.groups[i] = all.ids[i];
    all.ids[i] += "~left:1";
  }
  return all;
}

TEST(CrossValidation, TrainsOnCopiesAndIsJudgedWithout) {
  const Table table = testing::synthetic_table(240, testing::three_models(), 1);
  // Of the copies all models but the worst are always wrong, so that whoever trains on them runs that one.
  Table all = with_copies_of(table, 240);
  for (std::size_t i = 240; i < 480; ++i) {
    for (ModelIndex m = 0; m < 3; ++m) {
      const Label label = all.labels[i], said = m == 0 ? label : (label + 1) % 10;
      all.ranks[all.at(i, m)] = m == 0 ? 1 : 2;
      all.outputs[all.at(i, m)] = testing::detail::output_for(said, 0.99, 10);
    }
  }
  EvaluateOptions options = quick();
  options.resamples = 0;
  const Evaluation plain = cross_validate(table, options);
  options.augmented = &all;
  const Evaluation augmented = cross_validate(table, options);
  EXPECT_EQ(plain.n_copies, 0U);
  EXPECT_EQ(augmented.n_copies, 240U);
  EXPECT_EQ(augmented.n_inputs, 240U);
  EXPECT_EQ(augmented.fold_of, plain.fold_of);
  for (const MethodId same : {MethodId{MethodKind::kSbs}, MethodId{MethodKind::kVbs}}) {
    EXPECT_EQ(accuracy_of(augmented, same), accuracy_of(plain, same));
  }
  const double worst = mean_scores(table, all_rows(table), Criterion::kTop1)[0];
  EXPECT_GT(accuracy_of(plain, {MethodKind::kAdaptive}), worst + 0.02);
  EXPECT_NEAR(accuracy_of(augmented, {MethodKind::kAdaptive}), worst, 0.02);
  EXPECT_NE(evaluation_text(augmented, {}).find("training parts with their 240 perturbed copies"),
            std::string::npos);
}

TEST(CrossValidation, CopiesHaveToBeOfTheTablesInputs) {
  const Table table = testing::synthetic_table(60, testing::three_models(), 1);
  EvaluateOptions options = quick();
  options.augmented = &table;
  EXPECT_TRIAGE_ERROR(cross_validate(table, options), ErrorCode::kUsage,
                      "`augmented` has no copy of an input");
  Table other = with_copies_of(table, 10);
  other.ids[3] = "another";
  options.augmented = &other;
  EXPECT_TRIAGE_ERROR(cross_validate(table, options), ErrorCode::kUsage,
                      "`augmented` begins with other inputs");
}

TEST(DistinctRows, HaveOneOfEachGroup) {
  const Table table = testing::synthetic_table(200, testing::three_models(), 1);
  Table all = with_copies_of(table, 200);
  const auto rows = distinct_rows(all, all_rows(all));
  ASSERT_EQ(rows.size(), 200U);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  std::set<std::string> groups;
  std::size_t n_copies = 0;
  for (const std::uint32_t row : rows) {
    groups.insert(all.group_of(row));
    n_copies += row >= 200 ? 1 : 0;
  }
  EXPECT_EQ(groups.size(), 200U);
  EXPECT_NEAR(static_cast<double>(n_copies), 100, 30) << "as often the copy as the input itself";
  all.groups.clear();
  EXPECT_EQ(distinct_rows(all, all_rows(all)), all_rows(all));
}

TEST(UnseenRows, CopiesOfWhatWasTrainedOnAreSeen) {
  const Table all = with_copies_of(testing::synthetic_table(60, testing::three_models(), 1), 60);
  std::vector<std::uint32_t> originals(40), copies;
  std::iota(originals.begin(), originals.end(), 0U);
  const auto policy = train_cascade(all, originals, {});
  for (const std::uint32_t row : unseen_rows(all, policy->info().training)) copies.push_back(row);
  ASSERT_EQ(copies.size(), 40U) << "20 inputs and their copies";
  EXPECT_EQ(copies.front(), 40U);
  EXPECT_EQ(copies[20], 100U);
}

TEST(CrossValidation, BySourceTestsEachOnTheOthers) {
  Table table = testing::synthetic_table(300, testing::three_models(), 1);
  table.sources = {"lab", "shop", "street"};
  for (std::size_t i = 0; i < 300; ++i) table.source_of.push_back(i < 150 ? 0 : i < 250 ? 1 : 2);
  EvaluateOptions options = quick();
  options.by_source = true;
  const Evaluation e = cross_validate(table, options);
  EXPECT_EQ(e.folds, 3);
  EXPECT_EQ(e.sources, table.sources);
  EXPECT_EQ(e.fold_of, table.source_of);
  // The single models are the same whatever they were trained on, so their figures are those of the source.
  const Method& large = *e.find({MethodKind::kSingle, 2});
  std::vector<std::uint32_t> street(50);
  std::iota(street.begin(), street.end(), 250);
  EXPECT_NEAR(large.folds[2].score, mean_scores(table, street, Criterion::kTop1)[2], kClose);
  EXPECT_NEAR(large.folds[2].mean_ms, mean_costs(table, street)[2], kClose);
  const std::string text = evaluation_text(e);
  EXPECT_NE(text.find("each of 3 sources judged by what was trained on the others"), text.npos);
  EXPECT_NE(text.find("By source, trained on the others"), text.npos);
  EXPECT_NE(text.find("\n  street      50 "), text.npos) << text;
}

TEST(CrossValidation, BySourceNeedsSourcesAndEnoughToTrainOn) {
  Table table = testing::synthetic_table(60, testing::three_models(), 1);
  EvaluateOptions options = quick();
  options.by_source = true;
  EXPECT_TRIAGE_ERROR(cross_validate(table, options), ErrorCode::kUsage, "sources: 0 with inputs");
  table.sources = {"most", "few"};
  table.source_of.assign(60, 0);
  table.source_of[0] = table.source_of[1] = 1;
  EXPECT_TRIAGE_ERROR(cross_validate(table, options), ErrorCode::kUsage, "60 inputs in 2 folds leave 2");
}

TEST(CrossValidation, HasEveryMethodInEveryFold) {
  const Table table = testing::synthetic_table(400, testing::three_models(), 1);
  const Evaluation e = cross_validate(table, quick());
  std::vector<MethodId> expected;
  for (int m = 0; m < 3; ++m) expected.push_back({MethodKind::kSingle, m});
  for (const MethodKind kind :
       {MethodKind::kSbs, MethodKind::kCheapestEqual, MethodKind::kVbs, MethodKind::kRandom,
        MethodKind::kPremodel, MethodKind::kShuffled, MethodKind::kMajority, MethodKind::kFirstModel,
        MethodKind::kBound, MethodKind::kCascade}) {
    expected.push_back({kind});
  }
  for (const int stages : {2, 3}) expected.push_back({MethodKind::kExactCascade, stages});
  for (const MethodKind kind : {MethodKind::kAuto, MethodKind::kCascadeRouting, MethodKind::kAdaptive}) {
    expected.push_back({kind});
  }
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
}

// The rows of a fold, or all the others.
std::vector<std::uint32_t> rows_of_fold(std::span<const std::int32_t> fold_of, int fold, bool test) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < fold_of.size(); ++i) {
    if ((fold_of[i] == fold) == test) rows.push_back(i);
  }
  return rows;
}

// Mean and standard error of the mean.
struct Mean {
  double value = 0, error = 0;
};
Mean mean_of_all(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  Mean mean{std::accumulate(values.begin(), values.end(), 0.0) / n, 0};
  for (const double value : values) mean.error += (value - mean.value) * (value - mean.value) / n;
  mean.error = std::sqrt(mean.error / n);
  return mean;
}

// The percentile of 2,000 resamples is known to 0.06 standard errors; scores of 400 inputs move by 1/400.
void expect_interval(const Interval& interval, const Mean& mean) {
  const double close = 0.2 * mean.error + 1.0 / 400;
  EXPECT_NEAR(interval.low, mean.value - 1.96 * mean.error, close);
  EXPECT_NEAR(interval.high, mean.value + 1.96 * mean.error, close);
}

// Against the normal approximation, each figure from the scores and times of the table.
TEST(CrossValidation, IntervalsAreAsWideAsChanceIs) {
  const Table table = testing::synthetic_table(400, testing::three_models(), 1);
  EvaluateOptions options = quick();
  options.resamples = 2000;
  const Evaluation e = cross_validate(table, options);
  std::vector<double> sbs_score(400), sbs_ms(400);
  for (int fold = 0; fold < options.folds; ++fold) {
    const auto train = rows_of_fold(e.fold_of, fold, false);
    const ModelIndex sbs = single_best(mean_scores(table, train, Criterion::kTop1), mean_costs(table, train));
    for (const std::uint32_t i : rows_of_fold(e.fold_of, fold, true)) {
      sbs_score[i] = table.score(i, sbs, Criterion::kTop1);
      sbs_ms[i] = table.cost_ms(i, sbs);
    }
  }
  const Mean reference = mean_of_all(sbs_ms);
  for (ModelIndex m = 0; m < 3; ++m) {
    const Method& method = *e.find({MethodKind::kSingle, m});
    SCOPED_TRACE(m);
    std::vector<double> score, gain, ms, deviation;
    for (std::size_t i = 0; i < 400; ++i) {
      score.push_back(table.score(i, m, Criterion::kTop1));
      gain.push_back(score.back() - sbs_score[i]);
      ms.push_back(table.cost_ms(i, m));
    }
    EXPECT_NEAR(method.pooled.score, mean_of_all(score).value, kClose);
    expect_interval(method.score_interval, mean_of_all(score));
    EXPECT_NEAR(method.score_gain.value, mean_of_all(gain).value, kClose);
    expect_interval(method.score_gain.interval, mean_of_all(gain));
    // A ratio of means varies, to first order, as the mean of what its numerator lacks.
    const double ratio = mean_of_all(ms).value / reference.value;
    for (std::size_t i = 0; i < 400; ++i) {
      deviation.push_back(ratio + (ms[i] - ratio * sbs_ms[i]) / reference.value);
    }
    EXPECT_NEAR(method.time_ratio.value, ratio, kClose);
    const Mean by_time = mean_of_all(deviation);
    EXPECT_NEAR(method.time_ratio.interval.low, ratio - 1.96 * by_time.error, 0.2 * by_time.error + kClose);
    EXPECT_NEAR(method.time_ratio.interval.high, ratio + 1.96 * by_time.error, 0.2 * by_time.error + kClose);
  }
  const Method& sbs = *e.find({MethodKind::kSbs});
  for (const double end : {sbs.score_gain.interval.low, sbs.score_gain.interval.high}) EXPECT_EQ(end, 0);
  for (const double end : {sbs.time_ratio.interval.low, sbs.time_ratio.interval.high}) EXPECT_EQ(end, 1);
}

TEST(CrossValidation, FoldsAddUpToThePool) {
  const Table table = testing::synthetic_table(400, testing::three_models(), 1);
  const Evaluation e = cross_validate(table, quick());
  for (const Method& m : e.methods) {
    SCOPED_TRACE(method_name(e, m.id));
    double sum = 0, logarithms = 0;
    for (const Metrics& fold : m.folds) {
      sum += fold.score / 4;
      logarithms += std::log(fold.score) / 4;
    }
    EXPECT_NEAR(m.pooled.score, sum, kClose) << "equal folds";
    EXPECT_NEAR(m.arithmetic.score, sum, kClose);
    EXPECT_NEAR(m.geometric.score, std::exp(logarithms), kClose);
  }
  for (ModelIndex m = 0; m < 3; ++m) {
    const Method& method = *e.find({MethodKind::kSingle, m});
    for (int fold = 0; fold < 4; ++fold) {
      const auto rows = rows_of_fold(e.fold_of, fold, true);
      EXPECT_EQ(rows.size(), 100U);
      EXPECT_NEAR(method.folds[static_cast<std::size_t>(fold)].score,
                  mean_scores(table, rows, Criterion::kTop1)[static_cast<std::size_t>(m)], kClose);
    }
  }
}

TEST(CrossValidation, DoesNotDependOnRowOrder) {
  const Table table = testing::synthetic_table(300, testing::three_models(), 2);
  const Evaluation a = cross_validate(table, quick()), b = cross_validate(reordered(table, 9), quick());
  ASSERT_EQ(a.methods.size(), b.methods.size());
  for (std::size_t m = 0; m < a.methods.size(); ++m) {
    SCOPED_TRACE(method_name(a, a.methods[m].id));
    if (a.methods[m].id.kind == MethodKind::kShuffled) continue;  // among rows as they stand
    EXPECT_NEAR(a.methods[m].pooled.score, b.methods[m].pooled.score, kClose);
    EXPECT_NEAR(a.methods[m].pooled.mean_ms, b.methods[m].pooled.mean_ms, kClose);
    EXPECT_NEAR(a.methods[m].geometric.score, b.methods[m].geometric.score, kClose);
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
    SCOPED_TRACE(to_string(kind));
    EXPECT_TRUE(is_control(kind));
    const Method& control = *e.find({kind});
    EXPECT_DOUBLE_EQ(control.pooled.overhead, 0);
    EXPECT_DOUBLE_EQ(control.pooled.looks, 1);
    for (std::size_t fold = 0; fold < 4; ++fold) {
      const auto is_alone = [&](int model) {
        const Method& single = *e.find({MethodKind::kSingle, model});
        return std::abs(single.folds[fold].mean_ms - control.folds[fold].mean_ms) < kClose;
      };
      EXPECT_TRUE(is_alone(0) || is_alone(1) || is_alone(2)) << fold;
    }
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

// Score that mixing two of the points at random reaches in `ms` on average, of all pairs.
double best_mix(std::span<const FrontierPoint> points, double ms) {
  double best = 0;
  for (const FrontierPoint& a : points) {
    if (a.ms > ms) continue;
    best = std::max(best, a.score);
    for (const FrontierPoint& b : points) {
      if (b.ms > ms) best = std::max(best, a.score + (b.score - a.score) * (ms - a.ms) / (b.ms - a.ms));
    }
  }
  return best;
}

// The least time in which such a mix has the score; NaN when none has.
double least_time(std::span<const FrontierPoint> points, double score) {
  double least = kNotMeasured;
  for (const FrontierPoint& b : points) {
    if (b.score < score) continue;
    least = std::fmin(least, b.ms);
    for (const FrontierPoint& a : points) {
      if (a.score >= score || a.ms >= b.ms) continue;
      least = std::fmin(least, a.ms + (b.ms - a.ms) * (score - a.score) / (b.score - a.score));
    }
  }
  return least;
}

TEST(CrossValidation, FrontiersAreReadAgainstSbs) {
  auto zoo = testing::three_models();
  zoo.push_back({"slow", 2 * zoo.back().ms, zoo[1].skill});  // the most expensive is not the best
  const Table table = testing::synthetic_table(1000, zoo, 5);
  const Evaluation e = cross_validate(table, quick());
  const auto costs = mean_costs(table, all_rows(table));
  const Metrics &cheap = e.find({MethodKind::kSingle, 0})->pooled, &sbs = e.find({MethodKind::kSbs})->pooled,
                &vbs = e.find({MethodKind::kVbs})->pooled;
  for (const MethodKind kind : {MethodKind::kCascade, MethodKind::kCascadeRouting, MethodKind::kAdaptive}) {
    SCOPED_TRACE(to_string(kind));
    const Frontier* frontier = e.find_frontier({kind});
    ASSERT_NE(frontier, nullptr);
    ASSERT_FALSE(frontier->points.empty());
    EXPECT_TRUE(std::is_sorted(frontier->points.begin(), frontier->points.end(),
                               [](const auto& a, const auto& b) { return a.ms < b.ms; }));
    EXPECT_GT(frontier->aiq, e.zero_router.aiq) << "confidences tell easy inputs from hard ones here";
    // The cheapest model alone can always be had.
    std::vector<FrontierPoint> points = frontier->points;
    points.push_back({cheap.mean_ms, cheap.score});
    const double gain = best_mix(points, sbs.mean_ms) - sbs.score;
    EXPECT_NEAR(frontier->score_gain_at_equal_time, gain, kClose);
    EXPECT_NEAR(frontier->closed_gap, gain / (vbs.score - sbs.score), kClose);
    EXPECT_NEAR(frontier->speed_up_at_equal_score, sbs.mean_ms / least_time(points, sbs.score), kClose);
    const double most = cheap.score + 0.95 * (sbs.score - cheap.score);
    EXPECT_NEAR(frontier->time_share_for_95, least_time(points, most) / sbs.mean_ms, kClose);
    double area = 0;
    constexpr int kSteps = 2000;
    for (int k = 0; k < kSteps; ++k) {
      area += best_mix(points, costs.front() + (costs.back() - costs.front()) * (k + 0.5) / kSteps) / kSteps;
    }
    EXPECT_NEAR(frontier->aiq, area, 1e-4);
  }
}

// The rule of docs/design.md, on tables where a rival would win: rivals are never recommended.
// Whichever method did best here, what training chooses by itself or SBS is recommended.
TEST(CrossValidation, RecommendsWhatTrainingChoosesOrOneModel) {
  const auto judged = [](const Evaluation& e, MethodId id) {
    const auto& all = e.recommendation.candidates;
    return *std::find_if(all.begin(), all.end(), [&](const Judgement& j) { return j.method == id; });
  };
  const Evaluation many = cross_validate(testing::synthetic_table(2000, testing::three_models(), 6), quick());
  EXPECT_TRUE(judged(many, {MethodKind::kAuto}).is_worth_using());
  EXPECT_EQ(many.recommendation.method, MethodId{MethodKind::kAuto});
  EXPECT_TRUE(evaluation_verdict(many).starts_with("Use what training chooses by itself ("))
      << evaluation_verdict(many);
  int folds = 0;
  for (const auto& [kind, n] : many.auto_kinds) folds += n;
  EXPECT_EQ(folds, many.folds);
  const Evaluation few = cross_validate(testing::synthetic_table(100, testing::three_models(), 3), quick());
  EXPECT_FALSE(judged(few, {MethodKind::kAuto}).is_worth_using()) << "else take another seed";
  EXPECT_EQ(few.recommendation.method, MethodId{MethodKind::kSbs});
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
  std::vector<std::pair<std::size_t, std::size_t>> seen;
  options.on_progress = [&](std::size_t done, std::size_t total) { seen.emplace_back(done, total); };
  (void)cross_validate(testing::synthetic_table(200, testing::three_models(), 1), options);
  ASSERT_GT(seen.size(), 4U) << "more than one for each fold";
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], (std::pair(i + 1, seen.size())));
}

// Language models that answer, and say how sure they are: always of what they score.
Table signalled_table(std::size_t n) {
  Table table = testing::dollar_table(n);
  table.signals = table.scores;
  table.n_classes = 2;
  table.labels.assign(n, 1);
  for (const float score : table.scores) {
    const bool right = score > 0.5F;
    table.outputs.push_back(testing::detail::output_for(right ? 1 : 0, 0.9, 2));
    table.ranks.push_back(right ? 1 : 2);
  }
  return table;
}

bool judges(const Evaluation& evaluation, MethodKind kind) { return evaluation.find({kind}) != nullptr; }

TEST(CrossValidation, ReportsProgressOfImportedTablesToTheEnd) {
  EvaluateOptions options = quick();
  std::vector<std::pair<std::size_t, std::size_t>> seen;
  options.on_progress = [&](std::size_t done, std::size_t total) { seen.emplace_back(done, total); };
  (void)cross_validate(signalled_table(120), options);
  ASSERT_FALSE(seen.empty());
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], (std::pair(i + 1, seen.size())));
}

TEST(CrossValidation, KindsThatOneFoldCannotTrainAreNotJudged) {
  // Forests and ladders take 20 inputs: the first fold has 22 to train on, the others fewer.
  Table table = signalled_table(24);
  for (int i = 0; i < 24; ++i) table.given_folds.push_back(i < 2 ? 0 : i < 14 ? 1 : 2);
  EvaluateOptions options = quick();
  options.official_folds = true;
  options.premodel.k = 3;
  const Evaluation few = cross_validate(table, options);
  EXPECT_FALSE(judges(few, MethodKind::kForests));
  EXPECT_FALSE(judges(few, MethodKind::kLadder));
  EXPECT_TRUE(judges(few, MethodKind::kAuto));
  const Warning left_out{
      .kind = WarningKind::kTraining,
      .text = "forests and ladders are left out: they need 20 training inputs in every fold"};
  EXPECT_EQ(std::count(few.warnings.begin(), few.warnings.end(), left_out), 1);
  options.official_folds = false;
  const Evaluation many = cross_validate(signalled_table(40), options);
  EXPECT_TRUE(judges(many, MethodKind::kForests));
  EXPECT_TRUE(judges(many, MethodKind::kLadder));
}

TEST(CrossValidation, ModelsNeedNotBeSureOfEveryInput) {
  Table table = signalled_table(120);
  std::fill_n(table.signals.begin(), 3, std::numeric_limits<float>::quiet_NaN());
  EXPECT_NE(cross_validate(table, quick()).find({MethodKind::kExactCascade, 3}), nullptr);
  // Sure of inputs of one fold alone.
  std::fill(table.signals.begin() + 9, table.signals.end(), std::numeric_limits<float>::quiet_NaN());
  for (int i = 0; i < 120; ++i) table.given_folds.push_back(i / 30);
  EvaluateOptions options = quick();
  options.official_folds = true;
  EXPECT_TRUE(judges(cross_validate(table, options), MethodKind::kAuto));
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
