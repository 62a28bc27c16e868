// Values to codes, by hand; and every way in which the arrays may not fit together.
#include "policy/feature_map.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "support/expect_error.h"

namespace triage {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

// Of 3 features: the first and the last vary, the first was missing in training.
FeatureMap small_map() { return {3, {0, 2}, {0, 2, 3}, {1.5F, 2.5F, 10}, {1, 0}, {0}}; }

TEST(FeatureMap, ACodeCountsTheEdgesBelow) {
  const std::vector<float> edges{1, 2, 3};
  EXPECT_EQ(bin_code(edges, -5), 0);
  EXPECT_EQ(bin_code(edges, 1), 0);
  EXPECT_EQ(bin_code(edges, 1.01F), 1);
  EXPECT_EQ(bin_code(edges, 2), 1);
  EXPECT_EQ(bin_code(edges, 3), 2);
  EXPECT_EQ(bin_code(edges, 3.5F), 3);
  EXPECT_EQ(bin_code({}, 3.5F), 0);
}

TEST(FeatureMap, ACodeComparesAsItsValueDoes) {
  for (std::size_t n = 1; n < kMaxBins; ++n) {
    std::vector<float> edges;
    for (std::size_t i = 0; i < n; ++i) edges.push_back(static_cast<float>(i));
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(bin_code(edges, edges[i]), i);
      ASSERT_EQ(bin_code(edges, edges[i] + 0.5F), i + 1);
    }
  }
}

TEST(FeatureMap, MissingIsTheMedianAndAnIndicator) {
  std::vector<std::uint8_t> codes(3);
  encode_features(small_map(), std::array{1.0F, 7.0F, 11.0F}, codes.data());
  EXPECT_EQ(codes, (std::vector<std::uint8_t>{0, 1, 0}));
  std::vector<std::uint8_t> apart(9, 7);
  encode_features(small_map(), std::array{1.0F, 7.0F, 11.0F}, apart.data(), 4);
  EXPECT_EQ(apart, (std::vector<std::uint8_t>{0, 7, 7, 7, 1, 7, 7, 7, 0}));
  for (const float missing : {kNan, kInf, -kInf}) {
    encode_features(small_map(), std::array{missing, missing, missing}, codes.data());
    EXPECT_EQ(codes, (std::vector<std::uint8_t>{1, 0, 1}));
  }
}

TEST(FeatureMap, IsRefusedUnlessItsArraysFit) {
  check_feature_map(small_map(), "map");
  check_feature_map({2, {}, {0}, {}, {}, {}}, "map");
  const auto expect_refused = [](const std::function<void(FeatureMap&)>& spoil, const char* message) {
    FeatureMap map = small_map();
    spoil(map);
    EXPECT_TRIAGE_ERROR(check_feature_map(map, "map"), ErrorCode::kPolicy, message);
  };
  expect_refused([](FeatureMap& map) { map.column[1] = 3; }, "map.column: 3, expected positions of 3");
  expect_refused([](FeatureMap& map) { map.indicator[0] = 4; }, "map.indicator: 4, expected");
  expect_refused([](FeatureMap& map) { map.edges_begin.pop_back(); }, "map: 2 beginnings");
  expect_refused([](FeatureMap& map) { map.missing_code.push_back(0); }, "3 codes, expected 3 and 2");
  expect_refused([](FeatureMap& map) { map.edges_begin[2] = 2; }, "map.edges_begin: 0 to 2, expected");
  expect_refused([](FeatureMap& map) { map.edges_begin[0] = 1; }, "map.edges_begin: 1 to 3, expected");
  expect_refused([](FeatureMap& map) { map.edges_begin[1] = 4; }, "map.edges_begin");
  expect_refused([](FeatureMap& map) { map.edges_begin[1] = 3; }, "map.edges: 0 for a column");
  expect_refused([](FeatureMap& map) { map.edges[1] = 1.5F; }, "map.edges: 1.5, expected finite numbers");
  expect_refused([](FeatureMap& map) { map.edges[2] = kNan; }, "map.edges: nan, expected finite numbers");
  expect_refused([](FeatureMap& map) { map.missing_code[0] = 3; }, "map.missing_code: 3, expected");
  expect_refused([](FeatureMap& map) { map.indicator.assign(kMaxCodeColumns, 0); }, "map: 65537 columns");
  FeatureMap many{1, {0}, {0, kMaxBins}, std::vector<float>(kMaxBins), {0}, {}};
  EXPECT_TRIAGE_ERROR(check_feature_map(many, "map"), ErrorCode::kPolicy, "map.edges: 255 for a column");
}

}  // namespace
}  // namespace triage
