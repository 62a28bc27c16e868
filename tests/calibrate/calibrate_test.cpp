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
#include "stats/loss_evidence.h"
#include "stats/paired_loss_test.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/tools/learn.h"
#include "triage/tools/replay.h"
#include "triage/tools/report.h"

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
Calibration calibrate_counts(std::size_t n, std::size_t worse, std::size_t better, double max_loss,
                             CalibrateGroups per = CalibrateGroups::kNone) {
  Table table = testing::synthetic_table(n, {testing::three_models()[0], testing::three_models()[1]}, 1);
  std::fill_n(table.labels.begin(), worse, 4);  // those where it is worse are of one class
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
  CalibrateOptions calibration = options(max_loss);
  calibration.per = per;
  return calibrate(table, *make_adaptive(info, parameters), calibration);
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

TEST(Calibrate, AnytimeTakesMoreAndMayBeRepeated) {
  CalibrateOptions anytime = options(0.03);
  anytime.anytime = true;
  const Calibration fixed = calibrate(table(), policy(), options(0.03)),
                    repeated = calibrate(table(), policy(), anytime);
  ASSERT_NE(repeated.policy, nullptr) << calibration_verdict(repeated);
  EXPECT_LE(repeated.steps.size(), fixed.steps.size());
  const auto sequence = test_sequence(policy().price_settings());
  for (const CalibrationStep& step : repeated.steps) {
    const Counted counted = count_setting(step.setting, policy().info().best.name, rows(1000, 3000));
    EXPECT_NEAR(step.p_value, anytime_loss_p_value(counted.counts, 0.03), 1e-12);
    EXPECT_EQ(step.passed, step.p_value <= 0.05);
  }
  const Counted first = count_setting(sequence.front(), policy().info().best.name, rows(1000, 3000));
  EXPECT_EQ(repeated.inputs_needed, anytime_pairs_needed(first.counts, 0.03, 0.05));
  EXPECT_GT(repeated.inputs_needed, fixed.inputs_needed);
  EXPECT_NE(calibration_verdict(repeated).find("The promise stays valid when inputs are added"),
            std::string::npos);
  EXPECT_EQ(calibration_verdict(fixed).find("stays valid"), std::string::npos);
}

CalibrateOptions by_class(double max_loss) {
  CalibrateOptions made = options(max_loss);
  made.per = CalibrateGroups::kClass;
  return made;
}

TEST(Calibrate, PerClassEachHasToPass) {
  const Calibration on_average = calibrate(table(), policy(), options(0.12)),
                    everywhere = calibrate(table(), policy(), by_class(0.12));
  ASSERT_NE(everywhere.policy, nullptr) << calibration_verdict(everywhere);
  ASSERT_EQ(everywhere.groups.size(), 10U);
  for (const CalibrationStep& step : everywhere.steps) {
    double worst = 0;
    for (std::int32_t cls = 0; cls < 10; ++cls) {
      std::vector<std::uint32_t> of_class;
      for (const std::uint32_t row : rows(1000, 3000)) {
        if (table().labels[row] == cls) of_class.push_back(row);
      }
      const Counted counted = count_setting(step.setting, policy().info().best.name, of_class);
      const double p = loss_p_value(counted.counts, 0.12, 0.05);
      const auto c = static_cast<std::size_t>(cls);
      EXPECT_EQ(everywhere.groups[c].inputs, of_class.size());
      EXPECT_TRUE(everywhere.groups[c].counts);
      if (step.setting == everywhere.steps[*everywhere.chosen].setting) {
        EXPECT_NEAR(everywhere.groups[c].mean_loss, counted.counts.mean(), 1e-12);
      }
      worst = std::max(worst, p);
    }
    EXPECT_NEAR(step.p_value, worst, 1e-12) << "the mean of all is easier than the worst class";
    EXPECT_EQ(step.passed, worst <= 0.05);
    EXPECT_TRUE(step.worst_group.has_value());
  }
  // The price of it.
  EXPECT_DOUBLE_EQ(everywhere.ms_without_groups, on_average.steps[*on_average.chosen].mean_ms);
  EXPECT_GT(everywhere.steps[*everywhere.chosen].mean_ms, everywhere.ms_without_groups);
  EXPECT_TRUE(std::isnan(on_average.ms_without_groups));
  const Certificate& certificate = *everywhere.policy->certificate();
  EXPECT_EQ(certificate.per, "class");
  EXPECT_EQ(certificate.groups, 10U);
  EXPECT_TRUE(certificate.groups_left_out.empty());
  EXPECT_NE(calibration_verdict(everywhere).find(", on average and in each of 10 classes, with probability"),
            std::string::npos)
      << calibration_verdict(everywhere);
  EXPECT_NE(calibration_verdict(everywhere).find("to hold in each class takes "), std::string::npos);
}

// The table with as many sources as `of` says, which gives the source of a row.
template <class SourceOf>
Table with_sources(std::int32_t n, const SourceOf& of) {
  Table made = table();
  for (std::int32_t s = 0; s < n; ++s) made.sources.push_back(fmt::format("camera {}", s));
  for (std::uint32_t row = 0; row < made.n_inputs(); ++row) made.source_of.push_back(of(row));
  return made;
}

CalibrateOptions by_source(double max_loss) {
  CalibrateOptions made = options(max_loss);
  made.per = CalibrateGroups::kSource;
  return made;
}

// Sources that are the classes are promised for as those are.
TEST(Calibrate, PerSourceIsAsPerClass) {
  const Table sourced = with_sources(10, [](std::uint32_t row) { return table().labels[row]; });
  const Calibration classes = calibrate(table(), policy(), by_class(0.12)),
                    sources = calibrate(sourced, policy(), by_source(0.12));
  ASSERT_NE(sources.policy, nullptr) << calibration_verdict(sources);
  EXPECT_EQ(sources.groups[3].name, "camera 3");
  EXPECT_EQ(sources.groups[3].inputs, classes.groups[3].inputs);
  EXPECT_EQ(sources.chosen, classes.chosen);
  ASSERT_EQ(sources.steps.size(), classes.steps.size());
  for (std::size_t i = 0; i < sources.steps.size(); ++i) {
    EXPECT_EQ(sources.steps[i].p_value, classes.steps[i].p_value);
    EXPECT_EQ(sources.steps[i].worst_group, classes.steps[i].worst_group);
  }
  EXPECT_EQ(sources.ms_without_groups, classes.ms_without_groups);
  EXPECT_EQ(sources.policy->certificate()->per, "source");
  EXPECT_EQ(sources.policy->certificate()->groups, 10U);
  const std::string verdict = calibration_verdict(sources);
  EXPECT_NE(verdict.find(", on average and in each of 10 sources, with probability"), std::string::npos)
      << verdict;
  EXPECT_NE(verdict.find("to hold in each source takes "), std::string::npos) << verdict;
}

TEST(Calibrate, NamesSourcesThatAreTooSmall) {
  const Table sourced = with_sources(2, [](std::uint32_t row) { return row < 2995 ? 0 : 1; });
  const Calibration calibration = calibrate(sourced, policy(), by_source(0.12));
  ASSERT_NE(calibration.policy, nullptr) << calibration_verdict(calibration);
  EXPECT_EQ(calibration.policy->certificate()->groups_left_out, std::vector<std::string>{"camera 1"});
  EXPECT_NE(
      calibration_verdict(calibration)
          .find(fmt::format("Nothing is promised for sources of fewer than {} inputs, which are too few "
                            "to tell: camera 1 (5).",
                            calibration.group_needs)),
      std::string::npos)
      << calibration_verdict(calibration);
}

TEST(Calibrate, PerSourceRefusesTooFew) {
  EXPECT_TRIAGE_ERROR(calibrate(table(), policy(), by_source(0.12)), ErrorCode::kUsage,
                      "calibrate: sources 0, expected two or more; give a profile of each");
  const Table one = with_sources(1, [](std::uint32_t) { return 0; });
  EXPECT_TRIAGE_ERROR(calibrate(one, policy(), by_source(0.12)), ErrorCode::kUsage,
                      "calibrate: sources 1, expected two or more");
  const Table two = with_sources(2, [](std::uint32_t row) { return static_cast<std::int32_t>(row % 2); });
  EXPECT_TRIAGE_ERROR(calibrate(two, policy(), by_source(0.0005)), ErrorCode::kUsage,
                      "inputs of the largest source 1000, expected at least");
}

TEST(Calibrate, NamesClassesThatAreTooSmall) {
  // Of class 0 only a few inputs are left.
  std::vector<std::uint32_t> kept = rows(0, 1000);
  std::size_t n = 0;
  for (const std::uint32_t row : rows(1000, 3000)) {
    if (table().labels[row] != 0 || ++n <= 5) kept.push_back(row);
  }
  Table few = select_table_inputs(table(), kept);
  few.label_names = {"cat", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
  const Calibration calibration = calibrate(few, policy(), by_class(0.12));
  ASSERT_NE(calibration.policy, nullptr) << calibration_verdict(calibration);
  EXPECT_FALSE(calibration.groups[0].counts);
  EXPECT_EQ(calibration.groups[0].inputs, 5U);
  EXPECT_EQ(calibration.policy->certificate()->groups, 9U);
  EXPECT_EQ(calibration.policy->certificate()->groups_left_out, std::vector<std::string>{"cat"});
  EXPECT_FALSE(is_loss_below({calibration.group_needs - 1, 0, 0}, 0.12, 0.05));
  EXPECT_TRUE(is_loss_below({calibration.group_needs, 0, 0}, 0.12, 0.05));
  EXPECT_NE(
      calibration_verdict(calibration)
          .find(fmt::format("Nothing is promised for classes of fewer than {} inputs, which are too few "
                            "to tell: cat (5).",
                            calibration.group_needs)),
      std::string::npos)
      << calibration_verdict(calibration);
}

TEST(Calibrate, SaysWhichClassStandsInTheWay) {
  ASSERT_NE(calibrate_counts(1000, 20, 0, 0.1).policy, nullptr) << "on average it is fine";
  const Calibration calibration = calibrate_counts(1000, 20, 0, 0.1, CalibrateGroups::kClass);
  EXPECT_EQ(calibration.policy, nullptr);
  ASSERT_EQ(calibration.steps[0].worst_group, std::optional<std::size_t>(4));
  EXPECT_NEAR(calibration.steps[0].worst_loss, 20.0 / static_cast<double>(calibration.groups[4].inputs),
              1e-12);
  EXPECT_TRUE(std::isnan(calibration.inputs_needed)) << "more inputs would not help that class";
  EXPECT_NE(calibration_verdict(calibration).find(" points on them, +1"), std::string::npos);
  EXPECT_NE(calibration_verdict(calibration).find(" on class 4, which is not below the bound"),
            std::string::npos)
      << calibration_verdict(calibration);
}

// A class whose promise is broken fails however well the others do.
TEST(PassesEverywhere, NeedsEveryClassThatCounts) {
  const LossTest test{0.05, 0.05};
  const LossCounts good{1000, 10, 10}, bad{1000, 80, 10}, small{5, 5, 0};
  EXPECT_TRUE(passes_everywhere({good, {good, good}}, test.fewest_pairs(), test));
  EXPECT_FALSE(passes_everywhere({good, {good, bad}}, test.fewest_pairs(), test));
  EXPECT_FALSE(passes_everywhere({bad, {good, good}}, test.fewest_pairs(), test));
  EXPECT_TRUE(passes_everywhere({good, {good, small}}, test.fewest_pairs(), test)) << "too few to tell";
  EXPECT_TRUE(passes_everywhere({good, {}}, test.fewest_pairs(), test));
  EXPECT_FALSE(passes_everywhere({bad, {}}, test.fewest_pairs(), test));
}

TEST(LossTest, KnowsTheFewestPairs) {
  for (const bool anytime : {false, true}) {
    for (const double bound : {0.005, 0.1}) {
      const LossTest test{bound, 0.05, anytime};
      const std::size_t n = test.fewest_pairs();
      EXPECT_TRUE(test.passes(LossCounts{n, 0, 0}));
      EXPECT_FALSE(test.passes(LossCounts{n - 1, 0, 0}));
      EXPECT_LE(test.p_value(LossCounts{n, 0, 0}), 0.05);
    }
  }
}

TEST(Calibrate, RefusesWhatDoesNotFit) {
  EXPECT_EQ(parse_calibrate_groups("class"), CalibrateGroups::kClass);
  EXPECT_EQ(parse_calibrate_groups("source"), CalibrateGroups::kSource);
  EXPECT_TRIAGE_ERROR(parse_calibrate_groups("colour"), ErrorCode::kUsage,
                      "calibrate: per 'colour', expected class or source");
  EXPECT_TRIAGE_ERROR(calibrate(table(), policy(), by_class(0.005)), ErrorCode::kUsage,
                      "inputs of the largest class ", "to promise anything for it; profile more");
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

}  // namespace
}  // namespace triage
