// Promises and comparisons on tables that somebody brought: scores that are any shares, in the table's words.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "calibrate/setting_losses.h"
#include "stats/bounded_loss_test.h"
#include "support/expect_error.h"
#include "support/imported.h"
#include "support/temp_folder.h"
#include "table/row_order.h"
#include "triage/choose.h"
#include "triage/tools/calibrate.h"
#include "triage/tools/compare.h"
#include "triage/tools/ladder.h"
#include "triage/tools/replay.h"
#include "triage/tools/report.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

constexpr std::uint32_t kTrained = 400;

std::vector<std::uint32_t> rows_from(std::uint32_t first, std::uint32_t last) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = first; row < last; ++row) rows.push_back(row);
  return rows;
}

// Each model says how good it thinks it is, roughly.
Table signal_table(std::size_t n) {
  Table table = testing::dollar_table(n);
  Random random(2);
  for (const float score : table.scores) {
    table.signals.push_back(score + 0.2F * static_cast<float>(random.uniform() - 0.5));
  }
  return table;
}

const Table& dollars() {
  static const Table table = signal_table(1600);
  return table;
}

std::unique_ptr<Policy> train_on(const std::string& kind, const Table& table) {
  const auto rows = rows_from(0, kTrained);
  return kind == "ladder" ? train_ladder(table, rows) : train_forests_policy(table, rows, {}, {.trees = 20});
}

// On dollars(), once.
const Policy& trained(const std::string& kind) {
  static std::map<std::string, std::unique_ptr<Policy>> made;
  auto& policy = made[kind];
  if (policy == nullptr) policy = train_on(kind, dollars());
  return *policy;
}

CalibrateOptions within(double max_loss) {
  CalibrateOptions options;
  options.max_loss = max_loss;
  return options;
}

// What the setting loses on rows that training has not seen, in the order of the test.
std::vector<float> losses_of(const Table& table, const Policy& policy, double price) {
  Replay replay = make_replay("setting", table.n_inputs());
  const auto rows = rows_from(kTrained, static_cast<std::uint32_t>(table.n_inputs()));
  replay_policy(table, rows, policy, FakeClock(), replay, {.price = price});
  const ModelIndex best = table.find(policy.info().best.name);
  std::vector<float> losses;
  for (const std::uint32_t row : shuffled_rows(table, rows, 0)) {
    losses.push_back(static_cast<float>(table.score(row, best, Criterion::kTop1) - replay.top1[row]));
  }
  return losses;
}

class ImportedPromise : public ::testing::TestWithParam<std::string> {};

TEST_P(ImportedPromise, IsOfTheCheapestSettingThatPasses) {
  const Policy& policy = trained(GetParam());
  const Calibration calibration = calibrate(dollars(), policy, within(0.03));
  ASSERT_NE(calibration.policy, nullptr) << calibration_verdict(calibration);
  EXPECT_EQ(calibration.inputs, 1600U - kTrained);
  EXPECT_EQ(calibration.left_out, kTrained);
  const auto prices = policy.price_settings();
  const auto sequence = test_sequence(prices);
  ASSERT_GE(calibration.steps.size(), 2U) << "else there is nothing to choose from";
  double least = 1e9;
  for (std::size_t i = 0; i < calibration.steps.size(); ++i) {
    const CalibrationStep& step = calibration.steps[i];
    EXPECT_EQ(step.setting, sequence[i]);
    const auto losses = losses_of(dollars(), policy, prices[step.setting].price);
    EXPECT_NEAR(step.p_value, bounded_loss_p_value(losses, 0.03, 0.05), 1e-12);
    EXPECT_EQ(step.passed, is_bounded_loss_below(losses, 0.03, 0.05));
    if (step.passed) least = std::min(least, step.mean_cost);
  }
  const CalibrationStep& chosen = calibration.steps[*calibration.chosen];
  EXPECT_EQ(chosen.mean_cost, least);
  const Certificate& certificate = *calibration.policy->certificate();
  EXPECT_EQ(calibration.policy->default_setting(), chosen.setting);
  EXPECT_EQ(certificate.versus, policy.info().best.name);
  EXPECT_DOUBLE_EQ(certificate.mean_loss, chosen.mean_loss);
}

TEST_P(ImportedPromise, IsKeptInTheFile) {
  const Policy& policy = trained(GetParam());
  const Calibration calibration = calibrate(dollars(), policy, within(0.05));
  ASSERT_NE(calibration.policy, nullptr) << calibration_verdict(calibration);
  ASSERT_NE(calibration.policy->default_setting(), policy.default_setting()) << "else this shows nothing";
  const testing::TempFolder folder;
  save_policy(*calibration.policy, folder.path() / "p.triage");
  const auto loaded = load_policy(folder.path() / "p.triage");
  ASSERT_NE(loaded->certificate(), nullptr);
  EXPECT_EQ(loaded->certificate()->max_loss, 0.05);
  EXPECT_EQ(loaded->certificate()->inputs_hash, calibration.policy->certificate()->inputs_hash);
  EXPECT_TRUE(loaded->certifies({}));
  EXPECT_FALSE(loaded->certifies({.price = 1}));
  // Whoever asks without a price gets the certified setting.
  const double price = policy.price_settings()[*loaded->default_setting()].price;
  std::size_t differing = 0;
  for (const std::uint32_t row : rows_from(kTrained, kTrained + 300)) {
    Look look;
    look.model = dollars().find(policy.info().models[0].name);
    look.confidence = dollars().confidence(row, look.model);
    look.model = 0;
    const std::span<const Look> looks(&look, GetParam() == "ladder" ? 1 : 0);
    const auto features = dollars().feature_row(row);
    const Choice certified = choose(*loaded, features, looks);
    const Choice priced = choose(policy, features, looks, {.price = price});
    EXPECT_EQ(certified.stops, priced.stops);
    EXPECT_EQ(certified.model, priced.model);
    const Choice before = choose(policy, features, looks);
    differing += before.stops != certified.stops || before.model != certified.model ? 1 : 0;
  }
  EXPECT_GT(differing, 0U);
}

TEST_P(ImportedPromise, IsRefusedWhereItIsOutOfRange) {
  const Policy& policy = trained(GetParam());
  Certificate certificate;
  certificate.delta = 0.05;
  certificate.max_loss = 2;
  EXPECT_TRIAGE_ERROR(policy.with_certificate(0, certificate), ErrorCode::kPolicy,
                      GetParam() + ".certificate: 2, expected shares between 0 and 1");
  certificate.max_loss = 0.1;
  certificate.groups = 3;
  EXPECT_TRIAGE_ERROR(policy.with_certificate(0, certificate), ErrorCode::kPolicy,
                      GetParam() + ".certificate.groups: 3, expected some where it says of what");
  certificate.groups = 0;
  EXPECT_TRIAGE_ERROR(policy.with_certificate(999, certificate), ErrorCode::kPolicy,
                      GetParam() + ".chosen: 999, expected below");
}

TEST_P(ImportedPromise, ReadsInTheTablesWords) {
  Table nats = dollars();
  nats.terms = {.score = "loss", .worst = 8, .best = 0, .score_unit = "nats", .cost_unit = "usd"};
  const Calibration calibration = calibrate(nats, *train_on(GetParam(), nats), within(0.05));
  ASSERT_NE(calibration.policy, nullptr) << calibration_verdict(calibration);
  const auto lines = training_lines(*calibration.policy);
  const std::map<std::string, std::string> summary(lines.begin(), lines.end());
  EXPECT_EQ(summary.at("aim"),
            "least cost at a loss of at most 0.400 nats loss against large with "
            "probability 0.95 or more, certified on 1200 inputs");
  EXPECT_NE(calibration_verdict(calibration).find("0.400 nats loss"), std::string::npos)
      << calibration_verdict(calibration);
}

TEST_P(ImportedPromise, AtAnyTimeTakesMore) {
  const Policy& policy = trained(GetParam());
  CalibrateOptions anytime = within(0.03);
  anytime.anytime = true;
  const Calibration repeated = calibrate(dollars(), policy, anytime),
                    once = calibrate(dollars(), policy, within(0.03));
  ASSERT_NE(repeated.policy, nullptr) << calibration_verdict(repeated);
  EXPECT_LE(repeated.steps.size(), once.steps.size());
  EXPECT_GE(repeated.steps[*repeated.chosen].mean_cost, once.steps[*once.chosen].mean_cost);
}

// The hardest case: the bound is just below what a setting loses. Inputs that are drawn from those that
// training has not seen pass it, and all before it in the sequence, with probability of at most delta.
TEST_P(ImportedPromise, IsWrongNoMoreOftenThanDelta) {
  constexpr std::size_t kRuns = 400, kInputs = 300;
  const Policy& policy = trained(GetParam());
  const auto rows = rows_from(kTrained, 1600);
  const ModelIndex best = dollars().find(policy.info().best.name);
  const SettingLosses losses = measure_losses(dollars(), rows, policy, best, FakeClock());
  const auto sequence = test_sequence(policy.price_settings());
  const auto all = first_positions(rows.size());
  std::size_t bounds = 0;
  for (const std::size_t broken : sequence) {
    const double bound = 0.999 * losses.gather(broken, all).mean();
    if (bound < 0.01 || bound > 0.15) continue;
    ++bounds;
    const LossTest test{bound, 0.1};
    std::size_t wrong = 0;
    for (std::uint64_t run = 0; run < kRuns; ++run) {
      Random random(mix64(run + 1));
      std::vector<std::uint32_t> drawn(kInputs);
      for (auto& i : drawn) i = static_cast<std::uint32_t>(random.below(rows.size()));
      const std::size_t passing = count_passing(
          sequence, [&](std::size_t setting) { return test.passes(losses.gather(setting, drawn)); });
      const auto passed = std::span(sequence).first(passing);
      wrong += std::any_of(passed.begin(), passed.end(),
                           [&](std::size_t s) { return losses.gather(s, all).mean() > bound; })
                   ? 1
                   : 0;
    }
    EXPECT_LE(wrong, 58U) << "10 % and three standard errors of 400, at a bound of " << bound;
  }
  EXPECT_GE(bounds, 1U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ImportedPromise, ::testing::Values("forests", "ladder"),
                         [](const auto& kind) { return kind.param; });

// The order of the rows is drawn by the inputs' ids, not taken from the table.
TEST(ImportedPromises, DoNotDependOnHowTheTableIsSorted) {
  const Policy& policy = trained("forests");
  auto by_hardness = rows_from(0, static_cast<std::uint32_t>(dollars().n_inputs()));
  std::sort(by_hardness.begin(), by_hardness.end(), [](std::uint32_t a, std::uint32_t b) {
    return dollars().features[2 * a] < dollars().features[2 * b];
  });
  const Calibration sorted = calibrate(select_table_inputs(dollars(), by_hardness), policy, within(0.03)),
                    unsorted = calibrate(dollars(), policy, within(0.03));
  ASSERT_EQ(sorted.steps.size(), unsorted.steps.size());
  for (std::size_t i = 0; i < sorted.steps.size(); ++i) {
    EXPECT_EQ(sorted.steps[i].p_value, unsorted.steps[i].p_value);
  }
}

TEST(ImportedPromises, OfRunTimesCountPar10) {
  const Table table = testing::run_time_table(1600);
  const auto policy = train_on("forests", table);
  const Calibration calibration = calibrate(table, *policy, within(0.1));
  ASSERT_NE(calibration.policy, nullptr) << calibration_verdict(calibration);
  EXPECT_EQ(loss_kind(table), LossKind::kShares);
  EXPECT_NE(calibration_verdict(calibration).find("100 s PAR10"), std::string::npos)
      << calibration_verdict(calibration);
  const CalibrationStep& first = calibration.steps.front();
  const auto losses = losses_of(table, *policy, policy->price_settings()[first.setting].price);
  EXPECT_NEAR(first.p_value, bounded_loss_p_value(losses, 0.1, 0.05), 1e-12);
}

// A score that is right or wrong has the exact test, as images have.
TEST(ImportedPromises, OfRightAndWrongAreExact) {
  Table table = dollars();
  for (float& score : table.scores) score = score > 0.5F ? 1.0F : 0.0F;
  EXPECT_EQ(loss_kind(table), LossKind::kSigns);
  const auto policy = train_on("forests", table);
  const Calibration calibration = calibrate(table, *policy, within(0.05));
  for (const CalibrationStep& step : calibration.steps) {
    LossCounts counts;
    for (const float loss : losses_of(table, *policy, policy->price_settings()[step.setting].price)) {
      counts.add(static_cast<int>(loss));
    }
    EXPECT_EQ(step.p_value, loss_p_value(counts, 0.05, 0.05));
    EXPECT_EQ(step.mean_loss, counts.mean());
  }
}

TEST(ImportedPromises, HoldInEachClassAndSource) {
  Table table = dollars();
  table.n_classes = 2;
  table.label_names = {"easy", "hard"};
  table.sources = {"monday", "tuesday"};
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    table.labels[i] = table.features[2 * i] < 0.5F ? 0 : 1;
    table.source_of.push_back(i % 4 == 0 ? 0 : 1);
  }
  const auto policy = train_on("forests", table);
  for (const CalibrateGroups per : {CalibrateGroups::kClass, CalibrateGroups::kSource}) {
    CalibrateOptions options = within(0.08);
    options.per = per;
    const Calibration calibration = calibrate(table, *policy, options);
    ASSERT_NE(calibration.policy, nullptr) << calibration_verdict(calibration);
    EXPECT_EQ(calibration.policy->certificate()->groups, 2U);
    for (const CalibrationStep& step : calibration.steps) {
      const double price = policy->price_settings()[step.setting].price;
      const auto losses = losses_of(table, *policy, price);
      const auto order = shuffled_rows(table, rows_from(kTrained, 1600), 0);
      double worst = bounded_loss_p_value(losses, 0.08, 0.05);
      for (const std::int32_t group : {0, 1}) {
        std::vector<float> part;
        for (std::size_t i = 0; i < order.size(); ++i) {
          const auto& of = per == CalibrateGroups::kClass ? table.labels : table.source_of;
          if (of[order[i]] == group) part.push_back(losses[i]);
        }
        worst = std::max(worst, bounded_loss_p_value(part, 0.08, 0.05));
      }
      EXPECT_EQ(step.p_value, worst);
    }
  }
}

TEST(ImportedPromises, CountOneInputOfAGroup) {
  Table table = dollars();
  for (std::size_t i = 0; i < table.n_inputs(); ++i) table.groups.push_back(std::to_string(i / 2));
  const auto policy = train_on("forests", table);
  const Calibration calibration = calibrate(table, *policy, within(0.05));
  EXPECT_EQ(calibration.inputs, (1600U - kTrained) / 2);
}

TEST(ImportedPromises, RefuseWhatCannotBeJudged) {
  const Policy& policy = trained("forests");
  CalibrateOptions per_class = within(0.05);
  per_class.per = CalibrateGroups::kClass;
  EXPECT_TRIAGE_ERROR(calibrate(dollars(), policy, per_class), ErrorCode::kUsage,
                      "calibrate: inputs without a label 1200, expected none where each class is promised "
                      "for; import a column of labels");
  Table missing = dollars();
  missing.scores[missing.at(1000, 0)] = std::nanf("");
  missing.infer_ms[missing.at(1000, 0)] = std::nanf("");
  EXPECT_TRIAGE_ERROR(calibrate(missing, policy, within(0.05)), ErrorCode::kUsage,
                      "calibrate: input 'made/1000', on which some model was not run, expected inputs on "
                      "which every model was");
  const Policy& ladder = trained("ladder");
  EXPECT_TRIAGE_ERROR(compare_policies(missing, {"a", &policy}, {"b", &ladder}, {}), ErrorCode::kUsage,
                      "compare: input 'made/1000', on which some model was not run");
  // Inputs on which every model was run are enough.
  const Table complete = select_table_inputs(missing, complete_rows(missing));
  EXPECT_EQ(calibrate(complete, policy, within(0.05)).inputs, 1600U - kTrained - 1);
}

TEST(ImportedComparison, IsOfAnyScores) {
  const Policy &forests = trained("forests"), &ladder = trained("ladder");
  const Comparison comparison =
      compare_policies(dollars(), {"forests", &forests}, {"ladder", &ladder}, {.margin = 0.1});
  EXPECT_FALSE(comparison.right_or_wrong);
  std::vector<float> losses;
  std::array<Replay, 2> replays{make_replay("f", 1600), make_replay("l", 1600)};
  const auto rows = rows_from(kTrained, 1600);
  replay_policy(dollars(), rows, forests, FakeClock(), replays[0]);
  replay_policy(dollars(), rows, ladder, FakeClock(), replays[1]);
  std::size_t first_better = 0, second_better = 0;
  double difference = 0;
  for (const std::uint32_t row : shuffled_rows(dollars(), rows, 0)) {
    losses.push_back(static_cast<float>(replays[1].top1[row] - replays[0].top1[row]));
    first_better += losses.back() < 0 ? 1 : 0;
    second_better += losses.back() > 0 ? 1 : 0;
    difference -= static_cast<double>(losses.back()) / 1200;
  }
  const Interval loss = bounded_loss_interval(losses, 0.05);
  EXPECT_NEAR(comparison.difference.value, difference, 1e-9);
  EXPECT_DOUBLE_EQ(comparison.difference.interval.low, -loss.high);
  EXPECT_DOUBLE_EQ(comparison.difference.interval.high, -loss.low);
  EXPECT_EQ(comparison.first_alone, first_better);
  EXPECT_EQ(comparison.second_alone, second_better);
  EXPECT_TRUE(comparison.within_margin);
}

}  // namespace
}  // namespace triage
