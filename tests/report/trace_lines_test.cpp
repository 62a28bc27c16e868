// What trace events and facts of training say in words. Policies' own tests cover what they emit; here stand
// the events and facts by hand.
#include <gtest/gtest.h>

#include <map>

#include "policy/policies.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

using testing::info_of;

std::string said(const TraceEvent& event) { return describe(event, info_of({"small", "big"}, {"x"})).what; }

std::vector<std::string> names(const TraceEvent& event) {
  std::vector<std::string> all;
  for (const auto& [name, value] : describe(event, info_of({"small", "big"}, {"x"})).values)
    all.push_back(name);
  return all;
}

TEST(DescribeEvent, SaysWhatAChooserAnswered) {
  EXPECT_EQ(said(NeighboursVote{{0, 0, true}, 2, 3, 0.755}),
            "KNN-1: 2 of 3 neighbours say small, with 75.5 % of the weight: yes");
  EXPECT_EQ(said(NeighboursVote{{std::nullopt, kNoModel, true}, 2, 3, std::nullopt}),
            "KNN: 2 of 3 neighbours say none");
  EXPECT_EQ(said(TreeAnswer{{1, 1, false}, {}}), "DT-2: one leaf (scaled) for big: no");
  EXPECT_EQ(said(TreeAnswer{{std::nullopt, 1, true}, {{0, true, 0.25}, {0, false, 0.125}}}),
            "DT: x <= 0.25, x > 0.125 (scaled) for big");
  EXPECT_EQ(said(SvmAnswered{{std::nullopt, 0, true}, 2, 2}), "SVM: 2 of 2 pairs won by small");
  EXPECT_EQ(said(SvmAnswered{{2, 1, true}, 0.5, 0}), "SVM-3: decision value 0.5000 for big: yes");
}

TEST(DescribeEvent, SaysEveryDecisionOfAnAdaptiveLook) {
  using Decision = AdaptiveLook::Decision;
  AdaptiveLook look;
  look.model = 0;
  look.next = 1;
  const auto with = [&](Decision decision) {
    look.decision = decision;
    return said(look);
  };
  EXPECT_EQ(with(Decision::kContinue), "look 1, small: big is expected to gain more than its price, goes on");
  EXPECT_EQ(with(Decision::kContinueForConfidence),
            "look 1, small: big is not expected to gain its price, goes on for the confidence asked for");
  EXPECT_EQ(with(Decision::kAnswer), "look 1, small: big is not expected to gain its price, answers");
  EXPECT_EQ(names(look), (std::vector<std::string>{"confidence", "expected net gain", "price"}));
  look.next = kNoModel;
  EXPECT_EQ(with(Decision::kOnlyModel), "look 1, small: the only model of its order, answers");
  EXPECT_EQ(names(look), std::vector<std::string>{"confidence"});
  look.looks = 2;
  EXPECT_EQ(with(Decision::kLast),
            "look 2, small and all before it together: the last of its order, answers");
  EXPECT_EQ(names(look), (std::vector<std::string>{"confidence", "price"}));
}

TEST(DescribeEvent, SaysWhatHeldAModelBack) {
  EXPECT_EQ(said(CapHeld{CapHeld::Cap::kLatencyMs, 1, 8, 2.5, 10}),
            "big may take 8.000 ms, and 2.500 of 10.000 ms are gone: not started");
  EXPECT_EQ(said(CapHeld{CapHeld::Cap::kEnergyJ, 1, 0.5, 0, 0.25}),
            "big takes 0.5 J on average, too much for a cap of 0.25 J: not started");
}

TEST(DescribeEvent, SaysTheOthers) {
  EXPECT_EQ(said(AlwaysRuns{1}), "single: always runs big");
  EXPECT_EQ(said(FellBack{FellBack::Reason::kNoneIsRight, 0}), "none is right: runs small, the fallback");
  EXPECT_EQ(said(RoutingStep{1, {0, 1}, 0.75, {0.5, 0.25}, 0.1}),
            "after 1 looks small + big is worth the most, with an expected quality of 0.7500");
  EXPECT_EQ(names(RoutingStep{1, {0, 1}, 0.75, {0.5, 0.25}, 0.1}),
            (std::vector<std::string>{"quality of small", "quality of big", "lambda"}));
  EXPECT_EQ(said(OwnStep{"asked", {{"n", 1}}}), "asked");
  EXPECT_EQ(names(OwnStep{"asked", {{"n", 1}}}), std::vector<std::string>{"n"});
}

std::map<std::string, std::string> lines_with(TrainingFacts facts) {
  auto info = info_of({"small", "big"}, {"contrast"});
  info.training = std::move(facts);
  const auto lines = training_lines(*make_single(std::move(info), 0));
  return {lines.begin(), lines.end()};
}

TEST(TrainingLines, SayWhatEveryPolicyKnows) {
  TrainingFacts facts;
  EXPECT_EQ(lines_with(facts), (std::map<std::string, std::string>{{"criterion", "top1"}}));
  facts.inputs = 6;
  facts.inputs_hash = "abc";
  facts.labels_from = "big";
  facts.notes = {{"chosen", "by hand"}};
  EXPECT_EQ(lines_with(facts),
            (std::map<std::string, std::string>{{"inputs", "6"},
                                                {"inputs_hash", "abc"},
                                                {"criterion", "top1"},
                                                {"labels", "from big: agreement, not accuracy"},
                                                {"chosen", "by hand"}}));
}

TEST(TrainingLines, SayWhatACascadeAimedAt) {
  TrainingFacts facts;
  facts.details = CascadeFacts{std::nullopt, 0.9, true, 0.91, 2};
  EXPECT_EQ(lines_with(facts)["aim"], "least time at a score of at least 0.9000");
  EXPECT_EQ(lines_with(facts)["score in training"], "0.9100");
  EXPECT_EQ(lines_with(facts)["ms in training"], "2.000");
  facts.details = CascadeFacts{std::nullopt, 0.9, false, 0.8, 2};
  EXPECT_EQ(lines_with(facts)["aim"],
            "least time at a score of at least 0.9000, which no cascade reaches: the best score instead");
  facts.details = CascadeFacts{0.01, 0, true, 0.8, 2};
  EXPECT_EQ(lines_with(facts)["aim"], "most score at a price of 0.01 a ms");
}

TEST(TrainingLines, SayWhatRoutingAndSelectorsAre) {
  TrainingFacts facts;
  facts.details = RoutingFacts{kEnergyCost, 0.9, false, 0.8, 2, 10, 20};
  EXPECT_EQ(lines_with(facts)["aim"],
            "least energy at a score of at least 0.9000, which is not reached: the best score instead");
  EXPECT_EQ(lines_with(facts)["expected J"], "2.000");
  EXPECT_EQ(lines_with(facts)["searched"], "10 settings; estimates from 20 inputs");
  facts.details = SelectorFacts{"net"};
  EXPECT_EQ(lines_with(facts)["premodel"], "cnn");
  EXPECT_EQ(lines_with(facts)["selector"], "net");
}

TEST(TrainingLines, SayHowAPremodelWasMade) {
  auto lines = lines_with(testing::premodel_training());
  EXPECT_EQ(lines["premodel"], "knn.dt.svm");
  EXPECT_EQ(lines["label"], "correct");
  EXPECT_EQ(lines["cost"], "energy");
  EXPECT_EQ(lines["features"], "two of three");
  EXPECT_EQ(lines["theta"], "0.005");
  EXPECT_EQ(lines["k"], "3");
  EXPECT_EQ(lines["weights"], "distance");
  EXPECT_EQ(lines["coverage"], "small 50.00 % (+50.00), dropped huge 75.00 % (+0.40)");
  EXPECT_EQ(lines["optimum of stage 2"], "big: 2 inputs");
  EXPECT_EQ(lines["none right"], "1 inputs");
  EXPECT_EQ(lines.count("KNN-1"), 0U);
  EXPECT_EQ(lines["DT-2"], "depth 4, at least 5 inputs a leaf, 9 nodes: 75.0 % right in inner folds");
  EXPECT_EQ(lines["SVM-3"],
            "C 10, gamma 0.5, 30 support vectors, trained on 40 of 50 inputs: too few inputs to search");
  EXPECT_EQ(lines["fallback"], "big");
  EXPECT_EQ(lines["distance limit"], "0.2500, quantile 0.99 of the training inputs; beyond: fallback");
  EXPECT_EQ(lines["control"], "features shuffled, seed 7");
  EXPECT_EQ(lines.count("seed"), 0U);
}

TEST(TrainingLines, SayWhatAnAdaptivePolicyAimedAt) {
  auto parameters = testing::two_stage_adaptive();
  parameters.certificate.reset();
  auto info = testing::adaptive_info();
  info.training.seed = 3;
  const auto lines_of_adaptive = [&](const AdaptiveFacts& facts) {
    info.training.details = facts;
    const auto lines = training_lines(*make_adaptive(info, parameters));
    return std::map<std::string, std::string>(lines.begin(), lines.end());
  };
  auto lines = lines_of_adaptive({std::nullopt, -0.005, 0.012, 0.0034, 55});
  EXPECT_EQ(lines["aim"], "least time at the score of big -0.50 points, as far as 6 inputs can tell");
  EXPECT_EQ(lines["order"], "small > big");
  EXPECT_EQ(lines["price"], "0.01 a ms");
  EXPECT_EQ(
      lines["expected score"],
      "0.9000 by inner cross-validation, +1.20 points (standard error 0.34) against the single best model "
      "of each inner fold");
  EXPECT_EQ(lines["expected ms"], "0.5000");
  EXPECT_EQ(lines["orders tried"], "55");
  EXPECT_EQ(lines["seed"], "3");
  parameters.unit = kEnergyCost;
  EXPECT_EQ(lines_of_adaptive({0.02, 0, 0, 0, 1})["aim"], "most score at a price of 0.02 a J");
  parameters.certificate = testing::two_stage_adaptive().certificate;
  lines = lines_of_adaptive({0.02, 0, 0, 0, 1});
  EXPECT_EQ(
      lines["aim"],
      "least energy at a loss of at most 1.00 points against big with probability 0.95 or more, certified on "
      "1000 inputs");
  EXPECT_EQ(lines["expected score"], "0.9000 by inner cross-validation");
}

}  // namespace
}  // namespace triage
