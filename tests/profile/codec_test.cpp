#include "profile/codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "profile/profile_fixture.h"

namespace triage {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(TopBlob, IsAsTheFormatSays) {
  std::vector<float> probabilities(300, 0.0F);
  probabilities[0x102] = 0.5F;
  Bytes bytes;
  encode_top(TopK::from_probabilities(probabilities), bytes);
  ASSERT_EQ(bytes.size(), 16U * 6U);
  EXPECT_EQ(Bytes(bytes.begin(), bytes.begin() + 12), (Bytes{0x02, 0x01, 0, 0, 0, 0x3F, 0, 0, 0, 0, 0, 0}));
}

TEST(TopBlob, ComesBackTheSame) {
  for (const std::size_t n : {1U, 2U, 10U, 16U, 17U, 1000U, 65536U}) {
    Random random(n);
    std::vector<float> probabilities(n);
    for (float& p : probabilities) p = static_cast<float>(random.uniform());
    const TopK top = TopK::from_probabilities(probabilities);
    Bytes bytes;
    encode_top(top, bytes);
    const auto back = decode_top(bytes, static_cast<double>(top.residual()), static_cast<std::int32_t>(n));
    ASSERT_TRUE(back) << n;
    EXPECT_TRUE(testing::same_output(top, *back)) << n;
  }
}

TEST(TopBlob, RejectsWhatIsNoList) {
  const TopK top = TopK::from_probabilities(std::vector<float>{0.2F, 0.5F, 0.3F});
  Bytes good;
  encode_top(top, good);
  EXPECT_TRUE(decode_top(good, 0.0, 3));
  EXPECT_FALSE(decode_top({good.data(), good.size() - 1}, 0.0, 3));
  EXPECT_FALSE(decode_top({}, 0.0, 3));
  EXPECT_FALSE(decode_top(good, 0.0, 2));  // other number of classes
  EXPECT_FALSE(decode_top(good, -0.1, 3));
  EXPECT_FALSE(decode_top(good, 3.1, 3));
  EXPECT_FALSE(decode_top(good, std::nan(""), 3));
  Bytes bad = good;
  bad[0] = 3;  // class 3 of 3
  EXPECT_FALSE(decode_top(bad, 0.0, 3));
  bad = good;
  std::swap_ranges(bad.begin(), bad.begin() + 6, bad.begin() + 6);  // not the best first
  EXPECT_FALSE(decode_top(bad, 0.0, 3));
  bad = good;
  bad[5] = 0x7F, bad[4] = 0xC0;  // NaN
  EXPECT_FALSE(decode_top(bad, 0.0, 3));
  bad = good;
  bad[5] = 0x40;  // above 1
  EXPECT_FALSE(decode_top(bad, 0.0, 3));
}

TEST(FloatBlob, ComesBackTheSame) {
  const std::vector<float> values = {0.0F, -1.5F, 3e38F, 1e-40F};
  Bytes bytes;
  encode_floats(values, bytes);
  EXPECT_EQ(Bytes(bytes.begin() + 4, bytes.begin() + 8), (Bytes{0, 0, 0xC0, 0xBF}));
  std::vector<float> back(4);
  EXPECT_TRUE(decode_floats(bytes, back));
  EXPECT_EQ(back, values);
}

TEST(FloatBlob, RejectsWrongSizesAndWhatIsNotFinite) {
  std::vector<float> back(2);
  EXPECT_FALSE(decode_floats(Bytes(7), back));
  EXPECT_FALSE(decode_floats(Bytes(12), back));
  Bytes bytes;
  encode_floats(std::vector<float>{1.0F, std::numeric_limits<float>::infinity()}, bytes);
  EXPECT_FALSE(decode_floats(bytes, back));
}

}  // namespace
}  // namespace triage
