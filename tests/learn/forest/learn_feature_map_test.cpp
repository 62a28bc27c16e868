// Bins, medians and indicators by hand.
#include "learn/forest/learn_feature_map.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr float kEndless = std::numeric_limits<float>::infinity();

TEST(LearnFeatureMap, PutsEdgesHalfwayBetweenValues) {
  const FeatureMap map = learn_feature_map(std::vector<float>{5, 1, 3, 1}, 1, 1);
  EXPECT_EQ(map.n_features, 1U);
  EXPECT_EQ(map.column, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(map.edges, (std::vector<float>{2, 4}));
  EXPECT_EQ(map.edges_begin, (std::vector<std::uint32_t>{0, 2}));
  EXPECT_EQ(map.missing_code,
            (std::vector<std::uint8_t>{0}));  // the median is 2, which is not above the edge
  EXPECT_TRUE(map.indicator.empty());
}

TEST(LearnFeatureMap, AnEdgeBetweenNeighboursIsTheLower) {
  const float low = 1, high = std::nextafter(1.0F, 2.0F);
  EXPECT_EQ(learn_feature_map(std::vector<float>{low, high}, 1, 1).edges, std::vector<float>{low});
  const float most = std::numeric_limits<float>::max();
  EXPECT_EQ(learn_feature_map(std::vector<float>{-most, most}, 1, 1).edges, std::vector<float>{0});
}

TEST(LearnFeatureMap, DropsWhatIsConstantOrNeverThere) {
  // Columns: constant; constant where there; never there; varying.
  const FeatureMap map =
      learn_feature_map(std::vector<float>{7, 2, kNone, 1, 7, kNone, kEndless, 2, 7, 2, -kEndless, 3}, 4, 1);
  EXPECT_EQ(map.column, (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(map.indicator, (std::vector<std::uint32_t>{1}));  // the second is dropped, but tells by its gaps
}

TEST(LearnFeatureMap, SharesIndicatorsOfColumnsThatMissTogether) {
  // Rows with gaps: the first two columns in row 1, the third in row 2, the fourth nowhere.
  const FeatureMap map =
      learn_feature_map(std::vector<float>{1, 2, 3, 4, kNone, kEndless, 6, 7, 5, 5, kNone, 8}, 4, 1);
  EXPECT_EQ(map.indicator, (std::vector<std::uint32_t>{0, 2}));
  EXPECT_EQ(encode_rows(map, std::vector<float>{1, kNone, 6, 4}, 1),
            (std::vector<std::uint8_t>{0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(encode_rows(map, std::vector<float>{kNone, 5, kNone, 8}, 1),
            (std::vector<std::uint8_t>{0, 1, 0, 2, 1, 1}));
}

TEST(LearnFeatureMap, GivesEachOf255ValuesItsBin) {
  std::vector<float> values;
  for (int i = 0; i < 255; ++i) values.push_back(static_cast<float>(i * i));
  const FeatureMap map = learn_feature_map(values, 1, 1);
  EXPECT_EQ(map.edges.size(), 254U);
  const auto codes = encode_rows(map, values, 1);
  for (std::size_t i = 0; i < 255; ++i) ASSERT_EQ(codes[i], i);
}

TEST(LearnFeatureMap, BinsManyValuesEvenly) {
  std::vector<float> values;
  Random random(1);
  for (int i = 0; i < 51000; ++i) values.push_back(static_cast<float>(random.uniform()));
  const FeatureMap map = learn_feature_map(values, 1, 1);
  check_feature_map(map, "map");
  EXPECT_EQ(map.edges.size(), kMaxBins - 1);
  std::vector<int> rows(kMaxBins);
  for (const std::uint8_t code : encode_rows(map, values, 1)) ++rows[code];
  for (const int n : rows) EXPECT_NEAR(n, 200, 5);
}

TEST(LearnFeatureMap, AFrequentValueLeavesTheOtherBinsToTheRest) {
  std::vector<float> values(5000, 0.0F);
  for (int i = 1; i <= 1000; ++i) values.push_back(static_cast<float>(i));
  const FeatureMap map = learn_feature_map(values, 1, 1);
  EXPECT_EQ(map.edges.size(), kMaxBins - 1);
  EXPECT_EQ(map.edges.front(), 0.5F);
}

TEST(LearnFeatureMap, ThreadsChangeNothing) {
  std::vector<float> values;
  Random random(2);
  for (int i = 0; i < 9000; ++i) values.push_back(i % 7 == 0 ? kNone : static_cast<float>(random.uniform()));
  const FeatureMap one = learn_feature_map(values, 9, 1), four = learn_feature_map(values, 9, 4);
  EXPECT_EQ(one.edges, four.edges);
  EXPECT_EQ(one.indicator, four.indicator);
  EXPECT_EQ(encode_rows(one, values, 1), encode_rows(four, values, 4));
}

TEST(LearnFeatureMap, RefusesMoreColumnsThanANodeCanName) {
  std::vector<float> values(2 * 66000);
  for (std::size_t i = 0; i < 66000; ++i) values[i] = 1;
  EXPECT_TRIAGE_ERROR(learn_feature_map(values, 66000, 1), ErrorCode::kUsage,
                      "features: 66000 columns that vary", "expected at most 65535; leave some out");
}

}  // namespace
}  // namespace triage
