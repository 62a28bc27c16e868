// Two policies on made-up tables: what is said of them, what is left out, what is refused.
#include "triage/tools/compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stop_token>
#include <vector>

#include "learn/training_info.h"
#include "stats/paired_loss_test.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "table/row_order.h"
#include "triage/tools/learn.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

CompareOptions quick() {
  static FakeClock clock;
  CompareOptions options;
  options.clock = unowned(clock);
  options.resamples = 200;
  return options;
}

// Of n inputs the first of two models alone is right on `first`, the second alone on the `second` after them.
Table table_of(std::size_t n, std::size_t first, std::size_t second) {
  Table table = testing::synthetic_table(n, {testing::three_models()[0], testing::three_models()[1]}, 1);
  for (std::size_t i = 0; i < n; ++i) {
    const bool first_alone = i < first, second_alone = !first_alone && i < first + second;
    table.ranks[2 * i] = second_alone ? 2 : 1;
    table.ranks[2 * i + 1] = first_alone ? 2 : 1;
  }
  return table;
}

std::unique_ptr<Policy> always(const Table& table, ModelIndex model, std::vector<std::uint32_t> rows = {}) {
  const auto single = train_single(table, std::vector<std::uint32_t>{0}, Criterion::kTop1, model);
  PolicyInfo info = single->info();
  info.training.inputs_hash = "of others";
  info.training.input_hashes = all_input_hashes(table, rows);
  if (rows.empty()) info.training.input_hashes = {std::uint64_t{1} << 63};
  return make_single(std::move(info), 0);
}

Comparison compare(const Table& table, const Policy& first, const Policy& second,
                   const CompareOptions& options = quick()) {
  return compare_policies(table, {"first", &first}, {"second", &second}, options);
}

Comparison compare_counts(std::size_t n, std::size_t first, std::size_t second,
                          const CompareOptions& options = quick()) {
  const Table table = table_of(n, first, second);
  return compare(table, *always(table, 0), *always(table, 1), options);
}

TEST(Compare, ByHand) {
  const Comparison c = compare_counts(400, 30, 10);
  EXPECT_EQ(c.inputs, 400U);
  EXPECT_EQ(c.first_alone, 30U);
  EXPECT_EQ(c.second_alone, 10U);
  EXPECT_DOUBLE_EQ(c.score[0], 390.0 / 400);
  EXPECT_DOUBLE_EQ(c.score[1], 370.0 / 400);
  EXPECT_DOUBLE_EQ(c.difference.value, 0.05);
  const Interval loss = mean_loss_interval({400, 10, 30}, 0.05);
  EXPECT_DOUBLE_EQ(c.difference.interval.low, -loss.high);
  EXPECT_DOUBLE_EQ(c.difference.interval.high, -loss.low);
  EXPECT_EQ(c.better, Preference::kFirst);
  EXPECT_TRUE(std::isnan(c.inputs_needed)) << "it is shown";
  // The cheap model is the first.
  EXPECT_LT(c.ms.difference.interval.high, 0);
  EXPECT_LT(c.ms.ratio.interval.high, 0.9);
  EXPECT_DOUBLE_EQ(c.ms.difference.value, c.ms.mean[0] - c.ms.mean[1]);
  EXPECT_DOUBLE_EQ(c.ms.ratio.value, c.ms.mean[0] / c.ms.mean[1]);
  EXPECT_LE(c.ms.ratio.interval.low, c.ms.ratio.value);
  EXPECT_FALSE(c.j.has_value());
  EXPECT_TRUE(c.warnings.empty());
}

TEST(Compare, TheOtherWayRoundSaysTheSame) {
  const Table table = table_of(400, 30, 10);
  const auto cheap = always(table, 0), dear = always(table, 1);
  const Comparison there = compare(table, *cheap, *dear), back = compare(table, *dear, *cheap);
  EXPECT_EQ(back.better, Preference::kSecond);
  EXPECT_DOUBLE_EQ(back.difference.value, -there.difference.value);
  EXPECT_DOUBLE_EQ(back.difference.interval.low, -there.difference.interval.high);
  EXPECT_DOUBLE_EQ(back.ms.difference.interval.low, -there.ms.difference.interval.high);
}

TEST(Compare, TellsHowManyInputsWouldDo) {
  const Comparison few = compare_counts(400, 12, 8);
  EXPECT_EQ(few.better, Preference::kNeither);
  ASSERT_TRUE(std::isfinite(few.inputs_needed));
  EXPECT_GT(few.inputs_needed, 400);
  const auto scaled = [&](double share) {
    const auto hundreds = static_cast<std::size_t>(share * few.inputs_needed / 100);
    return compare_counts(100 * hundreds, 3 * hundreds, 2 * hundreds).better;
  };
  EXPECT_EQ(scaled(1.3), Preference::kFirst);
  EXPECT_EQ(scaled(0.6), Preference::kNeither);
  EXPECT_DOUBLE_EQ(compare_counts(400, 8, 12).inputs_needed, few.inputs_needed) << "whichever is ahead";
  EXPECT_TRUE(std::isnan(compare_counts(400, 10, 10).inputs_needed)) << "equals stay equal";
}

TEST(Compare, ShowsThatAMarginIsKept) {
  CompareOptions options = quick();
  options.margin = 0.02;
  const Comparison kept = compare_counts(1000, 10, 10, options);
  EXPECT_EQ(kept.better, Preference::kNeither);
  EXPECT_TRUE(kept.within_margin);
  EXPECT_GT(kept.difference.interval.low, -0.02);
  const Comparison open = compare_counts(300, 5, 5, options);
  EXPECT_FALSE(open.within_margin);
  EXPECT_GT(open.inputs_needed, 300);
  const Comparison worse = compare_counts(1000, 0, 100, options);
  EXPECT_EQ(worse.better, Preference::kSecond);
  EXPECT_FALSE(worse.within_margin);
  EXPECT_TRUE(std::isnan(worse.inputs_needed)) << "more inputs would not help";
  EXPECT_TRUE(compare_counts(1000, 100, 0, options).within_margin) << "better is not worse";
}

TEST(Compare, ALevelThatIsSurerIsWider) {
  CompareOptions sure = quick();
  sure.delta = 0.001;
  const Comparison narrow = compare_counts(400, 30, 10), wide = compare_counts(400, 30, 10, sure);
  EXPECT_LT(wide.difference.interval.low, narrow.difference.interval.low);
  EXPECT_GT(wide.difference.interval.high, narrow.difference.interval.high);
  EXPECT_LT(wide.ms.ratio.interval.low, narrow.ms.ratio.interval.low);
}

TEST(Compare, WithoutResamplesTheCostsHaveNoIntervals) {
  CompareOptions options = quick();
  options.resamples = 0;
  const Comparison c = compare_counts(100, 5, 5, options);
  EXPECT_TRUE(std::isnan(c.ms.difference.interval.low));
  EXPECT_TRUE(std::isfinite(c.ms.difference.value));
  EXPECT_TRUE(std::isfinite(c.difference.interval.low)) << "the score's is not a bootstrap one";
}

TEST(Compare, LeavesOutWhatEitherWasTrainedOn) {
  const Table table = table_of(400, 30, 10);
  const auto first = always(table, 0, {0, 1, 2}), second = always(table, 1, {2, 3});
  const Comparison c = compare(table, *first, *second);
  EXPECT_EQ(c.inputs, 396U);
  EXPECT_EQ(c.first_alone, 26U);
  const std::vector<Warning> expected{{WarningKind::kTrainedLeftOut, {MethodKind::kPolicy, 0}, 3},
                                      {WarningKind::kTrainedLeftOut, {MethodKind::kPolicy, 1}, 2}};
  EXPECT_EQ(c.warnings, expected);
  EXPECT_EQ(comparison_warnings(c).front(), "first was trained on 3 of these 400 inputs; they are left out");
}

TEST(Compare, EveryTrainedKindNamesItsInputs) {
  const Table table = testing::synthetic_table(700, testing::three_models(), 5);
  const auto rows = first_positions(300);
  PremodelOptions premodel;
  const auto kinds = {train_cascade(table, rows, {}).release(), train_adaptive(table, rows, {}).release(),
                      train_premodel(table, rows, {}, premodel).policy.release(),
                      train_single(table, rows, Criterion::kTop1, 1).release()};
  const auto other = always(table, 0);
  for (const Policy* policy : kinds) {
    const std::unique_ptr<const Policy> owned(policy);
    EXPECT_EQ(compare(table, *policy, *other).inputs, 400U) << policy->kind();
  }
}

TEST(Compare, CountsAPictureOnce) {
  Table table = table_of(400, 30, 10);
  for (std::size_t i = 0; i < 400; ++i) table.picture_hashes.push_back(1 + i % 350);
  EXPECT_EQ(compare(table, *always(table, 0), *always(table, 1)).inputs, 350U);
}

TEST(Compare, WarnsWhereTheTrainingInputsAreNotKnown) {
  const Table table = table_of(400, 30, 10);
  const auto kinds = [&](std::string inputs_hash) {
    PolicyInfo info = always(table, 0)->info();
    info.training.input_hashes.clear();
    info.training.inputs_hash = std::move(inputs_hash);
    std::vector<WarningKind> found;
    for (const Warning& warning : compare(table, *make_single(info, 0), *always(table, 1)).warnings) {
      found.push_back(warning.kind);
    }
    return found;
  };
  EXPECT_EQ(kinds(""), std::vector{WarningKind::kTrainedUnknown});
  EXPECT_EQ(kinds(inputs_hash(table, all_rows(table))), std::vector{WarningKind::kTrainedHere});
}

TEST(Compare, WarnsOfAPolicyThatWasCalibratedOnTheseInputs) {
  const Table table = testing::synthetic_table(900, testing::three_models(), 5);
  const auto trained = train_adaptive(table, first_positions(400), {});
  CalibrateOptions calibration;
  calibration.max_loss = 0.2;
  calibration.clock = quick().clock;
  const auto certified = calibrate(table, *trained, calibration).policy;
  ASSERT_NE(certified, nullptr);
  const auto is_warned = [&](const Policy& policy) {
    const auto warnings = compare(table, policy, *always(table, 0)).warnings;
    return std::any_of(warnings.begin(), warnings.end(),
                       [](const Warning& w) { return w.kind == WarningKind::kCalibratedHere; });
  };
  EXPECT_TRUE(is_warned(*certified));
  EXPECT_FALSE(is_warned(*trained));
}

TEST(Compare, WarnsOfAnotherCriterion) {
  const Table table = table_of(400, 30, 10);
  CompareOptions options = quick();
  options.criterion = Criterion::kTop5;
  const Comparison c = compare(table, *always(table, 0), *always(table, 1), options);
  EXPECT_EQ(c.first_alone, 0U) << "rank 2 is among five";
  ASSERT_EQ(c.warnings.size(), 2U);
  EXPECT_EQ(c.warnings[0].kind, WarningKind::kOtherCriterion);
}

TEST(Compare, JoulesWhereTheyWereMeasured) {
  Table table = table_of(100, 5, 5);
  table.energy.infer_j = {0.5, 1.5};
  table.energy.preprocess_j = {0.25, 0.25};
  table.energy.node_j.assign(feature_nodes().size(), 0.1);
  const Comparison c = compare(table, *always(table, 0), *always(table, 1));
  ASSERT_TRUE(c.j.has_value());
  EXPECT_NEAR(c.j->mean[0], 0.75, 1e-9);
  EXPECT_NEAR(c.j->ratio.value, 0.75 / 1.75, 1e-9);
}

TEST(Compare, RefusesWhatDoesNotFit) {
  const Table table = table_of(100, 5, 5);
  const auto first = always(table, 0), second = always(table, 1);
  const auto with = [&](auto change) {
    CompareOptions options = quick();
    change(options);
    return compare(table, *first, *second, options);
  };
  EXPECT_TRIAGE_ERROR(with([](CompareOptions& o) { o.delta = 0; }), ErrorCode::kUsage,
                      "compare: delta 0, expected a probability");
  EXPECT_TRIAGE_ERROR(with([](CompareOptions& o) { o.margin = 0; }), ErrorCode::kUsage,
                      "compare: margin 0, expected a share");
  EXPECT_TRIAGE_ERROR(with([](CompareOptions& o) { o.margin = 1; }), ErrorCode::kUsage, "margin 1");
  EXPECT_TRIAGE_ERROR(with([](CompareOptions& o) { o.resamples = -1; }), ErrorCode::kUsage, "resamples -1");
  EXPECT_TRIAGE_ERROR(compare_policies(table, {"a", first.get()}, {"a", second.get()}, quick()),
                      ErrorCode::kUsage, "policy 'a': both have this name");
  const auto all = first_positions(table.n_inputs());
  EXPECT_TRIAGE_ERROR(compare(table, *always(table, 0, all), *second), ErrorCode::kUsage,
                      "inputs that neither policy was trained on 0, expected at least one");
  Table renamed = table;
  renamed.models[1].name = "other";
  EXPECT_TRIAGE_ERROR(compare(renamed, *first, *second), ErrorCode::kPolicy, "policy 'second': runs ");
  Table unlabelled = table;
  unlabelled.labels[3] = kNoLabel;
  EXPECT_TRIAGE_ERROR(compare(unlabelled, *first, *second), ErrorCode::kUsage,
                      "input 'synthetic/3' has no label, expected labelled inputs");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRIAGE_ERROR(with([&](CompareOptions& o) { o.stop = stop.get_token(); }), ErrorCode::kInterrupted,
                      "compare: stopped");
}

TEST(Compare, InWords) {
  CompareOptions options = quick();
  options.margin = 0.02;
  Comparison c = compare_counts(1000, 100, 0, options);
  EXPECT_TRUE(comparison_verdict(c).starts_with(
      "first is better than second, with probability 0.95 or more: its top-1 is higher by +10.00 points ["))
      << comparison_verdict(c);
  EXPECT_NE(comparison_verdict(c).find("Shown: first is worse than second by less than 2.00 points, if by "
                                       "anything. first takes "),
            std::string::npos);
  EXPECT_NE(comparison_verdict(c).find("first is faster, "), std::string::npos) << comparison_verdict(c);
  c = compare_counts(1000, 0, 100);
  EXPECT_TRUE(
      comparison_verdict(c).starts_with("second is better than first, with probability 0.95 or more: "
                                        "the top-1 of first is lower by -10.00 points ["))
      << comparison_verdict(c);
  c = compare_counts(400, 12, 8);
  const std::string verdict = comparison_verdict(c);
  EXPECT_TRUE(verdict.starts_with("first and second are not told apart: the difference in top-1 is +1.00 "))
      << verdict;
  EXPECT_NE(verdict.find(" inputs would tell them apart, were these typical."), std::string::npos);
}

}  // namespace
}  // namespace triage
