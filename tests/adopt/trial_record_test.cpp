// What a recipe has shown: how its values are read, and when two are told apart.
#include "adopt/trial_record.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace triage {
namespace {

// Three outputs of two values each, for the labels 0, 1, 1.
TrialRecord record_of(const std::vector<std::vector<float>>& outputs, const ClassHead& head,
                      const ValueRange& range_before = {}) {
  ValueRange range = range_before;
  TrialRecord record(head.cuts.size());
  const Label labels[] = {0, 1, 1};
  for (std::size_t i = 0; i < outputs.size(); ++i) record.add(outputs[i], labels[i], head, range);
  record.settle(head, range);
  return record;
}

const ClassHead kTwo{0, 2, {{}}, false};
const ClassHead kOne{0, 1, {{}}, false};

OutputSpec reading_of(const std::vector<std::vector<float>>& outputs, const ClassHead& head) {
  ValueRange range;
  for (const auto& output : outputs) range.add(output);
  return range.reading(head, head.cuts[0]);
}

TEST(ValueRange, TellsHowValuesAreMeant) {
  EXPECT_EQ(reading_of({{0.25F, 0.75F}, {1, 0}}, kTwo).kind, OutputKind::kProbabilities);
  EXPECT_EQ(reading_of({{25, 75}, {100, 0}}, kTwo).scale, 0.01F);
  EXPECT_EQ(reading_of({{25, 75}, {100, 0}}, kTwo).kind, OutputKind::kProbabilities);
  EXPECT_EQ(reading_of({{25, 75}, {60, 0}}, kTwo).kind, OutputKind::kLogits) << "one sum is not 100";
  EXPECT_EQ(reading_of({{-1, 3}}, kTwo).kind, OutputKind::kLogits);
  EXPECT_EQ(reading_of({{0.5F}, {0.1F}}, kOne).kind, OutputKind::kSigmoid);
  EXPECT_EQ(reading_of({{50}, {0.1F}}, kOne).scale, 0.01F);
  EXPECT_EQ(reading_of({{50}, {-0.1F}}, kOne).kind, OutputKind::kSigmoidLogit);
  EXPECT_EQ(reading_of({{300}, {1}}, kOne).kind, OutputKind::kSigmoidLogit);
  EXPECT_EQ(reading_of({{128, 128}}, {0, 2, {{}}, true}).scale, 1.0F / 256);
}

TEST(TrialRecord, CountsAndSkipsWhatIsNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const TrialRecord record = record_of({{1, 0}, {nan, 1}, {0, inf}}, kTwo);
  EXPECT_EQ(record.n_images(), 3U);
  EXPECT_EQ(record.n_not_finite(), 2U);
  EXPECT_EQ(record.best().top1, 1U);
  EXPECT_EQ(record.best().right, (std::vector<char>{1, 0, 0}));
}

TEST(TrialRecord, MatchedLikelihoodsDoNotKnowContrast) {
  const std::vector<std::vector<float>> plain{{1, 0}, {0, 2}, {0.5F, 0.25F}},
      sharp{{50, 0}, {0, 100}, {25, 12.5F}};
  ValueRange range;
  range.add(std::vector<float>{-1, 5});  // logits
  const auto matched = [&](const auto& outputs) {
    return record_of(outputs, kTwo, range).matched(kTwo, range, 0.8);
  };
  const std::vector<float> a = matched(plain), b = matched(sharp);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(a[i], b[i], 1e-4);
  EXPECT_GT(a[1], a[0]);
  EXPECT_GT(a[0], a[2]);
}

TEST(TrialRecord, ValuesAtTheirLimitsStayFinite) {
  ValueRange range;
  range.add(std::vector<float>{0.5F});
  for (const float value : {0.0F, 1.0F}) {
    const TrialRecord record = record_of({{value}, {value}, {value}}, kOne, range);
    for (const float log : record.matched(kOne, range, 0.9)) EXPECT_TRUE(std::isfinite(log)) << value;
    for (const float log : record.best().log_likelihood) EXPECT_TRUE(std::isfinite(log)) << value;
  }
  ValueRange logits;
  logits.add(std::vector<float>{-1e30F, 1e30F});
  const TrialRecord record = record_of({{1e30F, -1e30F}, {0, 1e30F}, {5, 5}}, kTwo, logits);
  for (const float log : record.matched(kTwo, logits, 0.9)) EXPECT_TRUE(std::isfinite(log));
}

TEST(IsAsRight, IsASignTest) {
  CutRecord leader, other;
  leader.right.assign(10, 1);
  other.right = leader.right;
  for (int i = 0; i < 4; ++i) other.right[static_cast<std::size_t>(i)] = 0;
  EXPECT_TRUE(is_as_right(other, leader)) << "4 of 4: 1 in 16";
  other.right[4] = 0;
  EXPECT_FALSE(is_as_right(other, leader)) << "5 of 5: 1 in 32";
  EXPECT_TRUE(is_as_right(leader, other));
}

TEST(IsAsLikely, AsksForTwoStandardErrors) {
  const std::vector<float> a{-1, -1, -1, -1}, uneven{-2, 0, -2, 0.2F}, worse{-1.1F, -1.1F, -1.2F, -1.1F};
  EXPECT_TRUE(is_as_likely(a, a));
  EXPECT_TRUE(is_as_likely(uneven, a));
  EXPECT_FALSE(is_as_likely(worse, a));
  EXPECT_TRUE(is_as_likely(std::vector<float>{-3}, std::vector<float>{-1})) << "one image says nothing";
}

}  // namespace
}  // namespace triage
