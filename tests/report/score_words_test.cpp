// How shares and costs read, by hand.
#include "triage/tools/score_words.h"

#include <gtest/gtest.h>

#include <cmath>

#include "report/phrases.h"
#include "report/svg.h"

namespace triage {
namespace {

const Terms kSeconds{
    .score = "PAR10", .worst = 21000, .best = 0, .score_unit = "s", .cost_unit = "s", .cutoff = 2100};
const Terms kDollars{.score = "quality", .worst = 0, .best = 1, .score_unit = "", .cost_unit = "usd"};

TEST(ScoreWords, OfImagesSayPercentPointsAndMilliseconds) {
  const ScoreWords words({}, Criterion::kTop1, "");
  EXPECT_FALSE(words.is_named());
  EXPECT_EQ(words.name(), "top-1");
  EXPECT_EQ(words.head(), "top-1 %");
  EXPECT_EQ(words.head_of("SBS"), "SBS %");
  EXPECT_EQ(words.score(0.92914), "92.91");
  EXPECT_EQ(words.score_with_unit(0.9), "90.00 % top-1");
  EXPECT_EQ(words.gain_phrase({0.0012, {-0.001, 0.0031}}), "+0.12 points [-0.10, +0.31]");
  EXPECT_EQ(words.gain_head("SBS"), "score - SBS, points");
  EXPECT_EQ(words.amount(0.01), "1.00 points");
  EXPECT_EQ(words.loss(0.0052), "+0.52 points");
  EXPECT_EQ(words.gain_with_error(0.0065, 0.0046), "+0.65 points (standard error 0.46)");
  EXPECT_EQ(words.cost_phrase(0.02138), "0.0214 ms");
  EXPECT_EQ(words.cost(1234.5), "1234");
  EXPECT_EQ(words.cost_noun() + words.faster() + words.slower(), "timefasterslower");
  EXPECT_EQ(words.figures(0.9, 2), "90.00 % top-1 at 2.00 ms");
  EXPECT_EQ(ScoreWords({}, Criterion::kTop5, "large").name(), "top-5 agreement");
}

// 21,000 s is the share 0, and 0 s is 1: a better score is a smaller number.
TEST(ScoreWords, OfRunTimesHaveTheSignOfWhatIsShown) {
  const ScoreWords words(kSeconds);
  EXPECT_TRUE(words.less_is_better());
  EXPECT_EQ(words.head(), "PAR10 s");
  EXPECT_EQ(words.head_of("SBS"), "SBS PAR10 s");
  EXPECT_EQ(words.score(0.767), "4,893");
  EXPECT_EQ(words.score_with_unit(0.767), "4,893 s PAR10");
  EXPECT_EQ(words.score_range({0.7, 0.8}, 1), "[4,200, 6,300]");
  EXPECT_EQ(words.spread(0.05, 2), "1,050");
  const Estimate better{0.077, {0.0622, 0.0964}}, worse{-0.01, {-0.02, 0.005}};
  EXPECT_EQ(words.gain(better.value), "-1,617");
  EXPECT_EQ(words.gain_phrase(better), "-1,617 s PAR10 [-2,024, -1,306]");
  EXPECT_EQ(words.advantage(better), "better by 1,617 s PAR10 [1,306, 2,024]");
  EXPECT_EQ(words.gain_phrase(worse), "+210 s PAR10 [-105, +420]");
  EXPECT_EQ(words.advantage(worse), "worse by 210 s PAR10 [-105, 420]");
  EXPECT_EQ(words.loss(0.01), "210 s PAR10");
  EXPECT_EQ(words.gain_head("SBS"), "PAR10 - SBS, s");
  EXPECT_EQ(words.gain_with_error(0.01, 0.002), "-210 s PAR10 (standard error 42.0)");
  EXPECT_EQ(words.gain(0), "0");
  EXPECT_EQ(words.cost_noun(), "run time");
  EXPECT_EQ(words.figures(0.767, 535.2), "4,893 s PAR10 at a mean run time of 535 s");
  EXPECT_TRUE(words.counts_successes());
}

TEST(ScoreWords, OfOtherCostsSayCheaperAndDearer) {
  const ScoreWords words(kDollars);
  EXPECT_EQ(words.head(), "quality");
  EXPECT_EQ(words.score_with_unit(0.8123), "0.8123 quality");
  EXPECT_EQ(words.gain_phrase({0.0312, {}}), "+0.0312 quality");
  EXPECT_EQ(words.gain_head("router"), "quality - router");
  EXPECT_EQ(words.cost_phrase(0.00031), "0.000310 usd");
  EXPECT_EQ(words.cost_figure(0.00031), "0.0003100");
  EXPECT_EQ(words.cost_tick(0.00002), "0.00002");
  EXPECT_EQ(words.cost_noun() + " " + words.faster() + " " + words.slower(), "cost cheaper dearer");
  EXPECT_TRUE(words.is_share());
  EXPECT_FALSE(words.counts_successes());
}

TEST(ScoreWords, ErrorsInPercentCountPointsDownwards) {
  const ScoreWords words({.score = "error", .worst = 100, .best = 0});
  EXPECT_EQ(words.score(0.9), "10.00");
  EXPECT_EQ(words.gain_phrase({0.012, {}}), "-1.20 points error");
  EXPECT_FALSE(words.is_share());
}

TEST(ScoreWords, KnowWhatIsSaved) {
  const ScoreWords words(kDollars), images;
  EXPECT_EQ(words.saved(kTimeCost) + ", " + words.unit_of(kTimeCost) + ", " + words.per_unit(kTimeCost),
            "cost, usd, a usd");
  EXPECT_EQ(words.saved(kEnergyCost) + ", " + words.per_unit(kEnergyCost), "energy, a J");
  EXPECT_EQ(images.saved(kTimeCost) + ", " + images.per_unit(kTimeCost), "time, a ms");
  EXPECT_EQ(images.per_unit({1, 40}), "per (ms + 40 j)");
}

TEST(ScoreWords, SayNothingOfWhatWasNotMeasured) {
  for (const Terms& terms : {Terms{}, kSeconds, kDollars}) {
    const ScoreWords words(terms);
    EXPECT_EQ(words.score(kNotMeasured), "-");
    EXPECT_EQ(words.gain(kNotMeasured), "-");
    EXPECT_EQ(words.gain_range({}), "-");
    EXPECT_EQ(words.score_range({}, 1), "-");
    EXPECT_EQ(words.cost(kNotMeasured), "-");
  }
}

TEST(Phrases, PartThousands) {
  EXPECT_EQ(parted("12345.678"), "12,345.678");
  EXPECT_EQ(parted("-1234567"), "-1,234,567");
  EXPECT_EQ(parted("-123"), "-123");
  EXPECT_EQ(parted("-"), "-");
  EXPECT_EQ(significant_figure(1234567.8, 4), "1,234,568");
}

// Round numbers of the table's, at the shares where they lie.
TEST(WordedTicks, AreRoundInTheTablesWords) {
  const auto scores = score_ticks(ScoreWords(kSeconds), 0.4, 0.9, 4, 0);
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[0].text, "5,000");
  EXPECT_NEAR(scores[0].at, 16.0 / 21, 1e-12);
  EXPECT_EQ(scores[1].text, "10,000");
  const auto gains = gain_ticks(ScoreWords(kSeconds), -0.05, 0.1, 4, 0);
  ASSERT_EQ(gains.size(), 4U);
  EXPECT_EQ(gains[0].text, "-2,000");
  EXPECT_NEAR(gains[0].at, 2.0 / 21, 1e-12);
  EXPECT_EQ(gains[2].text, "0");
  EXPECT_EQ(gains[3].text, "+1,000");
  const auto percents = score_ticks(ScoreWords(), 0.9, 0.925, 3, 1);
  ASSERT_EQ(percents.size(), 3U);
  EXPECT_EQ(percents[1].text, "91.0");
}

}  // namespace
}  // namespace triage
