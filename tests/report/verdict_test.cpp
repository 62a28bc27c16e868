// The verdict's rules, one by one.
#include <gtest/gtest.h>

#include <algorithm>

#include "report/method_names.h"
#include "report/sentences.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

Estimate between(double low, double high) { return {(low + high) / 2, {low, high}}; }

Method method(MethodId id, double score, double ms) {
  Method m;
  m.id = id;
  m.pooled.score = score;
  m.pooled.mean_ms = ms;
  m.chosen = {0, 1, 0};
  m.score_gain = between(0, 0);
  m.time_ratio = between(1, 1);
  return m;
}

// SBS is "large"; one candidate with these intervals.
Evaluation with_cascade(Estimate gain, Estimate time, Estimate router, const std::string& labels_from = "",
                        Criterion criterion = Criterion::kTop1) {
  Evaluation e;
  e.labels_from = labels_from;
  e.criterion = criterion;
  e.models = {"small", "large"};
  e.optimum_share = {0.7, 0.25, 0.05};
  e.methods = {method({MethodKind::kSingle, 0}, 0.7, 1), method({MethodKind::kSingle, 1}, 0.9, 4),
               method({MethodKind::kSbs}, 0.9, 4), method({MethodKind::kVbs}, 0.95, 1.5),
               method({MethodKind::kCascade}, 0.9, 2)};
  e.methods.back().score_gain = gain;
  e.methods.back().time_ratio = time;
  e.methods.back().above_router = router;
  e.recommendation = recommend(e.methods);
  return e;
}

TEST(Verdict, NoWorseAndFasterIsRecommended) {
  const Evaluation e = with_cascade(between(-0.004, 0.002), between(0.45, 0.55), between(0.01, 0.02));
  EXPECT_EQ(e.recommendation.method, MethodId{MethodKind::kCascade});
  EXPECT_EQ(
      evaluation_verdict(e),
      "Use the cascade policy: 90.00 % top-1 at 2.00 ms, 2.00x faster than large alone (90.00 % top-1 at "
      "4.00 ms). Its top-1 differs by -0.10 points [-0.40, +0.20].");
}

TEST(Verdict, BetterButSlowerIsRecommended) {
  EXPECT_EQ(with_cascade(between(0.001, 0.01), between(1.1, 1.2), between(0.001, 0.01)).recommendation.method,
            MethodId{MethodKind::kCascade});
}

TEST(Verdict, WorseScoreIsNot) {
  const Evaluation e = with_cascade(between(-0.006, 0.001), between(0.4, 0.5), between(0.01, 0.02));
  EXPECT_EQ(e.recommendation.method, MethodId{MethodKind::kSbs});
  EXPECT_EQ(evaluation_verdict(e).rfind("Use large alone: 90.00 % top-1 at 4.00 ms.", 0), 0U)
      << evaluation_verdict(e);
  ASSERT_FALSE(evaluation_remarks(e).empty());
  EXPECT_NE(evaluation_remarks(e).front().find("so few inputs do not tell whether it scores as much"),
            std::string::npos);
  const Evaluation surely = with_cascade(between(-0.006, -0.001), between(0.4, 0.5), between(0.01, 0.02));
  EXPECT_NE(evaluation_remarks(surely).front().find("it scores less than the single best model"),
            std::string::npos);
}

// Each shortcoming, and methods that are not candidates.
TEST(Recommendation, SaysWhyNot) {
  const auto why = [](Estimate gain, Estimate time, Estimate router) {
    return with_cascade(gain, time, router).recommendation.candidates.at(0).shortcoming;
  };
  const Estimate above = between(0.01, 0.02), faster = between(0.4, 0.5);
  EXPECT_EQ(why(between(-0.004, 0.002), faster, above), std::nullopt);
  EXPECT_EQ(why(between(-0.006, -0.001), faster, above), Shortcoming::kScoresLess);
  EXPECT_EQ(why(between(-0.006, 0.001), faster, above), Shortcoming::kTooFewInputs);
  EXPECT_EQ(why(between(-0.004, 0.002), between(0.9, 1.01), above), Shortcoming::kNeitherFasterNorBetter);
  EXPECT_EQ(why(between(-0.004, 0.002), faster, between(-0.001, 0.02)), Shortcoming::kNotAboveRouter);
  for (const MethodKind kind : {MethodKind::kSingle, MethodKind::kVbs, MethodKind::kShuffled,
                                MethodKind::kExactCascade, MethodKind::kCascadeRouting}) {
    Method good = method({kind, 0}, 0.99, 0.1);
    good.score_gain = good.above_router = above;
    good.time_ratio = faster;
    EXPECT_TRUE(recommend({&good, 1}).candidates.empty()) << to_string(kind);
  }
}

TEST(Recommendation, PrefersTheFastestThatIsNoWorse) {
  const auto candidate = [](MethodKind kind, Estimate gain, Estimate time) {
    Method m = method({kind}, 0.9, 1);
    m.score_gain = gain;
    m.time_ratio = time;
    m.above_router = between(0.01, 0.02);
    return m;
  };
  const Method slow = candidate(MethodKind::kPremodel, between(0, 0.01), between(0.7, 0.8));
  const Method fast = candidate(MethodKind::kCascade, between(-0.001, 0.001), between(0.2, 0.3));
  const Method better = candidate(MethodKind::kAdaptive, between(0.01, 0.02), between(1.1, 1.2));
  EXPECT_EQ(recommend(std::vector{slow, fast, better}).method, fast.id);
  EXPECT_EQ(recommend(std::vector{better, slow}).method, slow.id) << "whoever saves time goes first";
  Method best = better;
  best.id = {MethodKind::kPolicy, 1};
  best.score_gain = between(0.02, 0.03);
  EXPECT_EQ(recommend(std::vector{better, best}).method, best.id) << "of the slower the better";
  EXPECT_EQ(recommend(std::vector{slow, fast}).candidates.size(), 2U);
}

TEST(Verdict, NotSurelyFasterIsNot) {
  EXPECT_EQ(
      with_cascade(between(-0.001, 0.001), between(0.9, 1.01), between(0.01, 0.02)).recommendation.method,
      MethodId{MethodKind::kSbs});
}

TEST(Verdict, UnderTheZeroRouterIsNot) {
  const Evaluation e = with_cascade(between(-0.001, 0.001), between(0.4, 0.5), between(-0.001, 0.02));
  EXPECT_EQ(e.recommendation.method, MethodId{MethodKind::kSbs});
  EXPECT_NE(evaluation_remarks(e).front().find("zero router) does as well"), std::string::npos)
      << evaluation_remarks(e).front();
}

TEST(Verdict, WithoutIntervalsTheFiguresDecide) {
  EXPECT_EQ(with_cascade({0.0, {}}, {0.5, {}}, {0.01, {}}).recommendation.method,
            MethodId{MethodKind::kCascade});
}

TEST(Verdict, WithLabelsFromAModelIsOfAgreement) {
  const auto judged = [](Criterion criterion) {
    return with_cascade(between(-0.004, 0.002), between(0.45, 0.55), between(0.01, 0.02), "large", criterion);
  };
  const Evaluation top1 = judged(Criterion::kTop1), top5 = judged(Criterion::kTop5);
  EXPECT_EQ(
      evaluation_verdict(top1),
      "Use the cascade policy: 90.00 % agreement at 2.00 ms, 2.00x faster than large alone (90.00 % "
      "agreement at 4.00 ms). Its agreement differs by -0.10 points [-0.40, +0.20]. Labels are the answers "
      "of large: scores are agreement with it, not accuracy, and its own is 100 % by construction.");
  EXPECT_NE(evaluation_verdict(top5).find("90.00 % top-5 agreement at"), std::string::npos)
      << evaluation_verdict(top5);
  const std::string bound =
      "Whatever the true labels are, the accuracy of the cascade on these inputs is within 10.00 points of "
      "large's: they differ on 10.00 % of them.";
  EXPECT_EQ(evaluation_remarks(top1).front(), bound);
  EXPECT_NE(evaluation_remarks(top5).front(), bound) << "of the best five nothing follows";
  EXPECT_EQ(evaluation_remarks(top1).back(),
            "A selector that always took the cheapest model that agrees with large, free of cost, would take "
            "1.50 ms.");
}

TEST(Verdict, SaysWhetherThePremodelBeatsItsControls) {
  Evaluation e = with_cascade(between(0, 0), between(1, 1), between(0, 0));
  e.contrasts = {{{MethodKind::kPremodel}, {MethodKind::kShuffled}, between(-0.001, 0.002), between(1, 1)}};
  const auto said = [&](std::string_view text) {
    const auto remarks = evaluation_remarks(e);
    return std::any_of(remarks.begin(), remarks.end(),
                       [&](const std::string& r) { return r.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(said("The premodel does not beat its control 'shuffled features'"));
  e.contrasts[0].score_gain = between(0.001, 0.002);
  EXPECT_TRUE(said("The premodel beats its control 'shuffled features'"));
}

TEST(Verdict, SaysWhetherStagesBeatTheirBaseRates) {
  Evaluation e = with_cascade(between(0, 0), between(1, 1), between(0, 0));
  e.stages = {{"KNN-1", 0.7, 0.8, 0.8, 100}, {"KNN-2", 0.95, 0.9, 0.1, 100}};
  const auto said = [&](std::string_view text) {
    const auto remarks = evaluation_remarks(e);
    return std::any_of(remarks.begin(), remarks.end(),
                       [&](const std::string& r) { return r.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(said("1 of the premodel's 2 stages is right more often"));
  EXPECT_TRUE(said("70.0 (80.0), 95.0 (90.0)."));
}

TEST(Sentences, OfABand) {
  const auto point = [](double ms, double low, double value, double high) {
    FrontierPoint p{ms, 0.9};
    p.above_router = {value, {low, high}};
    return p;
  };
  Frontier frontier;
  frontier.method = {MethodKind::kAdaptive};
  EXPECT_EQ(band_sentence(frontier), "") << "no band, nothing to say";
  frontier.points = {point(1, -0.001, 0.001, 0.003), point(2, 0.001, 0.01, 0.02)};
  EXPECT_EQ(
      band_sentence(frontier),
      "The simultaneous 95 % band of adaptive against the zero router at equal time lies nowhere below zero, "
      "and wholly above it at 1 of 2 settings.");
  frontier.points.push_back(point(4, -0.003, -0.002, -0.001));
  EXPECT_EQ(band_sentence(frontier),
            "The simultaneous 95 % band of adaptive against the zero router at equal time lies wholly below "
            "zero at "
            "1 of 3 settings (by up to 0.20 points, at 4.00 ms), and wholly above it at 1.");
  frontier.points.back() = point(4, -0.00003, -0.00002, -0.00001);
  EXPECT_EQ(by_how_much(read_band(frontier)), "by less than 0.01 points");
}

TEST(Sentences, OfSoundness) {
  Soundness soundness;
  EXPECT_EQ(soundness_sentence(soundness), "") << "not measured";
  soundness.inputs = 2;
  EXPECT_EQ(soundness_sentence(soundness),
            "Whether the distance to the training inputs predicts failure cannot be said: the choices were "
            "all right or all wrong.");
  soundness.auc = {0.65, {0.6, 0.7}};
  soundness.gain_without_farthest = 0.0123;
  const std::string figures =
      " (AUC 0.650 [0.600, 0.700]; 0.5 is chance); refusing the farthest 10 % changes the score of the "
      "others "
      "by +1.23 points.";
  const auto said = [&](DistanceReading reading) {
    soundness.reading = reading;
    return soundness_sentence(soundness);
  };
  const std::string distance = "The distance to the training inputs ";
  EXPECT_EQ(said(DistanceReading::kMisleads), distance + "misleads: the nearer fail more often" + figures);
  EXPECT_EQ(said(DistanceReading::kNothing), distance + "does not predict failure here" + figures);
  EXPECT_EQ(said(DistanceReading::kHardly), distance + "hardly predicts failure here" + figures);
  EXPECT_EQ(said(DistanceReading::kSomewhat), distance + "predicts failure somewhat" + figures);
  EXPECT_EQ(said(DistanceReading::kPredicts), distance + "predicts failure" + figures);
}

TEST(Sentences, OfWarnings) {
  Evaluation e;
  e.n_inputs = 4;
  e.labels_from = "large";
  e.machine = "here";
  e.policies = {{"mine", "adaptive"}};
  const MethodId mine{MethodKind::kPolicy, 0};
  const auto said = [&](const Warning& warning) {
    e.warnings = {warning};
    return evaluation_warnings(e).at(0);
  };
  EXPECT_EQ(said({.kind = WarningKind::kLabelsOfModel}),
            "labels are the answers of large, not the truth: where large is wrong, a method that is right "
            "counts as wrong");
  EXPECT_EQ(said({.kind = WarningKind::kFailedInputs, .inputs = 3}),
            "3 inputs on which some model failed are left out of every figure");
  EXPECT_EQ(said({.kind = WarningKind::kTraining, .text = "as it is"}), "as it is");
  EXPECT_EQ(said({.kind = WarningKind::kNotCombined, .inputs = 20}),
            "adaptive and cascade routing are left out: they need what every model said and 20 training "
            "inputs a fold");
  EXPECT_EQ(
      said({.kind = WarningKind::kTrainedOnSome, .method = mine, .inputs = 2}),
      "mine was trained on 2 of these 4 inputs, which favours it; judge it on others, or cross-validate");
  EXPECT_EQ(said({.kind = WarningKind::kCalibratedHere, .method = mine}),
            "mine was calibrated on these very inputs");
  EXPECT_EQ(said({.kind = WarningKind::kTrainedHere, .method = mine}),
            "mine was trained on these very inputs: its figures here say nothing about new ones; judge it on "
            "others, or cross-validate");
  EXPECT_EQ(said({.kind = WarningKind::kOtherCriterion, .method = mine, .criterion = Criterion::kTop5}),
            "mine was trained for top5, and is judged by top1");
  EXPECT_EQ(said({.kind = WarningKind::kOtherLabels, .method = mine}),
            "mine was trained with labels that came with the inputs, and is judged with labels from large: "
            "agreement, not accuracy");
  EXPECT_EQ(said({.kind = WarningKind::kOtherMachine, .method = mine, .text = "there"}),
            "mine was trained with times of 'there', and is judged with those of 'here'");
}

TEST(Sentences, OfTiming) {
  Evaluation e;
  e.times_note = "infer times of another";
  EXPECT_EQ(timing_sentence(e),
            "cheap: each model timed once on each input, after a run that warmed its caches; infer times of "
            "another");
  EXPECT_TRUE(timing_difference_sentences(e).starts_with("not measured; "));
  e.timing.mode = TimingMode::kExhaustive;
  EXPECT_EQ(timing_difference_sentences(e), "") << "it makes none";
  e.timing_difference.emplace();
  EXPECT_TRUE(timing_difference_sentences(e).starts_with("On 0 inputs, timed exhaustively"));
}

TEST(Sentences, OfACalibration) {
  Calibration calibration;
  calibration.max_loss = 0.01;
  calibration.delta = 0.05;
  calibration.versus = "large";
  calibration.inputs = 60;
  calibration.versus_ms = 4;
  calibration.steps = {{.setting = 1, .mean_loss = 0.004, .mean_ms = 2}};
  const std::string lost =
      "Not achievable with 60 inputs: a loss of at most 1.00 points against large with probability 0.95 or "
      "more. The best setting lost +0.40 points on them";
  EXPECT_EQ(calibration_verdict(calibration),
            lost +
                ", which is not below the bound: more inputs would not help, a larger bound or another zoo "
                "might.");
  calibration.inputs_needed = 900;
  EXPECT_EQ(calibration_verdict(calibration),
            lost + "; about 900 inputs would be needed, were these typical.");
  calibration.chosen = 0;
  EXPECT_EQ(calibration_verdict(calibration),
            "Certified on 60 inputs: a loss of at most 1.00 points against large with probability 0.95 or "
            "more. On them the loss was +0.40 points at 2.00 ms, 2.00x faster than 4.00 ms.");
}

TEST(MethodNames, AreTheSameInEveryForm) {
  Evaluation e;
  e.models = {"small"};
  e.premodels = {{"", {}}, {"premodel dt", {}}};
  e.premodels[1].options.kind = "dt";
  e.policies = {{"mine", "adaptive"}};
  const auto name = [&](MethodKind kind, int index = 0) { return method_name(e, {kind, index}); };
  EXPECT_EQ(name(MethodKind::kSingle), "small");
  EXPECT_EQ(name(MethodKind::kSbs), "SBS");
  EXPECT_EQ(name(MethodKind::kVbs), "VBS (oracle)");
  EXPECT_EQ(name(MethodKind::kRandom), "random");
  EXPECT_EQ(name(MethodKind::kBound), "perfect chain");
  EXPECT_EQ(name(MethodKind::kPremodel), "premodel");
  EXPECT_EQ(name(MethodKind::kPremodel, 1), "premodel dt");
  EXPECT_EQ(name(MethodKind::kShuffled), "shuffled features");
  EXPECT_EQ(name(MethodKind::kMajority), "majority class");
  EXPECT_EQ(name(MethodKind::kFirstModel), "always Model-1");
  EXPECT_EQ(name(MethodKind::kCascade), "cascade");
  EXPECT_EQ(name(MethodKind::kExactCascade, 2), "cascade of 2");
  EXPECT_EQ(name(MethodKind::kCascadeRouting), "cascade routing");
  EXPECT_EQ(name(MethodKind::kAdaptive), "adaptive");
  EXPECT_EQ(name(MethodKind::kPolicy), "mine");
  EXPECT_EQ(method_about(e, {MethodKind::kPremodel, 1}), "one chooser dt over image features");
  EXPECT_EQ(method_about(e, {MethodKind::kPolicy, 0}), "finished adaptive policy");
  EXPECT_TRUE(is_reserved_name("SBS"));
  EXPECT_FALSE(is_reserved_name("mine"));
}

}  // namespace
}  // namespace triage
