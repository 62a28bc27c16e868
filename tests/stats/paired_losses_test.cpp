// Which tests losses get: exact ones where they are signs, bets where they are shares.
#include "stats/paired_losses.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "stats/bounded_loss_test.h"
#include "stats/loss_evidence.h"
#include "support/expect_error.h"

namespace triage {
namespace {

PairedLosses of(LossKind kind, std::initializer_list<float> losses) {
  PairedLosses all(kind);
  for (const float loss : losses) all.add(loss);
  return all;
}

TEST(PairedLosses, SignsAreCounted) {
  PairedLosses losses(LossKind::kSigns);
  for (int i = 0; i < 300; ++i) losses.add(i < 6 ? 1.0F : i < 10 ? -1.0F : 0.0F);
  const LossCounts counts{300, 6, 4};
  EXPECT_EQ(losses.size(), 300U);
  EXPECT_TRUE(losses.values().empty());
  EXPECT_EQ(losses.mean(), counts.mean());
  EXPECT_EQ(loss_p_value(losses, 0.03, 0.05), loss_p_value(counts, 0.03, 0.05));
  EXPECT_EQ(is_loss_below(losses, 0.03, 0.05), is_loss_below(counts, 0.03, 0.05));
  EXPECT_EQ(mean_loss_interval(losses, 0.05).high, mean_loss_interval(counts, 0.05).high);
  EXPECT_EQ(pairs_needed(losses, 0.03, 0.05), pairs_needed(counts, 0.03, 0.05));
  EXPECT_EQ(log_loss_evidence(losses, 0.03), log_loss_evidence(counts, 0.03));
  EXPECT_EQ(anytime_loss_p_value(losses, 0.03), anytime_loss_p_value(counts, 0.03));
  EXPECT_EQ(anytime_pairs_needed(losses, 0.03, 0.05), anytime_pairs_needed(counts, 0.03, 0.05));
}

TEST(PairedLosses, SharesAreBetOn) {
  const PairedLosses losses = of(LossKind::kShares, {0.5F, -0.25F, 0, -0.75F});
  EXPECT_DOUBLE_EQ(losses.mean(), -0.125);
  EXPECT_EQ(losses.counts().worse, 1U);
  EXPECT_EQ(losses.counts().better, 2U);
  EXPECT_EQ(loss_p_value(losses, 0.3, 0.4), bounded_loss_p_value(losses.values(), 0.3, 0.4));
  EXPECT_EQ(is_loss_below(losses, 0.3, 0.4), is_bounded_loss_below(losses.values(), 0.3, 0.4));
  EXPECT_EQ(mean_loss_interval(losses, 0.4).low, bounded_loss_interval(losses.values(), 0.4).low);
  EXPECT_EQ(pairs_needed(losses, 0.3, 0.4), bounded_losses_needed(losses.values(), 0.3, 0.4));
  EXPECT_DOUBLE_EQ(losses.mirrored().mean(), 0.125);
  EXPECT_EQ(losses.mirrored().counts().worse, 2U);
}

// As signs, they are worth as much to bets of fixed fractions as the counts of them.
TEST(PairedLosses, EvidenceOfSharesIsThatOfCounts) {
  const PairedLosses losses = of(LossKind::kShares, {1, 0, 0, -1, -1, 0, 0, 0});
  EXPECT_NEAR(log_loss_evidence(losses, 0.1), log_loss_evidence(LossCounts{8, 1, 2}, 0.1), 1e-12);
  EXPECT_NEAR(anytime_loss_p_value(losses, 0.1), anytime_loss_p_value(LossCounts{8, 1, 2}, 0.1), 1e-12);
  EXPECT_EQ(anytime_pairs_needed(losses, 0.1, 0.05), anytime_pairs_needed(LossCounts{8, 1, 2}, 0.1, 0.05));
}

TEST(PairedLosses, AreLossesOfShares) {
  PairedLosses losses(LossKind::kShares);
  EXPECT_TRIAGE_ERROR(losses.add(1.5F), ErrorCode::kInternal);
  EXPECT_TRIAGE_ERROR(losses.add(std::numeric_limits<float>::quiet_NaN()), ErrorCode::kInternal);
}

}  // namespace
}  // namespace triage
