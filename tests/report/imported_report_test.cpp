// Reports of tables that somebody brought, in the words of their terms: run times, dollars.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/phrases.h"
#include "report/sentences.h"
#include "support/imported.h"
#include "support/synthetic.h"
#include "triage/tools/report.h"
#include "triage/tools/rows.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

EvaluateOptions quick_options() {
  EvaluateOptions options;
  options.folds = 3;
  options.resamples = 50;
  return options;
}

const Evaluation& run_times() {
  static const Evaluation e = cross_validate(testing::run_time_table(90), quick_options());
  return e;
}
const Evaluation& dollars() {
  static const Evaluation e = cross_validate(testing::dollar_table(90), quick_options());
  return e;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Everything that people read, of one table.
std::vector<std::string> pages(const Evaluation& e) {
  return {evaluation_text(e), evaluation_html(e, {}),
          nlohmann::json::parse(evaluation_json(e, {}))["verdict"]};
}

Method judged(MethodId id, double score, double cost, Estimate gain = {0, {0, 0}},
              Estimate ratio = {1, {1, 1}}) {
  Method m;
  m.id = id;
  m.pooled.score = score;
  m.pooled.mean_ms = cost;
  m.chosen = {0, 1, 0};
  m.score_gain = gain;
  m.time_ratio = ratio;
  m.above_router = {0.01, {0.005, 0.02}};
  return m;
}

// SBS is "large"; forests are the candidate.
Evaluation with_forests(const Terms& terms, const Estimate& gain, const Estimate& ratio) {
  Evaluation e;
  e.terms = terms;
  e.imported = true;
  e.machine = "made.csv";
  e.models = {"small", "large"};
  e.optimum_share = {0.7, 0.25, 0.05};
  e.methods = {judged({MethodKind::kSingle, 0}, 0.7, 1), judged({MethodKind::kSingle, 1}, 0.9, 4),
               judged({MethodKind::kSbs}, 0.9, 4), judged({MethodKind::kVbs}, 0.95, 1.5),
               judged({MethodKind::kForests}, 0.9 + gain.value, 4 * ratio.value, gain, ratio)};
  e.recommendation = recommend(e.methods);
  return e;
}

const Terms kPar10{
    .score = "PAR10", .worst = 1000, .best = 0, .score_unit = "s", .cost_unit = "s", .cutoff = 100};
const Terms kQuality{.score = "quality", .cost_unit = "usd"};

TEST(ImportedReport, OfRunTimesSpeaksOfRunTimes) {
  const std::string text = evaluation_text(run_times());
  for (const char* part :
       {"90 inputs, 3 models, PAR10, 3-fold cross-validation", "PAR10 s", "PAR10 - SBS, s", "mean s",
        "run time / SBS", " at a mean run time of ", "no model ends in time",
        "Covered is what a model so far ends in time",
        "Costs: as imported from made.csv, in s; deciding adds nothing; runs end at the"}) {
    EXPECT_TRUE(has(text, part)) << part << "\n" << text;
  }
  for (const std::string& page : pages(run_times())) {
    for (const char* part : {"top-1", "top-5", "F1", " ms", "model is right", "Timing", "otherwise idle"}) {
      EXPECT_FALSE(has(page, part)) << part << "\n" << page.substr(page.find("<body"));
    }
  }
}

TEST(ImportedReport, OfDollarsSpeaksOfCosts) {
  const std::string text = evaluation_text(dollars());
  for (const char* part :
       {"quality %", "quality - SBS, points", "mean usd", "p99 usd", "cost / SBS", "times cheaper",
        "Frontiers: mean height; at SBS's cost the gap to VBS closed and quality gained; less cost",
        "Costs: as imported from made.csv, in usd; deciding adds nothing"}) {
    EXPECT_TRUE(has(text, part)) << part << "\n" << text;
  }
  for (const std::string& page : pages(dollars())) {
    for (const char* part :
         {"top-5", "F1", " ms", "faster", "slower", "model is right", "Algorithm 1:", "its time"}) {
      EXPECT_FALSE(has(page, part)) << part << "\n" << page.substr(page.find("<body"));
    }
  }
}

TEST(ImportedReport, HtmlHasTheTablesWordsInItsFigures) {
  const std::string seconds = evaluation_html(run_times(), {});
  for (const char* part : {"mean run time per input, s (logarithmic)", ">PAR10, s<", "Score and run time",
                           "PAR10 against the zero router", "none ends in time", "Less is better.",
                           "<dt>run time</dt>", "PAR10 in s, one dot a fold"}) {
    EXPECT_TRUE(has(seconds, part)) << part;
  }
  const std::string bill = evaluation_html(dollars(), {});
  for (const char* part :
       {"mean cost per input, usd (logarithmic)", ">quality, %<", "Score and cost", "<dt>cost</dt>"}) {
    EXPECT_TRUE(has(bill, part)) << part;
  }
  for (const char* part : {"id=\"reliability\"", "id=\"difficulty\"", "id=\"selection\"",
                           "Expected calibration error", "precision"}) {
    EXPECT_FALSE(has(bill, part)) << part;
  }
}

// Scores and costs stay as they are inside; the terms say how to read them.
TEST(ImportedReport, JsonNamesTheTerms) {
  const auto document = nlohmann::json::parse(evaluation_json(run_times(), {}));
  const nlohmann::json terms{{"score", "PAR10"},  {"worst", 1000.0},  {"best", 0.0},
                             {"score_unit", "s"}, {"cost_unit", "s"}, {"cutoff", 100.0}};
  EXPECT_EQ(document["terms"], terms);
  EXPECT_NEAR(document["methods"][0]["pooled"]["score"], run_times().methods[0].pooled.score, 1e-12);
  EXPECT_FALSE(nlohmann::json::parse(evaluation_json(with_forests({}, {}, {}), {})).contains("terms"));
}

TEST(ImportedReport, BetterIsSaidOfLessWhereLessIsBetter) {
  const Evaluation e = with_forests(kPar10, {0.02, {0.01, 0.03}}, {0.5, {0.4, 0.6}});
  EXPECT_EQ(evaluation_verdict(e),
            "Use the forests policy: 80.00 s PAR10 at a mean run time of 2.00 s, 2.00x faster than large "
            "alone (100.0 s "
            "PAR10 at a mean run time of 4.00 s). It is better by 20.0 s PAR10 [10.0, 30.0].");
  EXPECT_EQ(evaluation_remarks(e).back(),
            "A selector that is never wrong and free of cost would reach 50.00 s PAR10 at a mean run time of "
            "1.50 s; on "
            "5.0 % of the inputs no model ends in time.");
  const Evaluation bill = with_forests(kQuality, {0.02, {0.01, 0.03}}, {1.5, {1.4, 1.6}});
  EXPECT_EQ(evaluation_verdict(bill),
            "Use the forests policy: 92.00 % quality at 6.00 usd, 1.50 times the cost of large alone (90.00 "
            "% quality at "
            "4.00 usd). It is better by 2.00 points [1.00, 3.00].");
}

TEST(ImportedReport, SaysWhereAGainIsWithinItsNoise) {
  const Evaluation kept = with_forests(kPar10, {0.002, {-0.001, 0.004}}, {1.1, {1.05, 1.2}});
  EXPECT_EQ(evaluation_verdict(kept),
            "Use large alone: 100.0 s PAR10 at a mean run time of 4.00 s. No policy judged here is worth its "
            "selection. "
            "The estimated gain of the forests policy, -2.00 s PAR10 [-4.00, +1.00], is within its noise.");
  EXPECT_EQ(evaluation_remarks(kept).front(),
            "The forests policy (98.00 s PAR10 at a mean run time of 4.40 s) is not worth using: it is "
            "neither faster "
            "nor better than the single best model; against the zero router at equal run time -10.0 s PAR10 "
            "[-20.0, "
            "-5.00].");
  const Evaluation cheaper = with_forests(kQuality, {0.001, {-0.001, 0.003}}, {0.5, {0.4, 0.6}});
  EXPECT_TRUE(has(evaluation_verdict(cheaper),
                  "It is better by 0.10 points [-0.10, 0.30]. That is within its noise: "
                  "what it surely saves is cost."))
      << evaluation_verdict(cheaper);
  const Evaluation never = with_forests(kQuality, {0, {0, 0}}, {1, {1, 1}});
  EXPECT_FALSE(has(evaluation_verdict(never), "noise")) << "it is that model";
  const Evaluation free = with_forests(kQuality, {0.02, {0.01, 0.03}}, {kNotMeasured, {}});
  EXPECT_TRUE(has(evaluation_verdict(free), "usd, against large alone")) << "whose costs are 0";
}

TEST(ImportedReport, ShortcomingsAreOfTheTablesCosts) {
  const auto first_remark = [](const Estimate& gain, const Estimate& ratio) {
    return evaluation_remarks(with_forests(kQuality, gain, ratio)).front();
  };
  EXPECT_TRUE(has(first_remark({-0.02, {-0.03, -0.01}}, {0.5, {0.4, 0.6}}),
                  "it is worse than the single best model"));
  EXPECT_TRUE(has(first_remark({-0.002, {-0.03, 0.01}}, {0.5, {0.4, 0.6}}),
                  "so few inputs do not tell whether it is as good as the single best model"));
  EXPECT_TRUE(has(first_remark({0, {-0.001, 0.001}}, {1.5, {1.4, 1.6}}), "it is neither cheaper nor better"));
  Evaluation e = with_forests(kQuality, {0.02, {0.01, 0.03}}, {0.5, {0.4, 0.6}});
  e.methods.back().above_router = {0, {-0.01, 0.01}};
  e.recommendation = recommend(e.methods);
  EXPECT_TRUE(has(evaluation_remarks(e).front(),
                  "(the zero router) does as well at its cost; against the zero router "
                  "at equal cost 0.00 points"));
}

TEST(ImportedReport, OfficialFoldsAreNamed) {
  Evaluation e = with_forests(kPar10, {}, {});
  e.folds = 10;
  EXPECT_EQ(protocol_phrase(e), "10-fold cross-validation, seed 0");
  e.official_folds = true;
  EXPECT_EQ(protocol_phrase(e), "the 10 folds that came with the table");
}

// A band below 0 in shares is one of greater numbers where less is better.
TEST(ImportedReport, BandsAreBetterOrWorseWhereLessIsBetter) {
  Frontier frontier;
  frontier.method = MethodId{MethodKind::kForests};
  frontier.points = {{.ms = 1, .above_router = {-0.02, {-0.03, -0.01}}},
                     {.ms = 2, .above_router = {0.02, {0.01, 0.03}}}};
  EXPECT_EQ(band_sentence(frontier, ScoreWords(kPar10)),
            "The simultaneous 95 % band of forests against the zero router at equal run time is wholly worse "
            "at 1 of 2 "
            "settings (by up to 20.0 s PAR10, at 1.00 s), and wholly better at 1.");
  frontier.points.erase(frontier.points.begin());
  EXPECT_EQ(
      band_sentence(frontier, ScoreWords(kPar10)),
      "The simultaneous 95 % band of forests against the zero router at equal run time is nowhere worse, and "
      "wholly better at 1 of 1 settings.");
  EXPECT_EQ(band_sentence(frontier, ScoreWords(kQuality)),
            "The simultaneous 95 % band of forests against the zero router at equal cost lies nowhere below "
            "zero, and "
            "wholly above it at 1 of 1 settings.");
}

TEST(ImportedReport, ComparisonsCountInTheTablesTerms) {
  Comparison comparison;
  comparison.terms = kQuality;
  comparison.names = {"a", "b"};
  comparison.delta = 0.05;
  comparison.difference = {0.02, {0.01, 0.03}};
  comparison.better = Preference::kFirst;
  comparison.margin = 0.01;
  comparison.within_margin = true;
  comparison.ms = {{0.001, 0.002}, {-0.001, {}}, {0.5, {0.4, 0.6}}};
  EXPECT_EQ(comparison_verdict(comparison),
            "a is better than b, with probability 0.95 or more: the quality of a is better by 2.00 points "
            "[1.00, 3.00]. "
            "Shown: a is worse than b by less than 1.00 points, if by anything. a takes 0.00100 usd, b "
            "0.00200 usd: a "
            "is cheaper, 0.500 [0.400, 0.600] times its cost.");
  comparison.terms = kPar10;
  comparison.better = Preference::kSecond;
  comparison.difference = {-0.02, {-0.03, -0.01}};
  comparison.margin.reset();
  comparison.ms = {{2, 1}, {1, {}}, {2, {1.5, 2.5}}};
  EXPECT_EQ(comparison_verdict(comparison),
            "b is better than a, with probability 0.95 or more: the PAR10 of a is worse by 20.0 s PAR10 "
            "[10.0, 30.0]. a "
            "takes 2.00 s, b 1.00 s: a is slower, 2.00 [1.50, 2.50] times its run time.");
}

TEST(ImportedReport, CalibrationCountsInTheTablesTerms) {
  Calibration calibration;
  calibration.terms = kQuality;
  calibration.max_loss = 0.01;
  calibration.delta = 0.05;
  calibration.versus = "large";
  calibration.inputs = 500;
  calibration.versus_ms = 0.004;
  calibration.steps.push_back({.mean_loss = 0.002, .mean_ms = 0.001});
  calibration.chosen = 0;
  EXPECT_EQ(calibration_verdict(calibration),
            "Certified on 500 inputs: a loss of at most 1.00 points against large with probability 0.95 or "
            "more. On them "
            "the loss was +0.20 points at 0.00100 usd, 4.00x cheaper than 0.00400 usd.");
  calibration.terms = kPar10;
  calibration.chosen.reset();
  EXPECT_EQ(calibration_verdict(calibration),
            "Not achievable with 500 inputs: a loss of at most 10.0 s PAR10 against large with probability "
            "0.95 or more. "
            "The best setting lost 2.00 s PAR10 on them, which is not below the bound: more inputs would not "
            "help, a "
            "larger bound or other models might.");
}

std::string line_of(const Policy& policy, std::string_view key) {
  for (const auto& [name, value] : training_lines(policy)) {
    if (name == key) return value;
  }
  return "none";
}

TEST(ImportedReport, TrainingAndTracesCountInTheTablesTerms) {
  const Table table = testing::run_time_table(90);
  const auto rows = all_rows(table);
  const auto forests = train_forests_policy(table, rows, {}, {.trees = 5});
  EXPECT_EQ(line_of(*forests, "score"), "PAR10 s");
  EXPECT_EQ(line_of(*forests, "criterion"), "none");
  EXPECT_TRUE(line_of(*forests, "expected score").ends_with(" s PAR10"));
  EXPECT_NE(line_of(*forests, "expected s"), "none");
  EXPECT_TRUE(line_of(*forests, "price").ends_with(" a s"));
  const ForestsExpect event{
      .losses = {0.5, 0.25, 0.9}, .costs = {1, 2, 3}, .price = 0.5, .model = 1, .second = 0};
  const TraceLine line = describe(event, forests->info());
  EXPECT_EQ(line.what, "medium is worth the most: 250.0 s PAR10 expected; next is small");
  ASSERT_EQ(line.values.size(), 7U);
  EXPECT_EQ(line.values[1], std::pair(std::string("PAR10 of medium"), 250.0));
  EXPECT_EQ(line.values[5], std::pair(std::string("s of large"), 3.0));
}

// Tables of images say what they always said.
TEST(ImportedReport, ImagesKeepTheirWords) {
  const Evaluation e =
      cross_validate(testing::synthetic_table(150, testing::three_models(), 1), quick_options());
  EXPECT_EQ(e.terms, Terms{});
  EXPECT_FALSE(e.imported);
  const std::string text = evaluation_text(e);
  for (const char* part : {"top-1 %", "top-5 %", "score - SBS, points", "mean ms", "time / SBS", "F1 %",
                           "speed-up", "Algorithm 1 over all inputs (theta 0.50 points)\n",
                           "no model is right", "Machine: ", "Timing: cheap"}) {
    EXPECT_TRUE(has(text, part)) << part << "\n" << text;
  }
}

}  // namespace
}  // namespace triage
