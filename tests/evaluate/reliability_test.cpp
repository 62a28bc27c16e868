// Reliability bins and calibration error.
#include "evaluate/reliability.h"

#include <gtest/gtest.h>

#include <cmath>

namespace triage {
namespace {

Table ids_alone(std::size_t n) {
  Table t;
  for (std::size_t i = 0; i < n; ++i) t.ids.push_back("in" + std::to_string(i));
  return t;
}

// Ten inputs make five bins of two.
TEST(Reliability, BinsHaveEqualNumbers) {
  const Table table = ids_alone(12);
  Replay replay = make_replay("mine", 12);
  for (std::size_t i = 0; i < 10; ++i) {
    replay.model[i] = 0;
    replay.confidence[i] = 0.1 * static_cast<double>(9 - i);  // falling: bins are by confidence, not by row
    replay.top1[i] = i < 6 ? 1 : 0;
  }
  replay.model[10] = 0;  // an answer without confidence; the last input is refused
  const Reliability r = measure_reliability(table, replay);
  EXPECT_EQ(r.inputs, 10U);
  ASSERT_EQ(r.bins.size(), 5U);
  const double confidence[] = {0.05, 0.25, 0.45, 0.65, 0.85}, right[] = {0, 0, 1, 1, 1};
  double ece = 0;
  for (std::size_t b = 0; b < 5; ++b) {
    EXPECT_EQ(r.bins[b].inputs, 2U);
    EXPECT_NEAR(r.bins[b].confidence, confidence[b], 1e-12);
    EXPECT_EQ(r.bins[b].right, right[b]);
    EXPECT_LT(r.bins[b].interval.low, r.bins[b].interval.high);
    ece += std::abs(confidence[b] - right[b]) / 5;
  }
  EXPECT_NEAR(r.ece, ece, 1e-12);
  EXPECT_NEAR(r.confidence, 0.45, 1e-12);
  EXPECT_NEAR(r.right, 0.6, 1e-12);
}

TEST(Reliability, NothingToMeasureIsEmpty) {
  const Reliability r = measure_reliability(ids_alone(3), make_replay("mine", 3));
  EXPECT_EQ(r.inputs, 0U);
  EXPECT_TRUE(r.bins.empty());
  EXPECT_TRUE(std::isnan(r.ece));
}

TEST(Reliability, NumberOfBinsFollowsTheInputs) {
  for (const auto& [n, bins] : {std::pair{3, 3}, {499, 5}, {1011, 10}, {5000, 20}}) {
    const auto size = static_cast<std::size_t>(n);
    Replay replay = make_replay("mine", size);
    replay.model.assign(size, 0);
    replay.confidence.assign(size, 0.5);
    EXPECT_EQ(measure_reliability(ids_alone(size), replay).bins.size(), static_cast<std::size_t>(bins)) << n;
  }
}

}  // namespace
}  // namespace triage
