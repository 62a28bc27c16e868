// Calibration on made-up tables: what is promised, what is left out, what is refused.
#include "triage/tools/calibrate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include "calibrate/setting_losses.h"
#include "policy/adaptive_policy.h"
#include "stats/paired_loss_test.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/tools/learn.h"
#include "triage/tools/replay.h"
#include "triage/tools/report.h"
#include "triage/tools/study.h"

namespace triage {
namespace {

const Table& table() {
  static const Table made = testing::synthetic_table(3000, testing::synthetic_zoo(), 11);
  return made;
}

std::vector<std::uint32_t> rows(std::uint32_t first, std::uint32_t last) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = first; i < last; ++i) out.push_back(i);
  return out;
}

const Policy& policy() {
  static const auto made = train_adaptive(table(), rows(0, 1000), {});
  return *made;
}

CalibrateOptions options(double max_loss) {
  static FakeClock clock;
  CalibrateOptions made;
  made.max_loss = max_loss;
  made.clock = unowned(clock);
  return made;
}

// The same pictures under other names are no new inputs.
TEST(Calibrate, LeavesOutTrainingInputsThatWereRenamed) {
  Table hashed = table();
  for (std::size_t i = 0; i < hashed.n_inputs(); ++i) {
    hashed.picture_hashes.push_back(1 + i % 2900);  // the last 100 are copies
  }
  const auto trained = train_adaptive(hashed, rows(0, 1000), {});
  for (std::string& id : hashed.ids) id = "copy/" + id;
  EXPECT_EQ(calibrate(hashed, *trained, options(0.03)).left_out, 1100U);
  // Rows 1,000 to 1,999 show 50 pictures, 20 times each: copies are no further inputs.
  for (std::size_t i = 1000; i < 2000; ++i) hashed.picture_hashes[i] = 1001 + i % 50;
  EXPECT_EQ(calibrate(hashed, *trained, options(0.03)).left_out, 1100U + 950);
  hashed.picture_hashes.clear();
  EXPECT_EQ(calibrate(hashed, *trained, options(0.03)).left_out, 0U) << "ids alone do not tell";
}

// What a setting does on some rows of table(): how often it is worse or better than `versus`, and its time.
struct Counted {
  LossCounts counts;
  double mean_ms = 0;
};
Counted count_setting(std::size_t setting, std::string_view versus, const std::vector<std::uint32_t>& on) {
  static const FakeClock clock;
  Replay replay = make_replay("setting", table().n_inputs());
  replay_policy(table(), on, policy(), clock, replay, {.price = policy().price_settings()[setting].price});
  Counted counted;
  for (const std::uint32_t row : on) {
    const double theirs = table().score(row, table().find(versus), Criterion::kTop1);
    counted.counts.add(static_cast<int>(theirs - replay.top1[row]));
    counted.mean_ms += replay.ms[row] / static_cast<double>(on.size());
  }
  return counted;
}

TEST(Calibrate, CertifiesTheFastestSettingThatPasses) {
  const Calibration calibration = calibrate(table(), policy(), options(0.03));
  EXPECT_EQ(calibration.inputs, 2000U);
  EXPECT_EQ(calibration.left_out, 1000U) << "those that it was trained on";
  ASSERT_NE(calibration.policy, nullptr) << calibration_verdict(calibration);
  const auto sequence = test_sequence(policy().price_settings());
  const auto& steps = calibration.steps;
  ASSERT_GE(steps.size(), 3U);
  ASSERT_LT(steps.size(), sequence.size()) << "else it does not stop early";
  std::size_t fastest = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(steps[i].setting, sequence[i]);
    const Counted counted = count_setting(sequence[i], policy().info().best.name, rows(1000, 3000));
    EXPECT_NEAR(steps[i].mean_loss, counted.counts.mean(), 1e-12);
    EXPECT_NEAR(steps[i].mean_ms, counted.mean_ms, 1e-6);
    EXPECT_NEAR(steps[i].p_value, loss_p_value(counted.counts, 0.03, 0.05), 1e-12);
    const bool passes = is_loss_below(counted.counts, 0.03, 0.05);
    EXPECT_EQ(steps[i].passed, passes);
    EXPECT_EQ(passes, i + 1 < steps.size()) << "it stops at the first that fails";
    if (passes && steps[i].mean_ms < steps[fastest].mean_ms) fastest = i;
  }
  ASSERT_GT(fastest, 0U) << "else the first would do";
  const Counted first = count_setting(sequence.front(), policy().info().best.name, rows(1000, 3000));
  EXPECT_EQ(calibration.inputs_needed, pairs_needed(first.counts, 0.03, 0.05)) << "by the first setting";
  const auto& made = dynamic_cast<const Adaptive&>(*calibration.policy);
  EXPECT_EQ(calibration.chosen, fastest);
  EXPECT_EQ(made.parameters().chosen, steps[fastest].setting);
  ASSERT_TRUE(made.parameters().certificate.has_value());
  EXPECT_EQ(made.parameters().certificate->versus, policy().info().best.name);
  EXPECT_EQ(made.parameters().certificate->inputs, 2000U);
  EXPECT_DOUBLE_EQ(made.parameters().certificate->mean_loss, steps[fastest].mean_loss);
  EXPECT_DOUBLE_EQ(made.parameters().certificate->mean_ms, steps[fastest].mean_ms);
  EXPECT_TRUE(made.certifies({}));
}

TEST(Calibrate, TheSummaryIsOfTheCertifiedSetting) {
  const Calibration calibration = calibrate(table(), policy(), options(0.1));
  ASSERT_NE(calibration.policy, nullptr) << calibration_verdict(calibration);
  const auto& made = dynamic_cast<const Adaptive&>(*calibration.policy);
  const AdaptiveParameters& before = dynamic_cast<const Adaptive&>(policy()).parameters();
  ASSERT_NE(made.parameters().chosen, before.chosen) << "else this shows nothing";
  const AdaptiveSetting& setting = made.parameters().settings[made.parameters().chosen];
  const auto lines = training_lines(made);
  std::map<std::string, std::string> summary(lines.begin(), lines.end());
  EXPECT_EQ(summary.size(), lines.size()) << "each key once";
  EXPECT_EQ(lines.size(), training_lines(policy()).size());
  EXPECT_EQ(summary["price"], fmt::format("{:.4g} a ms", setting.price));
  EXPECT_EQ(summary["expected ms"], fmt::format("{:.4f}", setting.cost));
  EXPECT_TRUE(summary["expected score"].starts_with(fmt::format("{:.4f} by", setting.score)));
  EXPECT_EQ(summary["aim"], fmt::format("least time at a loss of at most 10.00 points against {} with "
                                        "probability 0.95 or more, certified on 2000 inputs",
                                        policy().info().best.name));
  std::string order;
  for (const ModelIndex m : setting.order) {
    order += (order.empty() ? "" : " > ") + made.info().models[static_cast<std::size_t>(m)].name;
  }
  EXPECT_EQ(summary["order"], order);
}

TEST(Calibrate, ATighterBoundIsSlower) {
  std::vector<double> ms;
  for (const double max_loss : {0.1, 0.05, 0.03}) {
    const Calibration calibration = calibrate(table(), policy(), options(max_loss));
    ASSERT_NE(calibration.policy, nullptr) << max_loss;
    ms.push_back(calibration.policy->certificate()->mean_ms);
  }
  EXPECT_LE(ms[0], ms[1]);
  EXPECT_LE(ms[1], ms[2]);
  EXPECT_LT(ms[0], 0.9 * ms[2]);
}

// Calibrates a policy that always runs one model, against another that alone is right on the first `worse` of
// n inputs and alone wrong on the `better` ones after them.
Calibration calibrate_counts(std::size_t n, std::size_t worse, std::size_t better, double max_loss) {
  Table table = testing::synthetic_table(n, {testing::three_models()[0], testing::three_models()[1]}, 1);
  for (std::size_t i = 0; i < n; ++i) {
    const bool versus_alone = i < worse, policy_alone = !versus_alone && i < worse + better;
    table.ranks[2 * i] = versus_alone ? 2 : 1;
    table.ranks[2 * i + 1] = policy_alone ? 2 : 1;
    table.outputs[2 * i] =
        testing::detail::output_for(versus_alone ? (table.labels[i] + 1) % 10 : table.labels[i], 0.8, 10);
  }
  PolicyInfo info;
  info.n_classes = 10;
  for (const TableModel& model : table.models) info.models.push_back({{model.name, model.fingerprint}});
  info.best = info.models[1];
  AdaptiveParameters parameters;
  parameters.settings.push_back({1, {0}, {{{1.0}, {}}}, 0.9, 1});
  return calibrate(table, *make_adaptive(info, parameters), options(max_loss));
}

TEST(Calibrate, SaysHowManyInputsWouldDo) {
  const Calibration calibration = calibrate_counts(60, 1, 0, 0.05);
  EXPECT_EQ(calibration.policy, nullptr);
  EXPECT_FALSE(calibration.chosen.has_value());
  EXPECT_EQ(calibration.inputs, 60U);
  ASSERT_EQ(calibration.steps.size(), 1U);
  EXPECT_FALSE(calibration.steps[0].passed);
  EXPECT_DOUBLE_EQ(calibration.steps[0].mean_loss, 1.0 / 60);
  EXPECT_EQ(calibration.inputs_needed, pairs_needed({60, 1, 0}, 0.05, 0.05));
  const std::string verdict = calibration_verdict(calibration);
  EXPECT_TRUE(verdict.starts_with("Not achievable with 60 inputs: ")) << verdict;
  EXPECT_TRUE(verdict.ends_with(
      fmt::format("The best setting lost +1.67 points on them; about {:.0f} inputs would be needed, were "
                  "these typical.",
                  calibration.inputs_needed)))
      << verdict;
  // Were they typical, that is, with the same share of worse ones.
  const auto sixties = [&](double share) {
    return static_cast<std::size_t>(std::ceil(share * calibration.inputs_needed / 60));
  };
  EXPECT_NE(calibrate_counts(60 * sixties(1.3), sixties(1.3), 0, 0.05).policy, nullptr);
  EXPECT_EQ(calibrate_counts(60 * sixties(0.5), sixties(0.5), 0, 0.05).policy, nullptr);
}

TEST(Calibrate, SaysThatMoreInputsWouldNotHelp) {
  for (const auto& [worse, better] : {std::pair<std::size_t, std::size_t>{2, 0}, {3, 1}}) {
    const Calibration calibration = calibrate_counts(60, worse, better, 1.0 / 60);
    EXPECT_EQ(calibration.policy, nullptr);
    EXPECT_TRUE(std::isnan(calibration.inputs_needed));
    const std::string verdict = calibration_verdict(calibration);
    EXPECT_TRUE(verdict.ends_with(
        "The best setting lost +3.33 points on them, which is not below the bound: more inputs would not "
        "help, a larger bound or another zoo might."))
        << verdict;
  }
}

TEST(Calibrate, AgainstAnyModel) {
  CalibrateOptions against = options(0.05);
  against.versus = "linear";
  const Calibration calibration = calibrate(table(), policy(), against);
  ASSERT_NE(calibration.policy, nullptr);
  EXPECT_EQ(calibration.versus, "linear");
  EXPECT_EQ(calibration.policy->certificate()->versus, "linear");
  const auto& first = calibration.steps.front();
  EXPECT_NEAR(first.mean_loss, count_setting(first.setting, "linear", rows(1000, 3000)).counts.mean(), 1e-12);
  EXPECT_LT(first.mean_loss, -0.05) << "the policy is much better than that";
}

TEST(Calibrate, RefusesWhatDoesNotFit) {
  const auto single = train_single(table(), rows(0, 100), Criterion::kTop1, 0);
  EXPECT_TRIAGE_ERROR(calibrate(table(), *single, options(0.01)), ErrorCode::kUsage,
                      "a policy of kind 'single', expected one that has settings to choose from");
  EXPECT_TRIAGE_ERROR(calibrate(table(), policy(), options(0)), ErrorCode::kUsage,
                      "max loss 0, expected a share");
  CalibrateOptions sure = options(0.01);
  sure.delta = 0;
  EXPECT_TRIAGE_ERROR(calibrate(table(), policy(), sure), ErrorCode::kUsage,
                      "delta 0, expected a probability");
  CalibrateOptions unknown = options(0.01);
  unknown.versus = "huge";
  EXPECT_TRIAGE_ERROR(calibrate(table(), policy(), unknown), ErrorCode::kUsage, "versus 'huge'");
  Table renamed = table();
  for (TableModel& model : renamed.models) {
    if (model.name != policy().info().best.name) model.name += "-2";
  }
  EXPECT_TRIAGE_ERROR(calibrate(renamed, policy(), options(0.01)), ErrorCode::kPolicy, "policy: runs ",
                      "expected models of the profile");
  const auto seen_all = train_adaptive(table(), rows(0, 3000), {});
  EXPECT_TRIAGE_ERROR(calibrate(table(), *seen_all, options(0.01)), ErrorCode::kUsage,
                      "inputs that the policy was not trained on 0, expected at least one",
                      "train on a share");
}

TEST(Calibrate, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  CalibrateOptions stopped = options(0.01);
  stopped.stop = stop.get_token();
  EXPECT_TRIAGE_ERROR(calibrate(table(), policy(), stopped), ErrorCode::kInterrupted, "calibrate: stopped");
}

TEST(TestSequence, GoesFromTheBestExpectedScoreToCheaperOnes) {
  std::vector<PriceSetting> settings;
  for (const double score : {0.5, 0.8, 0.9, 0.85}) settings.push_back({1, score, 1});
  EXPECT_EQ(test_sequence(settings), (std::vector<std::size_t>{2, 1, 0}));
}

// The study's promise is about the whole pipeline: few violations on a made-up table, and a row for each
// bound.
TEST(GuaranteeStudy, FindsFewViolations) {
  FakeClock clock;
  GuaranteeOptions quick;
  quick.max_losses = {0.02, 0.05};
  quick.inputs = {300};
  quick.resamples = 200;
  quick.retrainings = 2;
  quick.clock = unowned(clock);
  const Study study = study_guarantee(table(), quick);
  ASSERT_EQ(study.exhibits.size(), 3U);
  EXPECT_EQ(study.exhibits[0].data.rows.size(), 2U);
  for (const auto& row : study.exhibits[0].data.rows) {
    ASSERT_EQ(row.size(), study.exhibits[0].data.columns.size());
    EXPECT_LE(std::get<double>(row[4]), 9) << "violated %";
    EXPECT_GT(std::get<double>(row[3]), 0) << "achieved %: what is never given is never violated";
  }
  EXPECT_NE(study.verdict.find("The guarantee holds"), std::string::npos) << study.verdict;
  quick.inputs = {0};
  EXPECT_TRIAGE_ERROR(study_guarantee(table(), quick), ErrorCode::kUsage, "inputs of a calibration 0");
}

}  // namespace
}  // namespace triage
