// Calibration on made-up tables: what is promised, what is left out, what is refused.
#include "triage/tools/calibrate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <stop_token>

#include "calibrate/setting_losses.h"
#include "policy/adaptive_policy.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/tools/learn.h"
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

TEST(Calibrate, CertifiesTheLastSettingThatPasses) {
  const Calibration calibration = calibrate(table(), policy(), options(0.03));
  EXPECT_EQ(calibration.inputs, 2000U);
  EXPECT_EQ(calibration.left_out, 1000U) << "those that it was trained on";
  ASSERT_NE(calibration.policy, nullptr) << calibration_verdict(calibration);
  const auto& steps = calibration.steps;
  ASSERT_GE(steps.size(), 2U);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i].passed, steps[i].p_value <= 0.05) << i;
    EXPECT_EQ(steps[i].passed, i + 1 < steps.size() || steps[i].setting == 0)
        << "it stops at the first that fails";
    EXPECT_LT(steps[i].mean_ms, steps[0].mean_ms + 1e-9);
  }
  const auto& made = dynamic_cast<const Adaptive&>(*calibration.policy);
  const std::size_t last = steps.back().passed ? steps.size() - 1 : steps.size() - 2;
  EXPECT_EQ(made.parameters().chosen, steps[last].setting);
  EXPECT_EQ(calibration.chosen, last);
  ASSERT_TRUE(made.parameters().certificate.has_value());
  EXPECT_EQ(made.parameters().certificate->versus, policy().info().best.name);
  EXPECT_EQ(made.parameters().certificate->inputs, 2000U);
  EXPECT_DOUBLE_EQ(made.parameters().certificate->mean_loss, steps[last].mean_loss);
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
  double last_ms = 0;
  for (const double max_loss : {0.1, 0.05, 0.03}) {
    const Calibration calibration = calibrate(table(), policy(), options(max_loss));
    ASSERT_NE(calibration.policy, nullptr) << max_loss;
    const auto& certificate = dynamic_cast<const Adaptive&>(*calibration.policy).parameters().certificate;
    EXPECT_GE(certificate->mean_ms, last_ms - 1e-9);
    last_ms = certificate->mean_ms;
  }
}

TEST(Calibrate, SaysHowManyInputsWouldDo) {
  const auto most_seen = train_adaptive(table(), rows(0, 2940), {});
  const Calibration calibration = calibrate(table(), *most_seen, options(0.01));
  EXPECT_EQ(calibration.policy, nullptr);
  EXPECT_FALSE(calibration.chosen.has_value());
  EXPECT_EQ(calibration.inputs, 60U);
  ASSERT_EQ(calibration.steps.size(), 1U);
  EXPECT_FALSE(calibration.steps[0].passed);
  EXPECT_NE(calibration_verdict(calibration).find("Not achievable with 60 inputs"), std::string::npos)
      << calibration_verdict(calibration);
  if (calibration.steps[0].mean_loss < 0.01) {
    EXPECT_GT(calibration.inputs_needed, 60);
    EXPECT_NE(calibration_verdict(calibration).find("inputs would be needed"), std::string::npos);
  } else {
    EXPECT_TRUE(std::isnan(calibration.inputs_needed));
    EXPECT_NE(calibration_verdict(calibration).find("more inputs would not help"), std::string::npos);
  }
}

TEST(Calibrate, AgainstAnyModel) {
  CalibrateOptions against = options(0.05);
  against.versus = "linear";
  const Calibration calibration = calibrate(table(), policy(), against);
  ASSERT_NE(calibration.policy, nullptr);
  EXPECT_LT(calibration.steps.front().mean_loss, -0.05) << "the policy is much better than that";
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
  }
  EXPECT_NE(study.verdict.find("The guarantee holds"), std::string::npos) << study.verdict;
  quick.inputs = {0};
  EXPECT_TRIAGE_ERROR(study_guarantee(table(), quick), ErrorCode::kUsage, "inputs of a calibration 0");
}

}  // namespace
}  // namespace triage
