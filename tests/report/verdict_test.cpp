// The verdict's rules, one by one.
#include <gtest/gtest.h>

#include <algorithm>

#include "evaluate/recommendation.h"

namespace triage {
namespace {

Estimate between(double low, double high) { return {(low + high) / 2, {low, high}}; }

Method method(std::string name, MethodKind kind, double score, double ms) {
  Method m;
  m.name = std::move(name);
  m.kind = kind;
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
  e.methods = {method("small", MethodKind::kSingle, 0.7, 1), method("large", MethodKind::kSingle, 0.9, 4),
               method("SBS", MethodKind::kSbs, 0.9, 4), method("VBS (oracle)", MethodKind::kVbs, 0.95, 1.5),
               method("cascade", MethodKind::kCascade, 0.9, 2)};
  e.methods.back().score_gain = gain;
  e.methods.back().time_ratio = time;
  e.methods.back().above_router = router;
  write_verdict(e);
  return e;
}

TEST(Verdict, NoWorseAndFasterIsRecommended) {
  const Evaluation e = with_cascade(between(-0.004, 0.002), between(0.45, 0.55), between(0.01, 0.02));
  EXPECT_EQ(e.recommended, "cascade");
  EXPECT_EQ(
      e.verdict,
      "Use the cascade: 90.00 % top-1 at 2.00 ms, 2.00 times less time than large alone (90.00 % top-1 at "
      "4.00 ms). Its top-1 differs by -0.10 points [-0.40, +0.20].");
}

TEST(Verdict, BetterButSlowerIsRecommended) {
  EXPECT_EQ(with_cascade(between(0.001, 0.01), between(1.1, 1.2), between(0.001, 0.01)).recommended,
            "cascade");
}

TEST(Verdict, WorseScoreIsNot) {
  const Evaluation e = with_cascade(between(-0.006, 0.001), between(0.4, 0.5), between(0.01, 0.02));
  EXPECT_EQ(e.recommended, "SBS");
  EXPECT_EQ(e.verdict.rfind("Use large alone: 90.00 % top-1 at 4.00 ms.", 0), 0U) << e.verdict;
  ASSERT_FALSE(e.remarks.empty());
  EXPECT_NE(e.remarks.front().find("so few inputs do not tell whether it scores as much"), std::string::npos);
  const Evaluation surely = with_cascade(between(-0.006, -0.001), between(0.4, 0.5), between(0.01, 0.02));
  EXPECT_NE(surely.remarks.front().find("it scores less than the single best model"), std::string::npos);
}

TEST(Verdict, NotSurelyFasterIsNot) {
  EXPECT_EQ(with_cascade(between(-0.001, 0.001), between(0.9, 1.01), between(0.01, 0.02)).recommended, "SBS");
}

TEST(Verdict, UnderTheZeroRouterIsNot) {
  const Evaluation e = with_cascade(between(-0.001, 0.001), between(0.4, 0.5), between(-0.001, 0.02));
  EXPECT_EQ(e.recommended, "SBS");
  EXPECT_NE(e.remarks.front().find("zero router) does as well"), std::string::npos) << e.remarks.front();
}

TEST(Verdict, WithoutIntervalsTheFiguresDecide) {
  EXPECT_EQ(with_cascade({0.0, {}}, {0.5, {}}, {0.01, {}}).recommended, "cascade");
}

TEST(Verdict, WithLabelsFromAModelIsOfAgreement) {
  const auto judged = [](Criterion criterion) {
    return with_cascade(between(-0.004, 0.002), between(0.45, 0.55), between(0.01, 0.02), "large", criterion);
  };
  const Evaluation top1 = judged(Criterion::kTop1), top5 = judged(Criterion::kTop5);
  EXPECT_EQ(
      top1.verdict,
      "Use the cascade: 90.00 % agreement at 2.00 ms, 2.00 times less time than large alone (90.00 % "
      "agreement at 4.00 ms). Its agreement differs by -0.10 points [-0.40, +0.20]. Labels are the answers "
      "of large: scores are agreement with it, not accuracy, and its own is 100 % by construction.");
  EXPECT_NE(top5.verdict.find("90.00 % top-5 agreement at"), std::string::npos) << top5.verdict;
  const std::string bound =
      "Whatever the true labels are, the accuracy of the cascade on these inputs is within 10.00 points of "
      "large's: they differ on 10.00 % of them.";
  EXPECT_EQ(top1.remarks.front(), bound);
  EXPECT_NE(top5.remarks.front(), bound) << "of the best five nothing follows";
  EXPECT_EQ(top1.remarks.back(),
            "A selector that always took the cheapest model that agrees with large, free of cost, would take "
            "1.50 ms.");
}

TEST(Verdict, SaysWhetherThePremodelBeatsItsControls) {
  Evaluation e = with_cascade(between(0, 0), between(1, 1), between(0, 0));
  e.methods.push_back(method("shuffled features", MethodKind::kControl, 0.9, 2));
  e.contrasts = {{"premodel", "shuffled features", between(-0.001, 0.002), between(1, 1)}};
  e.remarks.clear();
  write_verdict(e);
  const auto said = [&](std::string_view text) {
    return std::any_of(e.remarks.begin(), e.remarks.end(),
                       [&](const std::string& r) { return r.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(said("The premodel does not beat its control 'shuffled features'"));
  e.contrasts[0].score_gain = between(0.001, 0.002);
  e.remarks.clear();
  write_verdict(e);
  EXPECT_TRUE(said("The premodel beats its control 'shuffled features'"));
}

TEST(Verdict, SaysWhetherStagesBeatTheirBaseRates) {
  Evaluation e = with_cascade(between(0, 0), between(1, 1), between(0, 0));
  e.stages = {{"KNN-1", 0.7, 0.8, 0.8, 100}, {"KNN-2", 0.95, 0.9, 0.1, 100}};
  e.remarks.clear();
  write_verdict(e);
  const auto said = [&](std::string_view text) {
    return std::any_of(e.remarks.begin(), e.remarks.end(),
                       [&](const std::string& r) { return r.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(said("1 of the premodel's 2 stages is right more often"));
  EXPECT_TRUE(said("70.0 (80.0), 95.0 (90.0)."));
}

}  // namespace
}  // namespace triage
